"""Figures of the stage `rates`: rate against signal efficiency and offline threshold, efficiency against jet pT."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from math import ceil
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullFormatter

from models.rates.measurement import TriggerResult
from models.rates.response_study import MASS, PT, TAGGER, ResponseStudy
from models.rates.settings import RatesSettings
from models.rates.study import RateStudy
from pipeline.plots.style import COLOURS, save, style

TITLES = {PT: r"$p_T$", MASS: r"$p_T$, soft-drop mass", TAGGER: r"$p_T$, tagger"}
"""The triggers as figures name them."""

_LOOKS: dict[str, dict[str, Any]] = {
    PT: {"color": COLOURS[3], "marker": "o"},
    MASS: {"color": COLOURS[1], "marker": "s"},
    TAGGER: {"color": COLOURS[2], "marker": "D"},
}
_NOTE: dict[str, Any] = {"ha": "right", "fontsize": "x-small", "color": "dimgrey"}
_PANELS = 3


def draw_rates(study: RateStudy, settings: RatesSettings, folder: Path) -> None:
    """Write `offline.svg`, and for each response `rates_<response>.svg` and `turn_on_<response>.svg`."""
    folder.mkdir(parents=True, exist_ok=True)
    save(offline_rates(study, settings), folder / "offline.svg")
    for name, response in study.responses.items():
        save(rate_curves(response, name, settings), folder / f"rates_{name}.svg")
        save(turn_ons(response, name, study.turn_on, settings), folder / f"turn_on_{name}.svg")


def response_title(name: str, settings: RatesSettings) -> str:
    """A response in words."""
    if name == "ideal":
        return r"ideal: online $p_T$ = offline $p_T$"
    terms = settings.online.resolution
    return rf"level 1: $\sigma/p_T$ = {terms.stochastic:g}/$\sqrt{{p_T}}$ $\oplus$ {terms.constant:g}"


def offline_rates(study: RateStudy, settings: RatesSettings) -> Figure:
    """Rate of the cut on the pT alone against the offline pT at which it is 95 % efficient, a curve a response."""
    with style():
        figure = Figure(figsize=(6.2, 4.6), layout="constrained")
        axes = figure.subplots()
        for number, (name, response) in enumerate(study.responses.items()):
            offline = np.array([point.offline for point in response.offline])
            rate = np.array([point.rate for point in response.offline])
            error = np.array([point.error for point in response.offline])
            axes.plot(offline, rate, color=COLOURS[number], linewidth=2, label=response_title(name, settings))
            axes.fill_between(offline, rate - error, rate + error, color=COLOURS[number], alpha=0.25, lw=0)
        for allowed in settings.rates:
            axes.axhline(allowed, color="grey", linewidth=0.8, linestyle=":")
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axes.set_xlabel(r"offline $p_T$ (GeV) at which 95 % of jets pass")
        axes.set_ylabel("trigger rate (kHz)")
        axes.legend(fontsize="small")
        return figure


def rate_curves(study: ResponseStudy, response: str, settings: RatesSettings) -> Figure:
    """A panel a signal: rate against efficiency, with the statistical error of the efficiency.

    Dashed where they are known: the efficiency of all generated resonances.
    """
    with style():
        columns = min(_PANELS, len(study.results))
        rows = ceil(len(study.results) / columns)
        figure = Figure(figsize=(1.0 + 4.3 * columns, 0.9 + 4.4 * rows), layout="constrained")
        panels = np.ravel(figure.subplots(rows, columns, squeeze=False))
        for axes, (name, results) in zip(panels, study.results.items(), strict=False):
            for trigger, result in results.items():
                _curve(axes, trigger, result)
            for rate in settings.rates:
                axes.axhline(rate, color="grey", linewidth=0.8, linestyle=":")
            axes.set_yscale("log")
            axes.set_xlim(0, 1.02)
            axes.set_ylim(top=study.total * 1.3)
            axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
            axes.yaxis.set_minor_formatter(NullFormatter())
            axes.text(0.05, 0.94, name, transform=axes.transAxes, va="top", weight="bold")
        for axes in panels[len(study.results) :]:
            axes.axis("off")
        text = f"efficiency, offline $p_T$ > {settings.offline_pt_min:g} GeV: jets that contain their resonance"
        text += "; dashed: all generated resonances" if _known(study) else ""
        figure.supxlabel(text, fontsize="medium")
        figure.supylabel("trigger rate (kHz)", fontsize="medium")
        _legend(figure, panels[0], response_title(response, settings))
        return figure


def _curve(axes: Any, trigger: str, result: TriggerResult) -> None:
    points = [point for point in result.curve if point is not None]
    value = np.array([point.efficiency.value for point in points])
    low = np.array([point.efficiency.low for point in points])
    high = np.array([point.efficiency.high for point in points])
    rate = np.array([point.rate for point in points])
    colour = _LOOKS[trigger]["color"]
    axes.plot(value, rate, color=colour, linewidth=2, label=TITLES[trigger])
    axes.fill_betweenx(rate, low, high, color=colour, alpha=0.25, lw=0)
    whole = [(point.per_resonance.value, point.rate) for point in points if point.per_resonance is not None]
    if whole:
        axes.plot(*zip(*whole, strict=True), color=colour, linewidth=1.5, linestyle="--")


def _known(study: ResponseStudy) -> bool:
    """Whether efficiencies of all generated resonances are known."""
    return any(
        point is not None and point.per_resonance is not None
        for results in study.results.values()
        for result in results.values()
        for point in result.curve
    )


def turn_ons(
    study: ResponseStudy, response: str, borders: Mapping[str, tuple[float, ...]], settings: RatesSettings
) -> Figure:
    """A row a rate, a column a signal: efficiency in bins of the offline pT."""
    with style():
        rows, columns = len(settings.rates), len(study.results)
        figure = Figure(figsize=(1.0 + 4.3 * columns, 1.0 + 3.1 * rows), layout="constrained")
        panels = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True)
        for column, (name, results) in enumerate(study.results.items()):
            for row, rate in enumerate(settings.rates):
                axes = panels[row, column]
                _turn_on(axes, results, row, borders[name])
                axes.text(0.97, 0.05, f"{name}, {rate:g} kHz", transform=axes.transAxes, ha="right", weight="bold")
        panels[0, 0].set_ylim(-0.05, 1.12)
        panels[0, 0].set_xlim(settings.turn_on[0], settings.turn_on[-1])
        figure.supxlabel(r"offline jet $p_T$ (GeV)", fontsize="medium")
        figure.supylabel("efficiency", fontsize="medium")
        _legend(figure, panels[0, 0], response_title(response, settings))
        return figure


def _turn_on(axes: Any, results: Mapping[str, TriggerResult], row: int, edges: tuple[float, ...]) -> None:
    axes.axhline(1, color="grey", linewidth=0.8)
    bins = np.array(list(pairwise(edges))).reshape(-1, 2)
    for number, (trigger, result) in enumerate(results.items()):
        shares = result.turn_on[row]
        efficiencies = np.array([[share.value, share.low, share.high] for share in shares or ()]).reshape(-1, 3)
        value, low, high = efficiencies.T
        # side by side, so that the bars of one trigger do not hide those of another
        place = bins[: len(efficiencies), 0] + (bins[: len(efficiencies), 1] - bins[: len(efficiencies), 0]) * (
            0.35 + 0.15 * number
        )
        axes.errorbar(
            place,
            value,
            xerr=[place - bins[: len(efficiencies), 0], bins[: len(efficiencies), 1] - place],
            yerr=[value - low, high - value],
            linestyle="none",
            linewidth=1.2,
            markersize=4,
            label=TITLES[trigger],
            **_LOOKS[trigger],
        )
        if shares is None:
            axes.text(
                0.97, 0.14 + 0.08 * number, f"{TITLES[trigger]}: too few events", **_NOTE, transform=axes.transAxes
            )


def _legend(figure: Figure, axes: Any, title: str) -> None:
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=len(labels), fontsize="small", title=title)
