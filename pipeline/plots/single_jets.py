"""Single jets on their way through the tagger: constituents, image, integers of the input port, scores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

from data_prep.grids.grid import Grid
from pipeline.plots.pixels import draw
from pipeline.plots.style import COLOURS, style


@dataclass(frozen=True)
class SingleJet:
    """One jet.

    Attributes:
        row: its place in the test set.
        constituents: pT (GeV), Δη and Δφ from the jet axis, each [constituents]; None where they are not available.
        image: [rows, columns], one channel as it was stored.
        port: [rows, columns], the same as integers of the input port; None where the port takes no such image.
        scores: [classes], integers of the firmware, or shares where it is not proven.
        said: the class of the highest score.
    """

    row: int
    constituents: tuple[npt.NDArray[Any], npt.NDArray[Any], npt.NDArray[Any]] | None
    image: npt.NDArray[Any]
    port: npt.NDArray[np.int64] | None
    scores: npt.NDArray[Any]
    said: int


def single_jets(jets: Sequence[SingleJet], true: int, classes: Sequence[str], grid: Grid) -> Figure:
    """A row a jet of one class; four panels from its constituents to its scores.

    Args:
        jets: at least one.
        true: their class.
        classes: names of the classes.
        grid: of the images.
    """
    with style():
        figure = Figure(figsize=(11.4, 0.6 + 2.3 * len(jets)), layout="constrained")
        panels = figure.subplots(len(jets), 4, squeeze=False)
        for row, (axes, jet) in enumerate(zip(panels, jets, strict=True)):
            _constituents(axes[0], jet, grid)
            _pixels(figure, axes[1], grid, jet.image)
            if jet.port is None:
                axes[2].axis("off")
            else:
                _pixels(figure, axes[2], grid, jet.port)
            _scores(axes[3], jet, true, classes)
            axes[0].set_ylabel(f"jet {jet.row}\n{grid.axis_titles[0]}")
            if row == 0:
                names = ("constituents", "image", "input port (integers)", "scores")
                for panel, name in zip(axes, names, strict=True):
                    panel.set_title(name, loc="left", fontsize="small", fontweight="bold")
        for panel in panels[-1, :3]:
            panel.set_xlabel(grid.axis_titles[1])
        return figure


def _constituents(axes: Any, jet: SingleJet, grid: Grid) -> None:
    left, right, below, above = grid.extent
    axes.set_xlim(left, right)
    axes.set_ylim(below, above)
    axes.set_aspect("equal")
    axes.minorticks_off()
    if jet.constituents is None:
        axes.text(0.5, 0.5, "not available", transform=axes.transAxes, ha="center", va="center", fontsize="small")
        return
    pt, eta, phi = jet.constituents
    axes.scatter(phi, eta, s=4 + 500 * pt / pt.sum(), color=COLOURS[0], alpha=0.55, linewidths=0)


def _pixels(figure: Figure, axes: Any, grid: Grid, values: npt.NDArray[Any]) -> None:
    highest = max(float(values.max()), 1e-30)
    lowest = 1.0 if np.issubdtype(values.dtype, np.integer) else highest * 1e-3
    drawn = draw(axes, grid, values, LogNorm(min(lowest, highest / 2), highest))
    axes.minorticks_off()
    axes.tick_params(labelleft=False)
    figure.colorbar(drawn, ax=axes)


def _scores(axes: Any, jet: SingleJet, true: int, classes: Sequence[str]) -> None:
    places = np.arange(len(classes))[::-1]
    right = jet.said == true
    colours = [COLOURS[0] if index == true else COLOURS[7] for index in range(len(classes))]
    if not right:
        colours[jet.said] = COLOURS[2]
    axes.barh(places, jet.scores, color=colours, height=0.7)
    low, high = min(float(jet.scores.min()), 0.0), max(float(jet.scores.max()), 0.0)
    room = 0.45 * max(high - low, 1e-9)
    axes.set_xlim(low - room, high + room)
    for place, score in zip(places, jet.scores, strict=True):
        text = f" {score:,d} " if isinstance(score, np.integer) else f" {score:.2f} "
        axes.text(score, place, text.replace("-", "−"), va="center", ha="left" if score >= 0 else "right", fontsize=12)
    axes.axvline(0, color="black", linewidth=0.8)
    axes.set_yticks(places, classes)
    axes.minorticks_off()
    axes.tick_params(labelbottom=False, length=0)
