"""Differences of the quantized network on events from every other method, and from the best one without training."""

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
        title: in tables.
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
class MethodVerdict:
    """The network compared with the best method without training, by one figure."""

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
    """The network minus one method, by column; None where a difference was not measured."""

    name: str
    network: bool
    differences: list[ValueWithError | None]


@dataclass(frozen=True)
class EventDifferences:
    """The differences of one part of the metrics in the report.

    Attributes:
        best: the best method without training, on validation events; None if there is none.
        verdicts: the network against it.
        columns: titles.
        rows: the network minus each method; empty if the training measured no differences.
    """

    best: str | None
    verdicts: list[MethodVerdict]
    columns: list[str]
    rows: list[Row]


def differences_of(metrics: Mapping[str, Any], part: str) -> MethodDifferences:
    """The differences that training measured, for one part of `metrics.json`; empty if it measured none."""
    content = metrics.get(f"{part}_differences")
    return MethodDifferences(None, []) if content is None else MethodDifferences.of_json(content)


def from_float(metrics: Mapping[str, Any], part: str, figures: Mapping[str, str]) -> list[tuple[str, ValueWithError]]:
    """The loss by quantization, if it was measured: a label and the difference for each figure."""
    differences = differences_of(metrics, part)
    changes = ((name, differences.find(QUANTIZED, FLOAT_UNET, figure)) for figure, name in figures.items())
    return [(f"quantized instead of float numbers: {name} ", change) for name, change in changes if change is not None]


def event_differences(
    differences: MethodDifferences,
    columns: Sequence[Column],
    methods: Iterable[str],
    title: Callable[[str], str],
    is_network: Callable[[str], bool],
) -> EventDifferences:
    """The differences of the quantized network, by column.

    Args:
        differences: those measured by the training.
        columns: the figures that are compared.
        methods: the names of all methods.
        title: of a method, in tables.
        is_network: whether a method is a network.
    """
    network_names = {column.method for column in columns}
    rows = [
        Row(title(name), is_network(name), [differences.find(column.method, name, column.figure) for column in columns])
        for name in methods
        if name not in network_names
    ]
    verdicts = []
    for column in columns:
        if (
            differences.best is None
            or (change := differences.find(column.method, differences.best, column.figure)) is None
        ):
            continue
        number_of_network, number_of_best = column.number(column.method), column.number(differences.best)
        if number_of_network.value is not None and number_of_best.value is not None:
            better = (change.value > 0) is column.larger
            numbers = (number_of_network.value, number_of_network.error, number_of_best.value, number_of_best.error)
            verdicts.append(MethodVerdict(column.title, title(column.method), *numbers, change, better))
    measured_rows = [row for row in rows if any(difference is not None for difference in row.differences)]
    return EventDifferences(differences.best, verdicts, [column.title for column in columns], measured_rows)
