"""Figures of the stage `images`: mean image, occupancy and jet mass by class."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from pathlib import Path
from typing import Any

import mplhep
import numpy as np
import numpy.typing as npt
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

from data_prep.images.summary import Summary
from data_prep.steps.normalise import Normalise
from data_prep.store.jet_images import ImageDescription
from pipeline.plots.pixels import draw
from pipeline.plots.style import COLOURS, save, style

Floats = npt.NDArray[np.float64]

_DECADES = 1e-4
"""Mean pixels below this fraction of the brightest one are drawn as empty."""
_PANELS = 3
_BINS = 80
"""Bins of a histogram of counts at most."""
_COUNT = "multiplicity"
"""The channel that is no pT."""
_UNITS = {
    "l1": r"(fraction of $\Sigma p_T$)",
    "l2": r"$p_T / \sqrt{\Sigma p_T^2}$",
    "power_of_two": r"$p_T / 2^{\lfloor\log_2 \Sigma p_T\rfloor}$",
}
"""What a pixel of pT holds after each norm."""


def draw_images(summary: Summary, description: ImageDescription, folder: Path, suffix: str = ".svg") -> list[Path]:
    """Draw all figures of the stage.

    Args:
        summary: the sums over the dataset.
        description: what the images are.
        folder: where the files go; it is made.
        suffix: `.svg`, or `.png` to look at.

    Returns:
        the files written.
    """
    folder.mkdir(exist_ok=True)
    figures = {
        "mean_image": mean_images(summary, description),
        "occupancy": occupancy(summary, description),
        "mass": masses(summary, description.classes),
    }
    paths = []
    for name, figure in figures.items():
        paths.append(folder / f"{name}{suffix}")
        save(figure, paths[-1])
    return paths


def mean_images(summary: Summary, description: ImageDescription) -> Figure:
    """The mean image of each class: panels side by side, or of several channels a row a channel and a column a class.

    One logarithmic colour scale holds for all classes and all channels of pT; `multiplicity` has its own.
    """
    with style():
        many = len(description.channels) > 1
        along_rows, along_columns = description.grid.axis_titles
        rolled = ", after roll" if any(step.step == "roll" for step in description.steps) else ""
        figure, panels = _channel_by_class(description) if many else _classes(description)
        for row, channel in enumerate(description.channels):
            norm = _norm(summary, description, channel)
            for column, name in enumerate(description.classes):
                drawn = draw(panels[row, column], description.grid, summary.mean_image[column, ..., row], norm)
                if row == 0:
                    panels[row, column].set_title(name, loc="left", fontweight="bold")
            if many:
                panels[row, 0].set_ylabel(f"{channel}: {along_rows}", loc="center")
            shrink = 0.9 if many else 0.8
            figure.colorbar(
                drawn, ax=list(panels[row]), label=f"mean pixel {_unit(description, channel)}", shrink=shrink
            )
        figure.supxlabel(along_columns + rolled, fontsize="medium")
        if not many:
            figure.supylabel(along_rows + rolled, fontsize="medium")
        return figure


def occupancy(summary: Summary, description: ImageDescription) -> Figure:
    """How many pixels are lit, by class, each normalised to 1; of several channels every value that is not 0 counts."""
    with style():
        figure, axes = _axes()
        values = int(description.grid.mask().sum()) * len(description.channels)
        used = int(np.flatnonzero(summary.occupancy.sum(axis=0)).max(initial=0)) + 2
        width = ceil(used / _BINS)
        edges = np.arange(ceil(used / width) + 1) * width - 0.5
        for index, name in enumerate(description.classes):
            counts = summary.occupancy[index, :used]
            mean = float((counts * np.arange(counts.size)).sum() / counts.sum())
            label = f"{name}: mean {mean:.1f} ({mean / values:.1%})"
            both = [
                np.pad(sums[:used], (0, (edges.size - 1) * width - used)).reshape(-1, width).sum(axis=1)
                for sums in (summary.occupancy[index], summary.occupancy_squares[index])
            ]
            _step(axes, (both[0], both[1]), edges, index, label=label)
        counted = "lit pixels" if len(description.channels) == 1 else "non-zero values, all pixels and channels,"
        axes.set_xlabel(f"{counted} of {values}")
        axes.set_ylabel("fraction of jets" if width == 1 else f"fraction of jets / {width}")
        _finish(axes)
        return figure


def masses(summary: Summary, classes: Sequence[str]) -> Figure:
    """A panel a class: the jet mass of massless constituents (filled) and of the image (line), normalised to 1."""
    with style():
        columns = min(_PANELS, len(classes))
        rows = ceil(len(classes) / columns)
        figure = Figure(figsize=(1.0 + 3.9 * columns, 0.8 + 2.7 * rows), layout="constrained")
        panels = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).ravel()
        edges = summary.mass_edges
        for index, (axes, name) in enumerate(zip(panels, classes, strict=False)):
            total = summary.weight[index]
            filled: dict[str, Any] = {"histtype": "fill", "alpha": 0.45, "label": "constituents"}
            constituents = summary.mass_constituents[index], summary.mass_constituents_squares[index]
            image = summary.mass_image[index], summary.mass_image_squares[index]
            _step(axes, constituents, edges, index, total, **filled)
            _step(axes, image, edges, index, total, label="image", linewidth=2)
            axes.text(0.95, 0.93, name, transform=axes.transAxes, ha="right", va="top", weight="bold")
        for axes in panels[len(classes) :]:
            axes.set_visible(False)
        for axes in panels[max(len(classes) - columns, 0) : len(classes)]:
            axes.tick_params(labelbottom=True)
        panels[0].set_xlim(0, _upper_edge(summary))
        panels[0].set_ylim(0, panels[0].get_ylim()[1] * 1.1)
        panels[0].legend(loc="center right")
        figure.supxlabel("jet mass (GeV)", fontsize="medium")
        figure.supylabel(f"fraction of jets / {edges[1] - edges[0]:g} GeV", fontsize="medium")
        return figure


def _classes(description: ImageDescription) -> tuple[Figure, Any]:
    """A panel a class, in rows of a few: panels [1, classes]."""
    number = len(description.classes)
    columns = min(_PANELS, number)
    rows = ceil(number / columns)
    figure = Figure(figsize=(4.2 * columns + 1.2, 4.2 * rows), layout="constrained")
    panels = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).ravel()
    for panel in panels[number:]:
        panel.set_visible(False)
    return figure, panels[np.newaxis, :number]


def _channel_by_class(description: ImageDescription) -> tuple[Figure, Any]:
    """A row a channel and a column a class: panels [channels, classes]."""
    rows, columns = len(description.channels), len(description.classes)
    figure = Figure(figsize=(3 * columns + 2, 3 * rows + 0.8), layout="compressed")
    return figure, figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)


def _norm(summary: Summary, description: ImageDescription, channel: str) -> LogNorm:
    """The colour scale of a channel: that of all channels which hold the same quantity."""
    alike = [(other == _COUNT) == (channel == _COUNT) for other in description.channels]
    brightest = float(summary.mean_image[..., alike].max()) or 1.0
    return LogNorm(brightest * _DECADES, brightest)


def _axes() -> tuple[Figure, Any]:
    figure = Figure(layout="constrained")
    return figure, figure.subplots()


def _step(
    axes: Any, sums: tuple[Floats, Floats], edges: Floats, index: int, total: float | None = None, **look: Any
) -> None:
    """A histogram over its total with bars of one standard deviation, from the sums of weights and of their squares."""
    counts, errors = sums[0], np.sqrt(sums[1])
    total = float(counts.sum()) if total is None else total
    scale = 1 / total if total > 0 else 1.0
    colour = COLOURS[index % len(COLOURS)]
    mplhep.histplot(counts * scale, edges, ax=axes, color=colour, yerr=False, flow="none", **look)
    filled = counts > 0
    centres = (edges[1:] + edges[:-1])[filled] / 2
    bars = {"fmt": "none", "ecolor": colour, "elinewidth": 0.8, "alpha": 0.7}
    axes.errorbar(centres, counts[filled] * scale, errors[filled] * scale, **bars)


def _finish(axes: Any) -> None:
    axes.set_ylim(0, axes.get_ylim()[1] * 1.15)
    axes.legend()


def _upper_edge(summary: Summary) -> float:
    """The mass below which all but a thousandth of every class lies."""
    counts = summary.mass_constituents + summary.mass_image
    below = counts.cumsum(axis=1) >= 0.999 * counts.sum(axis=1, keepdims=True)
    return float(summary.mass_edges[1 + below.argmax(axis=1).max()])


def _unit(description: ImageDescription, channel: str) -> str:
    if channel == _COUNT:
        return "(constituents)"
    norm = next((step.norm for step in description.steps if isinstance(step, Normalise)), None)
    return r"$p_T$ (GeV)" if norm is None else _UNITS[norm]
