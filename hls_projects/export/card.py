"""`MODEL_CARD.md`: the manifest of a bundle in words, for whoever decides whether it goes into a trigger."""

from __future__ import annotations

from pathlib import Path

from data_prep.digits import with_error
from data_prep.images.differences import keys_of
from hls_projects.export.manifest import BundleManifest
from hls_projects.export.render import rendered
from hls_projects.vendor.devices import device_of

CARD = "MODEL_CARD.md"
TITLES = {
    "60_csim.json": "HLS project",
    "65_rtl.json": "RTL",
    "cmssw.json": "CMSSW emulator",
    "emp.json": "EMP payload",
}
"""Titles of the proofs, by the file in `proof/`."""


def write_card(manifest: BundleManifest, root: Path) -> None:
    """Write the card; all of it follows from the manifest."""
    (root / CARD).write_text(card_text(manifest, root), encoding="utf-8")


def card_text(manifest: BundleManifest, root: Path) -> str:
    """The card of a bundle in this folder."""
    quality = manifest.provenance.quality
    measures = list(dict.fromkeys(measurement.measure for measurement in quality))
    table: dict[str, dict[str, str]] = {measurement.network: dict.fromkeys(measures, "–") for measurement in quality}
    for measurement in quality:
        table[measurement.network][measurement.measure] = str(with_error(measurement.value, measurement.error))
    values = {
        "bundle": manifest,
        "data": manifest.provenance.training,
        "meaning": manifest.meaning,
        "keys": {} if manifest.meaning is None else keys_of(manifest.meaning.images),
        "measures": measures,
        "with_errors": any(measurement.error is not None for measurement in quality),
        "quality": table,
        # The tool that went furthest is the last one.
        "best": {numbers.design: numbers for numbers in manifest.hardware},
        "device": device_of(manifest.hls.part),
        "unproven": [
            TITLES[f"{part}.json"]
            for part in ("cmssw", "emp")
            if (root / part).is_dir() and f"{part}.json" not in manifest.proofs
        ],
        "proofs": {TITLES.get(file, file): proof for file, proof in manifest.proofs.items()},
    }
    return rendered("MODEL_CARD.md.j2", values)
