"""The mass closure as a Markdown table."""

from __future__ import annotations

from collections.abc import Iterable

from data_prep.closure_result import ABS_ETA_EDGES, Closure, Shift
from data_prep.closure_variants import NORMS


def markdown(closure: Closure) -> str:
    """Mean and RMS of the mass difference (GeV) by variant and class, and below what norms and formulas do."""
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
    places = [(_interval(place), place) for place in range(ABS_ETA_EDGES.size - 1)]
    for name, place in [("all", None), *places]:
        cells = [_number(closure.median_ratio(chosen, place)) for chosen in ([[label] for label in labels] + [labels])]
        if any(cell != "–" for cell in cells):
            lines.append(_row([name, *cells]))
    return "\n".join(lines) + "\n"


def _cell(shift: Shift | None, *, exact: bool) -> str:
    if shift is None:
        return "–"
    if exact and abs(shift.mean) < 0.005 and shift.rms < 0.005:
        return "0, 0"
    return f"{shift.mean:+.2f} ± {shift.mean_error:.2f}, {shift.rms:.2f}"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _interval(place: int) -> str:
    low, high = ABS_ETA_EDGES[place : place + 2]
    return f"{low:g} to {high:g}" if high < float("inf") else f"above {low:g}"


def _head(cells: list[str]) -> list[str]:
    return [_row(cells), _row(["---"] * len(cells))]


def _row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
