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

from data_prep.dataset import ImageDescription
from data_prep.summary import Summary
from pipeline.plots.pixels import draw
from pipeline.plots.style import COLOURS, save, style

Floats = npt.NDArray[np.float64]

_DECADES = 1e-4
"""Mean pixels below this fraction of the brightest one are drawn as empty."""
_PANELS = 3


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
        "occupancy": occupancy(summary, description.classes),
        "mass": masses(summary, description.classes),
    }
    paths = []
    for name, figure in figures.items():
        paths.append(folder / f"{name}{suffix}")
        save(figure, paths[-1])
    return paths


def mean_images(summary: Summary, description: ImageDescription) -> Figure:
    """The mean image of each class (first channel), one logarithmic colour scale for all."""
    with style():
        classes = description.classes
        columns = min(_PANELS, len(classes))
        rows = ceil(len(classes) / columns)
        figure = Figure(figsize=(4.2 * columns + 1.2, 4.2 * rows), layout="constrained")
        panels = np.atleast_1d(figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)).ravel()
        images = summary.mean_image[..., 0]
        brightest = float(images.max())
        norm = LogNorm(brightest * _DECADES, brightest)
        for panel, name, image in zip(panels, classes, images, strict=False):
            drawn = draw(panel, description.grid, image, norm)
            panel.set_title(name, loc="left", fontweight="bold")
        for panel in panels[len(classes) :]:
            panel.set_visible(False)
        figure.supxlabel(r"$\Delta\varphi$" + _frame(description), fontsize="medium")
        figure.supylabel(r"$\Delta\eta$" + _frame(description), fontsize="medium")
        figure.colorbar(drawn, ax=list(panels), label=f"mean pixel {_unit(description)}", shrink=0.8)
        return figure


def occupancy(summary: Summary, classes: Sequence[str]) -> Figure:
    """How many pixels are lit, by class, each normalised to 1."""
    with style():
        figure, axes = _axes()
        pixels = summary.mean_image[0].size
        used = int(np.flatnonzero(summary.occupancy.sum(axis=0)).max(initial=0)) + 2
        edges = np.arange(used + 1) - 0.5
        for index, name in enumerate(classes):
            counts = summary.occupancy[index, :used]
            mean = float((counts * np.arange(counts.size)).sum() / counts.sum())
            label = f"{name}: mean {mean:.1f} ({mean / pixels:.1%})"
            _step(axes, counts, edges, index, label=label)
        axes.set_xlabel(f"lit pixels of {pixels}")
        axes.set_ylabel("fraction of jets")
        _finish(axes)
        return figure


def masses(summary: Summary, classes: Sequence[str]) -> Figure:
    """The jet mass of massless constituents (line) and of the image's pixels (dashed), by class, normalised to 1."""
    with style():
        figure, axes = _axes()
        for index, name in enumerate(classes):
            total = summary.weight[index]
            edges = summary.mass_edges
            _step(axes, summary.mass_constituents[index], edges, index, total, label=name)
            _step(axes, summary.mass_image[index], edges, index, total, linestyle="--")
        axes.plot([], [], color="black", label="constituents")
        axes.plot([], [], color="black", linestyle="--", label="image")
        axes.set_xlim(0, _upper_edge(summary))
        axes.set_xlabel("jet mass (GeV)")
        axes.set_ylabel(f"fraction of jets / {edges[1] - edges[0]:g} GeV")
        _finish(axes)
        return figure


def _axes() -> tuple[Figure, Any]:
    figure = Figure(layout="constrained")
    return figure, figure.subplots()


def _step(axes: Any, counts: Floats, edges: Floats, index: int, total: float | None = None, **look: str) -> None:
    total = float(counts.sum()) if total is None else total
    heights = counts / total if total > 0 else counts
    mplhep.histplot(heights, edges, ax=axes, color=COLOURS[index % len(COLOURS)], yerr=False, flow="none", **look)


def _finish(axes: Any) -> None:
    axes.set_ylim(0, axes.get_ylim()[1] * 1.15)
    axes.legend()


def _upper_edge(summary: Summary) -> float:
    """The mass below which all but a thousandth of every class lies."""
    both = summary.mass_constituents + summary.mass_image
    below = both.cumsum(axis=1) >= 0.999 * both.sum(axis=1, keepdims=True)
    return float(summary.mass_edges[1 + below.argmax(axis=1).max()])


def _frame(description: ImageDescription) -> str:
    return ", after roll" if any(step.step == "roll" for step in description.steps) else ""


def _unit(description: ImageDescription) -> str:
    normalised = any(step.step == "normalise" for step in description.steps)
    return r"(fraction of $\Sigma p_T$)" if normalised else r"$p_T$ (GeV)"
