"""`MODEL_CARD.md`: the manifest of a bundle in words, for whoever decides whether it goes into a trigger."""

from __future__ import annotations

from pathlib import Path

from hls_projects.export.manifest import BundleManifest
from hls_projects.export.render import rendered

CARD = "MODEL_CARD.md"


def write_card(manifest: BundleManifest, root: Path) -> None:
    """Write the card; it says nothing that the manifest does not."""
    quality = manifest.provenance.quality
    measures = list(dict.fromkeys(each.measure for each in quality))
    table: dict[str, dict[str, float | None]] = {each.network: dict.fromkeys(measures) for each in quality}
    for each in quality:
        table[each.network][each.measure] = each.value
    values = {"bundle": manifest, "data": manifest.provenance.training, "measures": measures, "quality": table}
    (root / CARD).write_text(rendered("MODEL_CARD.md.j2", values | {"best": _best(manifest)}), encoding="utf-8")


def _best(manifest: BundleManifest) -> dict[str, object]:
    """The numbers of each form of the design by the tool that went furthest."""
    return {each.design: each for each in manifest.hardware}
