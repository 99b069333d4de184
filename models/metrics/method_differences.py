"""Figures of one method minus those of another on the same events, with the error of the difference.

Both methods have the same replicas of pileup libraries (`library_bootstrap.py`), so common fluctuations cancel: the
error of the difference of two methods that fail on the same events is smaller than their own errors.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from models.metrics.bootstrap import ValueWithError, difference

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class MethodDifference:
    """The figures of one method minus those of another; None where one was not measured."""

    method: str
    reference: str
    figures: dict[str, ValueWithError | None]

    @classmethod
    def of_json(cls, content: Mapping[str, Any]) -> Self:
        """From the content that `asdict` wrote."""
        figures = {name: ValueWithError.of_json(figure) for name, figure in content["figures"].items()}
        return cls(content["method"], content["reference"], figures)


@dataclass(frozen=True)
class MethodDifferences:
    """The differences of all networks on the same events.

    Attributes:
        best: the method without training that is best on validation events; None where none could be measured there.
        pairs: each network with each later one, and with every method without training.
    """

    best: str | None
    pairs: list[MethodDifference]

    @classmethod
    def of(cls, replicas: Mapping[str, Mapping[str, Floats]], networks: Sequence[str], best: str | None = None) -> Self:
        """The differences of some figures.

        Args:
            replicas: by method and figure float64 [1 + replicas], the original sample first, the same replicas for all
                methods.
            networks: the trained methods; names that are not in `replicas` are left out.
            best: the best method without training.
        """
        trained = [name for name in networks if name in replicas]
        untrained = [name for name in replicas if name not in trained]
        pairs = [
            (method, reference) for i, method in enumerate(trained) for reference in (*trained[i + 1 :], *untrained)
        ]
        return cls(
            best, [_pair(method, reference, replicas[method], replicas[reference]) for method, reference in pairs]
        )

    def as_json(self) -> dict[str, Any]:
        """Its content of `metrics.json`."""
        return asdict(self)

    @classmethod
    def of_json(cls, content: Mapping[str, Any]) -> Self:
        """From the content that `as_json` wrote."""
        return cls(content["best"], [MethodDifference.of_json(pair) for pair in content["pairs"]])

    def find(self, method: str, reference: str, figure: str) -> ValueWithError | None:
        """A figure of one method minus that of another, None where it was not measured."""
        for pair in self.pairs:
            value = pair.figures.get(figure)
            if value is not None and {pair.method, pair.reference} == {method, reference}:
                return value if pair.method == method else -value
        return None


def _pair(
    method: str, reference: str, values: Mapping[str, Floats], reference_values: Mapping[str, Floats]
) -> MethodDifference:
    return MethodDifference(
        method, reference, {name: difference(values[name], reference_values[name]) for name in values}
    )
