"""Writing a bundle: all targets, then the checks of these files, card and manifest, then the archive."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from data_prep.registry import Registry
from hls_projects.before_ports import BeforePorts
from hls_projects.export import licences
from hls_projects.export.archive import pack
from hls_projects.export.card import write_card
from hls_projects.export.design import Design, packing, require_proven, require_proven_rtl
from hls_projects.export.file_hashes import hash_files
from hls_projects.export.manifest import BundleManifest, BundlePort, Provenance, summarise_proofs
from hls_projects.export.target import Target, Writer
from hls_projects.export.targets.vectors import FOLDER, file_name
from hls_projects.network.port import Port
from hls_projects.vendor.numbers import VendorNumbers, all_numbers
from models.files.meaning import MEANING, Meaning

TARGETS = sorted(Registry("hls_projects.export.targets", "TARGET", Target).values(), key=lambda target: target.place)
"""The targets in the order in which they are written."""

CHECKS = [target.check for target in TARGETS if target.check]
"""Their checks: what is proven of the written files."""


def write_bundle(
    design: Design,
    provenance: Provenance,
    out: Path,
    checks: Sequence[Writer] | None = None,
    vendor: VendorNumbers | None = None,
) -> BundleManifest:
    """Write `<name>/` and `<name>.tar.gz` below `out`; the same design gives the same bytes.

    Args:
        design: the proven design.
        provenance: configuration, sources, versions, metrics.
        out: an existing folder.
        checks: of the written files; those of all targets if none.
        vendor: the numbers of the vendor's tools, where these were run.

    Raises:
        PipelineError: when the design is not proven, or a check does not hold.
    """
    require_proven(design.proof, design.project, design.proof_file)
    if design.rtl is not None:
        require_proven_rtl(design.rtl, design.project)
    root = out / design.project.name
    root.mkdir()
    for write in (*(target.write for target in TARGETS), *(CHECKS if checks is None else checks)):
        write(design, root)
    licences.write(root)
    rtl = None if design.rtl is None else design.rtl.proof
    meaning = Meaning.load(root / MEANING)
    manifest = BundleManifest(
        name=design.project.name,
        hls=design.project.settings,
        inputs=_ports(design, "input", design.graph.inputs),
        outputs=_ports(design, "output", design.graph.outputs),
        meaning=meaning,
        before_ports=BeforePorts.of(
            None if meaning is None else meaning.images, builder_inside=design.project.builder is not None
        ),
        emp=None if design.rtl is None else design.emp,
        proofs=summarise_proofs(root),
        hardware=tuple(all_numbers(rtl, vendor)),
        vectors=design.vectors.blocks,
        provenance=provenance,
        licences=licences.notes(root),
        files={},
    )
    write_card(manifest, root)
    manifest = manifest.model_copy(update={"files": hash_files(root)})
    manifest.save(root)
    pack(root, out / f"{design.project.name}.tar.gz")
    return manifest


def _ports(design: Design, direction: str, ports: tuple[Port, ...]) -> tuple[BundlePort, ...]:
    return tuple(
        BundlePort(
            name=port.name,
            shape=port.shape,
            type=port.type,
            packing=packing(design.project, port, is_input=direction == "input"),
            vectors=f"{FOLDER}/{file_name(direction, i)}",
            left_out=port.left_out,
        )
        for i, port in enumerate(ports)
    )
