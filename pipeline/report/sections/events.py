"""The event images: mean image, truth of the towers, truth jets, pileup."""

from __future__ import annotations

from typing import Any

import numpy as np

from data_prep.events.batch import TRUTH_CLASSES
from data_prep.events.summary import EventSummary
from data_prep.store.event_images import open_event_dataset
from pipeline.report import svg
from pipeline.report.run_folder import RunFolder, reading
from pipeline.report.section import Section

LABELS = {
    "mean_image": "Mean image of each channel of the towers in the η–φ plane",
    "jets": "Number of truth jets against their transverse momentum, by kind",
}
TASKS = frozenset({"segmentation", "detection"})


def values(run: RunFolder) -> dict[str, Any]:
    """Figures of the events, and towers and energy by true class."""
    folder = run.require("20_images")
    with reading("20_images/summary.npz"):
        description = open_event_dataset(folder).metadata
        summary = EventSummary.load(folder / "summary.npz")
    figures = {}
    for name, label in LABELS.items():
        with reading(f"20_images/plots/{name}.svg"):
            text = (folder / "plots" / f"{name}.svg").read_text(encoding="utf-8")
        figures[name] = svg.inline(text, f"events-{name}", label)
    events = max(float(summary.events), 1.0)
    all_towers = max(float(summary.towers.sum()), 1.0)
    parts = zip(TRUTH_CLASSES, summary.towers, summary.energy, strict=True)
    pixels, small, outside = (float(part) for part in summary.account / max(summary.account.sum(), 1e-300))
    return {
        "figures": figures,
        "description": description,
        "events": events,
        "rows": [
            {
                "name": name,
                "towers": towers / events,
                "share": towers / all_towers,
                "energy": energy / events,
            }
            for name, towers, energy in parts
        ],
        "jets": float(summary.jets @ np.arange(summary.jets.size) / events),
        "without_jets": float(summary.jets[0] / events),
        "pileup": float(summary.pileup @ np.arange(summary.pileup.size) / events),
        "account": {"pixels": pixels, "small": small, "outside": outside},
    }


SECTION = Section(50, "Images", "Event images", values, tasks=TASKS)
