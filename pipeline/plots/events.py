"""Figures of event images: an event as people look at it, the mean image, and what the truth jets are."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import mplhep
import numpy as np
import numpy.typing as npt
from matplotlib.colors import ListedColormap, LogNorm
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle

from data_prep.event_batch import QUARK_GLUON, TOWER_CLASSES, EventBatch
from data_prep.event_dataset import EventDataset
from data_prep.event_settings import EventDescription
from data_prep.event_summary import PT_EDGES, EventSummary
from data_prep.event_towers import EventGrid
from pipeline.plots.style import COLOURS, save, style

CLASS_COLOURS = ("#ffffff", "#d9d9d9", COLOURS[0], COLOURS[1], COLOURS[2])
"""The colours of `TOWER_CLASSES`."""
EVENTS = 3
"""Events that the stage draws."""
_FAINTEST = 0.5
"""Towers below this transverse energy (GeV) are drawn as empty."""


def draw_events(summary: EventSummary, dataset: EventDataset, folder: Path, suffix: str = ".svg") -> list[Path]:
    """Draw all figures of the stage; events are the first with jets of the split with most events.

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
    first = next(iter(largest.batches(64)), None)
    if first is not None:
        # one event of each kind where there is one, then whatever comes
        hardest = np.full(len(first), 0)
        some = np.flatnonzero(np.diff(first.jet_offsets))
        hardest[some] = np.maximum.reduceat(first.jet_kind, first.jet_offsets[some]) if some.size else 0
        order = sorted(range(len(first)), key=lambda i: (int((hardest[:i] == hardest[i]).sum()), -hardest[i]))
        for number, index in enumerate(order[:EVENTS]):
            figures[f"event_{number}"] = event_display(first.slice(index, index + 1), dataset.metadata.grid)
    paths = []
    for name, figure in figures.items():
        paths.append(folder / f"{name}{suffix}")
        save(figure, paths[-1])
    return paths


def event_display(event: EventBatch, grid: EventGrid, predicted: npt.NDArray[np.uint8] | None = None) -> Figure:
    """One event: its calorimeters, its tracks, the truth of its towers, the truth jets drawn on all.

    Args:
        event: a batch of one event.
        grid: its towers.
        predicted: uint8 [rows, columns], the class that a network gives each tower; a further panel.
    """
    with style():
        image = event.dense()[0, :, event.wrap : event.wrap + event.shape[1]]
        titles = ["calorimeters", "tracks", "truth"] + ([] if predicted is None else ["prediction"])
        figure = Figure(figsize=(4.3 * len(titles) + 2.4, 4.6), layout="constrained")
        panels = figure.subplots(1, len(titles), sharex=True, sharey=True, squeeze=False)[0]
        norm = LogNorm(_FAINTEST, 200)
        for panel, values in zip(panels, (image[..., :2].sum(axis=2), image[..., 2:].sum(axis=2)), strict=False):
            drawn = _show(panel, np.where(values >= _FAINTEST, values, np.nan), grid, norm=norm, cmap="viridis")
        for panel, classes in zip(panels[2:], [event.dense_class()[0], predicted], strict=False):
            _show(panel, classes, grid, cmap=ListedColormap(CLASS_COLOURS), vmin=-0.5, vmax=len(CLASS_COLOURS) - 0.5)
        for panel, title in zip(panels, titles, strict=True):
            panel.set_title(title, loc="left", fontweight="bold")
            draw_boxes(panel, event)
            panel.set_xlabel(r"$\varphi$")
            panel.set_xlim(-np.pi, np.pi)
            panel.set_ylim(-grid.eta_max, grid.eta_max)
        panels[0].set_ylabel(r"$\eta$")
        figure.colorbar(drawn, ax=list(panels), label=r"$E_T$, $p_T$ (GeV)", shrink=0.8, extend="max")
        handles = [
            Patch(facecolor=colour, edgecolor="grey", label=name)
            for colour, name in zip(CLASS_COLOURS, TOWER_CLASSES, strict=True)
        ]
        figure.legend(handles=handles, loc="outside lower center", ncols=len(handles), frameon=False)
        return figure


def draw_boxes(panel: Any, event: EventBatch) -> None:
    """Draw the truth jets of one event: box and axis; a box that crosses φ = π goes on at the other side."""
    for eta, phi, kind, box in zip(event.jet_eta, event.jet_phi, event.jet_kind, event.jet_box, strict=True):
        colour = CLASS_COLOURS[kind]
        low, high, left, right = (float(border) for border in box)
        for turn in (0.0, -2 * np.pi):
            panel.add_patch(
                Rectangle((left + turn, low), right - left, high - low, fill=False, edgecolor=colour, linewidth=2)
            )
        panel.plot([phi], [eta], marker="+", color=colour, markersize=12, markeredgewidth=2)


def mean_images(summary: EventSummary, description: EventDescription) -> Figure:
    """The mean image of each channel, one logarithmic colour scale for all."""
    with style():
        figure = Figure(figsize=(4.3 * len(description.channels) + 1.2, 4.2), layout="constrained")
        panels = figure.subplots(1, len(description.channels), sharex=True, sharey=True, squeeze=False)[0]
        brightest = max(float(summary.mean_image.max()), 1e-6)
        norm = LogNorm(brightest * 1e-3, brightest)
        for index, (panel, name) in enumerate(zip(panels, description.channels, strict=True)):
            values = summary.mean_image[..., index]
            drawn = _show(panel, np.where(values > 0, values, np.nan), description.grid, norm=norm, cmap="viridis")
            panel.set_title(name, loc="left", fontweight="bold")
        figure.supxlabel(r"$\varphi$", fontsize="medium")
        figure.supylabel(r"$\eta$", fontsize="medium")
        figure.colorbar(drawn, ax=list(panels), label="mean pixel (GeV)", shrink=0.8)
        return figure


def jet_spectra(summary: EventSummary) -> Figure:
    """The pT of the truth jets, by kind."""
    with style():
        figure = Figure(layout="constrained")
        axes = figure.subplots()
        _spectra(axes, summary.jet_pt[QUARK_GLUON:], TOWER_CLASSES[QUARK_GLUON:])
        axes.set_xlabel(r"$p_T$ of the truth jet (GeV)")
        axes.set_ylabel(f"jets / {PT_EDGES[1] - PT_EDGES[0]:g} GeV")
        axes.legend()
        return figure


def _spectra(axes: Any, counts: npt.NDArray[np.float64], names: Sequence[str]) -> None:
    for row, name, colour in zip(counts, names, CLASS_COLOURS[QUARK_GLUON:], strict=True):
        label = f"{name}: {int(row.sum()):,}"
        mplhep.histplot(row, PT_EDGES, ax=axes, color=colour, yerr=False, flow="none", label=label)


def _show(panel: Any, values: npt.NDArray[Any], grid: EventGrid, **look: Any) -> Any:
    edges = (-np.pi, np.pi, -grid.eta_max, grid.eta_max)
    return panel.imshow(values, extent=edges, origin="lower", interpolation="nearest", aspect="auto", **look)
