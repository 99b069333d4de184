"""The mass closure as Markdown tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
import numpy.typing as npt

from data_prep.closure.result import ABS_ETA_EDGES, DELTA_R_EDGES, MassClosureSums, Shift
from data_prep.closure.variants import NORMS

Float64 = npt.NDArray[np.float64]


def markdown(closure: MassClosureSums) -> str:
    """Mean and RMS of the mass difference (GeV) by variant and class, effects of norms and formulas, by |η| and ΔR."""
    names = [name for label, name in enumerate(closure.classes) if closure.jets[label]]
    labels = [label for label, _ in enumerate(closure.classes) if closure.jets[label]]
    counts = ", ".join(f"{name}: {closure.jets[label]:,}" for label, name in zip(labels, names, strict=True))
    lines = [
        "# Mass closure",
        "",
        "Jet mass after preprocessing minus jet mass of the constituents: mean ± its statistical error, RMS about the",
        f"mean (GeV). Jets: {counts}.",
        "",
        *_head(["steps; window and pixels, where the mass is that of an image", *names]),
    ]
    for index, variant in enumerate(closure.variants):
        cells = [_cell(closure.by_class(index, label), exact=variant.exact) for label in labels]
        lines.append(_row([variant.name, *cells]))
    lines += [
        "",
        "Correlation of the mass of the normalised image with the mass (GeV) / with the mass over the pT of the",
        "constituents.",
        "",
        *_head(["norm", *names]),
    ]
    for index, norm in enumerate(NORMS):
        pairs = ((closure.correlation(index, over_pt=over, label=label) for over in (False, True)) for label in labels)
        lines.append(_row([norm, *(" / ".join(_number(value) for value in pair) for pair in pairs)]))
    lines += [
        "",
        "Median of the mass by the lecture notes' formula over the mass.",
        "",
        *_head(["|η| of the jet", *names, "all"]),
    ]
    places = [(_interval(ABS_ETA_EDGES, place), place) for place in range(ABS_ETA_EDGES.size - 1)]
    for name, place in [("all", None), *places]:
        cells = [
            _number(closure.median_ratio(row_labels, place))
            for row_labels in ([[label] for label in labels] + [labels])
        ]
        if any(cell != "–" for cell in cells):
            lines.append(_row([name, *cells]))
    lines += [
        "",
        "Mean ± error, RMS (GeV) as above, by |η| of the jet; the steps that keep the mass are left out.",
        "",
        *_by_bin(closure, labels, ABS_ETA_EDGES, closure.by_abs_eta),
        "",
        "The same by ΔR of the two exclusive kT subjets.",
        "",
        *_by_bin(closure, labels, DELTA_R_EDGES, closure.by_delta_r),
    ]
    return "\n".join(lines) + "\n"


def _by_bin(
    closure: MassClosureSums, labels: list[int], edges: Float64, shifts_of: Callable[[int, int], list[Shift | None]]
) -> list[str]:
    """A row for every class and variant, a column for every bin with jets."""
    rows = [
        ([closure.classes[label], variant.name], shifts_of(index, label))
        for index, variant in enumerate(closure.variants)
        if not variant.exact
        for label in labels
    ]
    bins = [place for place in range(edges.size - 1) if any(shifts[place] for _, shifts in rows)]
    head = ["class", "steps; window and pixels", *(_interval(edges, place) for place in bins)]
    return [
        *_head(head),
        *(_row([*names, *(_cell(shifts[place], exact=False) for place in bins)]) for names, shifts in rows),
    ]


def _cell(shift: Shift | None, *, exact: bool) -> str:
    if shift is None:
        return "–"
    if exact and abs(shift.mean) < 0.005 and shift.rms < 0.005:
        return "0, 0"
    return f"{shift.mean:+.2f} ± {shift.mean_error:.2f}, {shift.rms:.2f}"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _interval(edges: Float64, place: int) -> str:
    low, high = edges[place : place + 2]
    return f"{low:g} to {high:g}" if high < float("inf") else f"above {low:g}"


def _head(cells: list[str]) -> list[str]:
    return [_row(cells), _row(["---"] * len(cells))]


def _row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
