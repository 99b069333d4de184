"""Intervals: the smallest and the largest value of every element of a tensor."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from data_prep.fixed_point import FixedType, smallest_type
from hls_projects.network.integer_ops import Integers, shifted


@dataclass(frozen=True)
class Interval:
    """Raw integers int64 [1, …], `fraction` of their bits behind the point."""

    low: Integers
    high: Integers
    fraction: int

    @property
    def ends(self) -> tuple[int, int]:
        """The smallest and the largest raw integer of all elements and zero."""
        return int(self.low.min(initial=0)), int(self.high.max(initial=0))

    @property
    def type(self) -> FixedType:
        """The narrowest type that holds all elements."""
        return smallest_type(int(self.low.min()), int(self.high.max()), self.fraction)

    def map(self, function: Callable[[Integers], Integers]) -> Interval:
        """The interval after a function that is monotone in every element and keeps the fraction."""
        return Interval(function(self.low), function(self.high), self.fraction)

    def at(self, fraction: int) -> Interval:
        """The same with more bits behind the point.

        Raises:
            OverflowError: more than 63 bits.
        """
        bits = fraction - self.fraction
        return Interval(shifted(self.low, bits), shifted(self.high, bits), fraction)
