"""The firmware bundle: its files, with the hash of the archive."""

from __future__ import annotations

from typing import Any

from hls_projects.export.manifest import BundleManifest
from pipeline.artefacts.hashes import content_hash
from pipeline.report.run_folder import NotMadeError, RunFolder, reading
from pipeline.report.section import Section
from pipeline.report.verdict import judge


def values(run: RunFolder) -> dict[str, Any]:
    """The bundle, and whether it contains the design as it is proven now."""
    folder = run.require("70_export")
    with reading("70_export"):
        archive = next(iter(sorted(folder.glob("*.tar.gz"))), None)
        if archive is None:
            raise NotMadeError("70_export contains no bundle", remedy="make it again with `make export`")
        manifest = BundleManifest.load(folder / archive.name.removesuffix(".tar.gz"))
        recorded = run.manifests["70_export"].outputs[archive.name]
    proof = run.path / "60_csim.json"
    current = judge(run).proven and content_hash(proof) == manifest.provenance.sources.get(proof.name)
    return {
        "manifest": manifest,
        "archive": archive.name,
        "size": archive.stat().st_size,
        "sha256": recorded,
        "current": current,
    }


SECTION = Section(220, "Bundle", "Firmware bundle", values)
