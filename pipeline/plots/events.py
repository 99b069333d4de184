"""Figures of event images: some events, the mean image, and what the truth jets are."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import mplhep
import numpy as np
import numpy.typing as npt
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

from data_prep.events.batch import QUARK_GLUON, TOP, TOWER_CLASSES
from data_prep.events.settings import EventDescription
from data_prep.events.summary import PT_EDGES, EventSummary
from data_prep.store.event_images import EventDataset
from pipeline.plots.event_display import CLASS_COLOURS, draw_towers, event_display, first_of_each_kind
from pipeline.plots.style import save, style


def draw_events(summary: EventSummary, dataset: EventDataset, folder: Path, suffix: str = ".svg") -> list[Path]:
    """Draw all figures of the stage; events are the first of each kind of the split with most events.

    Args:
        summary: the sums over the dataset.
        dataset: the dataset.
        folder: where the files go; it is made.
        suffix: `.svg`, or `.png` to look at.

    Returns:
        the files written.
    """
    folder.mkdir(exist_ok=True)
    figures = {
        "mean_image": mean_images(summary, dataset.metadata),
        "jets": jet_spectra(summary),
    }
    largest = max(dataset.splits.values(), key=lambda split: split.rows)
    for number, (_, event) in enumerate(first_of_each_kind(largest.batches(64))):
        figures[f"event_{number}"] = event_display(event, dataset.metadata.grid)
    paths = []
    for name, figure in figures.items():
        paths.append(folder / f"{name}{suffix}")
        save(figure, paths[-1])
    return paths


def mean_images(summary: EventSummary, description: EventDescription) -> Figure:
    """The mean image of each channel, one logarithmic colour scale for all."""
    with style():
        figure = Figure(figsize=(4.3 * len(description.channels) + 1.2, 4.2), layout="constrained")
        panels = figure.subplots(1, len(description.channels), sharex=True, sharey=True, squeeze=False)[0]
        brightest = max(float(summary.mean_image.max()), 1e-6)
        norm = LogNorm(brightest * 1e-3, brightest)
        for index, (panel, name) in enumerate(zip(panels, description.channels, strict=True)):
            values = summary.mean_image[..., index]
            values = np.where(values > 0, values, np.nan)
            drawn = draw_towers(panel, name, values, description.grid, norm=norm, cmap="viridis")
        figure.supxlabel(r"$\varphi$", fontsize="medium")
        figure.supylabel(r"$\eta$", fontsize="medium")
        figure.colorbar(drawn, ax=list(panels), label="mean pixel (GeV)", shrink=0.8)
        return figure


def jet_spectra(summary: EventSummary) -> Figure:
    """The pT of the truth jets, by kind."""
    with style():
        figure = Figure(layout="constrained")
        axes = figure.subplots()
        _spectra(axes, summary.jet_pt[QUARK_GLUON : TOP + 1], TOWER_CLASSES[QUARK_GLUON:])
        axes.set_xlabel(r"$p_T$ of the truth jet (GeV)")
        axes.set_ylabel(f"jets / {PT_EDGES[1] - PT_EDGES[0]:g} GeV")
        axes.legend()
        return figure


def _spectra(axes: Any, counts: npt.NDArray[np.float64], names: Sequence[str]) -> None:
    for row, name, colour in zip(counts, names, CLASS_COLOURS[QUARK_GLUON : TOP + 1], strict=True):
        label = f"{name}: {int(row.sum()):,}"
        mplhep.histplot(row, PT_EDGES, ax=axes, color=colour, yerr=False, flow="none", label=label)
