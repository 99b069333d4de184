"""The interface by which a plain layer writes its logic: operations on traced values, for any compiler of RTL."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from data_prep.fixed_point import FixedType
from hls_projects.blocks.image_builder import ImageBuilder
from hls_projects.network.graph import Node

Values = npt.NDArray[Any]
"""Traced values as an object array, [rows, columns, channels] or [values]; each knows its own interval."""
Reals = npt.NDArray[np.float64]


class LogicWriter(Protocol):
    """Operations on traced values, which have `+`, `*` with a constant, and `relu()` too."""

    def product(self, values: Values, kernel: Reals, bias: Reals) -> Values:
        """Vector [in] times matrix [in, out] plus bias [out]."""

    def constants(self, values: Reals) -> Values:
        """Constants as traced values, in their shape."""

    def windows(self, x: Values, node: Node) -> Values:
        """[rows out, columns out, channels, window rows, window columns], zeros around the image."""

    def mapped(self, function: Callable[[Any], Any], x: Values) -> Values:
        """A function of every value."""

    def combined(self, values: Values, combine: Callable[[Any, Any], Any]) -> Values:
        """[n, terms] to [n]: the terms combined pairwise, those that are ready first."""

    def larger(self, a: Any, b: Any) -> Any:
        """The larger of two values."""

    def quantized(self, x: Values, target: FixedType) -> Values:
        """A cast to a type."""

    def image(self, builder: ImageBuilder, pixel_type: FixedType, inputs: Sequence[Values]) -> Values:
        """The image of candidates, cast to a type."""
