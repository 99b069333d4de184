"""Figures of one method less those of another on the same events, with the error of the difference.

Both methods are drawn the same libraries of pileup (`library_bootstrap.py`), so what they share cancels: two methods
that fail on the same events differ by less than their own errors.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from models.metrics.bootstrap import Measured, difference

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class MethodDifference:
    """The figures of one method less those of another; None where one was not measured."""

    method: str
    reference: str
    figures: dict[str, Measured | None]

    @classmethod
    def of_json(cls, found: Mapping[str, Any]) -> Self:
        """What `asdict` gave."""
        figures = {name: Measured.of_json(each) for name, each in found["figures"].items()}
        return cls(found["method"], found["reference"], figures)


@dataclass(frozen=True)
class MethodDifferences:
    """Of all networks on the same events.

    Attributes:
        best: the method without training that does best on validation events; None where none could be measured there.
        pairs: each network with each later one, and with every method without training.
    """

    best: str | None
    pairs: list[MethodDifference]

    @classmethod
    def of(cls, replicas: Mapping[str, Mapping[str, Floats]], networks: Sequence[str], best: str | None = None) -> Self:
        """The differences of some figures.

        Args:
            replicas: by method and figure float64 [1 + replicas], the events themselves first, the same replicas for
                all methods.
            networks: those among the methods that were trained; names that are no method are left out.
            best: the best of all others.
        """
        trained = [name for name in networks if name in replicas]
        others = [name for name in replicas if name not in trained]
        pairs = [(one, other) for i, one in enumerate(trained) for other in (*trained[i + 1 :], *others)]
        return cls(best, [_pair(one, other, replicas[one], replicas[other]) for one, other in pairs])

    def as_json(self) -> dict[str, Any]:
        """What `metrics.json` holds of it."""
        return asdict(self)

    @classmethod
    def of_json(cls, found: Mapping[str, Any]) -> Self:
        """What `as_json` gave."""
        return cls(found["best"], [MethodDifference.of_json(each) for each in found["pairs"]])

    def find(self, method: str, reference: str, figure: str) -> Measured | None:
        """A figure of one method less that of another, None where it is not known."""
        for each in self.pairs:
            found = each.figures.get(figure)
            if found is not None and {each.method, each.reference} == {method, reference}:
                return found if each.method == method else -found
        return None


def _pair(one: str, other: str, first: Mapping[str, Floats], second: Mapping[str, Floats]) -> MethodDifference:
    return MethodDifference(one, other, {name: difference(first[name], second[name]) for name in first})
