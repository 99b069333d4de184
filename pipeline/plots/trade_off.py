"""Figure of the stage `rtl`: what each form of the network takes against how often it takes an image."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator

from pipeline.plots.style import COLOURS, style


class FormCost(NamedTuple):
    """One form of the network."""

    interval: int
    """Clocks from one image to the next."""
    latency: int
    """Clocks."""
    estimate: int
    """LUTs by the compiler's cost model."""
    registers: int
    """Bits in registers."""
    built: bool
    """Whether it is the one that was built and proven."""


def trade_off(forms: Sequence[FormCost]) -> Figure:
    """LUTs (estimate) and register bits of each form against its initiation interval, its latency written beside it."""
    with style():
        figure = Figure(figsize=(8.4, 5.2), layout="constrained")
        axes = figure.subplots()
        ordered = sorted(forms)
        intervals = [form.interval for form in ordered]
        axes.plot(intervals, [form.estimate for form in ordered], "o-", color=COLOURS[0], label="LUT (estimate)")
        axes.plot(intervals, [form.registers for form in ordered], "s--", color=COLOURS[1], label="register bits")
        for form in ordered:
            if form.built:
                axes.plot(form.interval, form.estimate, "o", color=COLOURS[2], markersize=12, label="built and proven")
            text = f"{form.latency} clocks"
            axes.annotate(text, (form.interval, form.estimate), (0, 10), textcoords="offset points", fontsize="x-small")
        axes.set_xscale("log", base=2)
        axes.set_yscale("log")
        axes.xaxis.set_major_locator(FixedLocator(sorted(set(intervals))))
        axes.xaxis.set_minor_locator(NullLocator())
        axes.set_xticklabels([str(n) for n in sorted(set(intervals))])
        axes.set_xlabel("initiation interval (clocks); latency beside the points")
        axes.set_ylabel("LUT, bits")
        axes.margins(x=0.12, y=0.15)
        axes.legend()
        return figure
