"""How the quantized network on events differs from every other method, and from the best that needs no training."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from models.metrics.bootstrap import ValueWithError
from models.metrics.method_differences import MethodDifferences
from pipeline.report.results import FLOAT_UNET, QUANTIZED


class Number(NamedTuple):
    """A figure with its statistical error."""

    value: float | None
    error: float | None


@dataclass(frozen=True)
class Column:
    """A figure of one form of the network.

    Attributes:
        title: for people.
        method: the name of the network's form among the methods.
        figure: the key of the figure among the differences.
        larger: whether a larger one is better.
        number: the figure of any method.
    """

    title: str
    method: str
    figure: str
    larger: bool
    number: Callable[[str], Number]


@dataclass(frozen=True)
class Verdict:
    """The network beside the best method that needs no training, by one figure."""

    figure: str
    network: str
    value: float
    error: float | None
    reference: float
    reference_error: float | None
    difference: ValueWithError
    better: bool


@dataclass(frozen=True)
class Row:
    """The network less one method, by column; None where a difference is not known."""

    name: str
    network: bool
    differences: list[ValueWithError | None]


@dataclass(frozen=True)
class EventDifferences:
    """What the report shows of the differences of one part.

    Attributes:
        best: the best method without training, on validation events; None where there is none.
        verdicts: the network against it.
        columns: titles.
        rows: the network less each method; empty where the training left no differences.
    """

    best: str | None
    verdicts: list[Verdict]
    columns: list[str]
    rows: list[Row]


def differences_of(metrics: Mapping[str, Any], part: str) -> MethodDifferences:
    """The differences that training measured of one part of `metrics.json`; none of a training that left none."""
    found = metrics.get(f"{part}_differences")
    return MethodDifferences(None, []) if found is None else MethodDifferences.of_json(found)


def from_float(metrics: Mapping[str, Any], part: str, figures: Mapping[str, str]) -> list[tuple[str, ValueWithError]]:
    """What quantization costs, as far as it is known: a sentence and the difference, by figure and its name."""
    found = differences_of(metrics, part)
    changes = ((name, found.find(QUANTIZED, FLOAT_UNET, figure)) for figure, name in figures.items())
    return [(f"quantized instead of float numbers: {name} ", change) for name, change in changes if change is not None]


def event_differences(
    found: MethodDifferences,
    columns: Sequence[Column],
    methods: Iterable[str],
    title: Callable[[str], str],
    is_network: Callable[[str], bool],
) -> EventDifferences:
    """The differences of the quantized network, by column.

    Args:
        found: what training measured.
        columns: what is compared.
        methods: the names of all methods.
        title: of a method, for people.
        is_network: whether a method is a network.
    """
    own = {column.method for column in columns}
    rows = [
        Row(title(name), is_network(name), [found.find(column.method, name, column.figure) for column in columns])
        for name in methods
        if name not in own
    ]
    verdicts = []
    for column in columns:
        if found.best is None or (change := found.find(column.method, found.best, column.figure)) is None:
            continue
        mine, best = column.number(column.method), column.number(found.best)
        if mine.value is not None and best.value is not None:
            better = (change.value > 0) is column.larger
            numbers = (mine.value, mine.error, best.value, best.error)
            verdicts.append(Verdict(column.title, title(column.method), *numbers, change, better))
    known = [row for row in rows if any(each is not None for each in row.differences)]
    return EventDifferences(found.best, verdicts, [column.title for column in columns], known)
