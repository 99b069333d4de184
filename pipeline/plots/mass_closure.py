"""Figures of the stage `mass-closure`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from data_prep.closure.result import ABS_ETA_EDGES, DELTA_R_EDGES, MassClosureSums, Shift
from data_prep.closure.variants import KEEPING_ENERGY
from pipeline.plots.style import COLOURS, save, style

_LAST = 0.5
"""Drawn width of the last bin, which is open."""


def draw_closure(closure: MassClosureSums, folder: Path, suffix: str = ".svg") -> list[Path]:
    """Draw all figures of the stage.

    Args:
        closure: the sums over all jets.
        folder: where the files go; it is made.
        suffix: `.svg`, or `.png` to look at.

    Returns:
        the files written.
    """
    folder.mkdir(exist_ok=True)
    naive = next(index for index, variant in enumerate(closure.variants) if variant.name == KEEPING_ENERGY)
    figures = {
        "variants": variants(closure),
        "configured": bins(closure, len(closure.variants) - 1),
        "keeping_energy": bins(closure, naive),
        "formulas": formulas(closure),
    }
    paths = []
    for name, figure in figures.items():
        paths.append(folder / f"{name}{suffix}")
        save(figure, paths[-1])
    return paths


def variants(closure: MassClosureSums) -> Figure:
    """Mean (point) and RMS (bar) of the mass difference of every variant, by class."""
    with style():
        labels = _labels(closure)
        figure = Figure(figsize=(13, 1.5 + 0.42 * len(closure.variants)), layout="constrained")
        axes = figure.subplots()
        rows = np.arange(len(closure.variants))[::-1]
        for place, label in enumerate(labels):
            shifts = [closure.by_class(index, label) for index in range(len(rows))]
            offset = 0.6 * (0.5 - (place + 0.5) / len(labels))
            _bars(axes, shifts, rows + offset, label, closure.classes[label])
        axes.axvline(0, color="black", linewidth=0.8)
        # linear within ±2 GeV, so that rounding and tens of GeV can be seen in one figure
        axes.set_xscale("symlog", linthresh=2, linscale=1)
        axes.set_xticks([-50, -20, -10, -5, -2, -1, 0, 1, 2, 5, 10, 20, 50, 100])
        axes.set_xticklabels(["−50", "−20", "−10", "−5", "−2", "−1", "0", "1", "2", "5", "10", "20", "50", "100"])
        axes.minorticks_off()
        axes.set_yticks(rows, [variant.name for variant in closure.variants])
        axes.set_ylim(-0.7, len(rows) - 0.3)
        axes.set_xlabel("mass difference (GeV): mean, RMS")
        axes.legend(loc="upper center", bbox_to_anchor=(0.3, 1.04), ncols=len(labels), frameon=False)
        return figure


def bins(closure: MassClosureSums, variant: int) -> Figure:
    """Mean and RMS of the mass difference of one variant, in bins of |η| and ΔR."""
    with style():
        figure = Figure(figsize=(12, 9), layout="constrained")
        panels = figure.subplots(2, 2, sharex="col", sharey="row")
        columns = (
            (ABS_ETA_EDGES, closure.by_abs_eta, r"jet $|\eta|$"),
            (DELTA_R_EDGES, closure.by_delta_r, "ΔR of the two subjets"),
        )
        for column, (edges, shifts_of, title) in enumerate(columns):
            drawn = np.append(edges[:-1], edges[-2] + _LAST)
            centres = (drawn[1:] + drawn[:-1]) / 2
            for label in _labels(closure):
                shifts = shifts_of(variant, label)
                filled = [i for i, shift in enumerate(shifts) if shift is not None]
                look = {"color": COLOURS[label % len(COLOURS)], "marker": "o", "label": closure.classes[label]}
                kept = [shift for shift in shifts if shift is not None]
                panels[0, column].errorbar(
                    centres[filled], [s.mean for s in kept], yerr=[s.mean_error for s in kept], **look
                )
                panels[1, column].plot(centres[filled], [s.rms for s in kept], **look)
            panels[0, column].axhline(0, color="black", linewidth=0.8)
            panels[1, column].set_xlabel(title)
        for panel in panels.ravel():
            panel.minorticks_off()
        panels[0, 0].set_ylabel("mean of the difference (GeV)")
        panels[1, 0].set_ylabel("RMS of the difference (GeV)")
        panels[0, 0].legend()
        figure.suptitle(f"{closure.variants[variant].name} − constituents; last bins are open", fontsize="medium")
        return figure


def formulas(closure: MassClosureSums) -> Figure:
    """Median of the lecture notes' mass over the mass against |η|, and what is expected of it."""
    with style():
        figure = Figure(layout="constrained")
        axes = figure.subplots()
        everything = _labels(closure)
        medians = [closure.median_ratio(everything, place) for place in range(ABS_ETA_EDGES.size - 1)]
        points = [(place, median) for place, median in enumerate(medians) if median is not None]
        for place, median in points:
            low = ABS_ETA_EDGES[place]
            high = min(ABS_ETA_EDGES[place + 1], low + _LAST)
            label = "median of the jets" if place == points[0][0] else None
            axes.plot([low, high], [median, median], color=COLOURS[2], linewidth=2.5, label=label)
        eta = np.linspace(0, 3, 200)
        axes.plot(eta, 1 / (np.sqrt(2) * np.cosh(eta) ** 2), color=COLOURS[0], label=r"$1/(\sqrt{2}\cosh^2\eta)$")
        axes.axhline(1, color="black", linewidth=0.8, linestyle="--", label="the right formula")
        axes.set_xlabel(r"jet $|\eta|$")
        axes.set_ylabel("mass by the lecture notes' formula / mass")
        axes.set_ylim(0, 1.3)
        axes.legend()
        return figure


def _labels(closure: MassClosureSums) -> list[int]:
    """The classes that have jets."""
    return [label for label, jets in enumerate(closure.jets) if jets]


def _bars(axes: Any, shifts: Sequence[Shift | None], rows: Any, label: int, name: str) -> None:
    known = [(row, shift) for row, shift in zip(rows, shifts, strict=True) if shift is not None]
    axes.errorbar(
        [shift.mean for _, shift in known],
        [row for row, _ in known],
        xerr=[shift.rms for _, shift in known],
        fmt="o",
        markersize=4,
        linewidth=1.5,
        color=COLOURS[label % len(COLOURS)],
        label=name,
    )
