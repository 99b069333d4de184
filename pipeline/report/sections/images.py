"""The jet images: mean image, occupancy, and the effect of pixels on the jet mass."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from data_prep.images.summary import Summary
from data_prep.store.jet_images import open_dataset
from pipeline.report import svg
from pipeline.report.grid_words import step_words
from pipeline.report.run_folder import RunFolder, reading
from pipeline.report.section import Section

LABELS = {
    "mean_image": "Mean jet image of each class, channel by channel, in the η–φ plane",
    "occupancy": "Number of lit pixels in a jet image, by class",
    "mass": "Jet mass from the constituents beside the jet mass from the image, by class",
}


def values(run: RunFolder) -> dict[str, Any]:
    """Figures of the images, and a few numbers by class."""
    folder = run.require("20_images")
    with reading("20_images/summary.npz"):
        description = open_dataset(folder).metadata
        summary = Summary.load(folder / "summary.npz")
        values = int(description.grid.mask().sum()) * len(description.channels)
        rows = [_row(summary, index, name, values) for index, name in enumerate(description.classes)]
    figures = {}
    for name, label in LABELS.items():
        with reading(f"20_images/plots/{name}.svg"):
            text = (folder / "plots" / f"{name}.svg").read_text(encoding="utf-8")
        figures[name] = svg.inline(text, name, label)
    steps = [step_words(step.model_dump(mode="json", exclude_none=True)) for step in description.steps]
    return {"figures": figures, "rows": rows, "description": description, "steps": steps}


def _row(summary: Summary, index: int, name: str, values: int) -> dict[str, Any]:
    lit = summary.occupancy[index]
    mean = float(lit @ np.arange(lit.size) / max(lit.sum(), 1e-300))
    masses = (summary.mass_constituents[index], summary.mass_image[index])
    medians = [_median(counts, summary.mass_edges) for counts in masses]
    return {"name": name, "lit": mean, "share": 100 * mean / values, "masses": medians}


def _median(counts: npt.NDArray[np.float64], edges: npt.NDArray[np.float64]) -> float | None:
    """The median of a histogram, linear within its bin."""
    total = np.append(0.0, np.cumsum(counts))
    return float(np.interp(total[-1] / 2, total, edges)) if total[-1] > 0 else None


SECTION = Section(30, "Images", "Jet images", values, tasks=frozenset({"classification", "regression"}))
