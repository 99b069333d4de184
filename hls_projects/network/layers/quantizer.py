"""A quantizer: rounds and saturates to the type that the model gives it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from data_prep.fixed_point import MAX_WIDTH, FixedType
from hls_projects.network.emulation import Names, StepTail, StepWriter
from hls_projects.network.graph import Node
from hls_projects.network.integer_ops import Integers
from hls_projects.network.interval import Interval
from hls_projects.network.layer import HlsFacts, Layer, Sources
from hls_projects.network.logic import LogicWriter, Values
from hls_projects.network.network import Weights


class Quantizer(Layer):
    """QKeras' `QActivation`, with its activation lowered to a cast."""

    kind = "QActivation"
    quantizes = True
    hls = HlsFacts(behind_flat="activation")
    float32 = "values"

    def integers(self, node: Node, weights: Weights | None, sources: Sources) -> Integers:
        """A cast to the type of the result."""
        return node.result.cast(*sources[0])

    def fraction(self, node: Node, sources: Sequence[int]) -> int:
        """That of its type, whatever it reads."""
        return node.result.fraction

    def interval(self, node: Node, weights: Weights | None, sources: Sequence[Interval]) -> Interval:
        """A cast that saturates is monotone."""
        target, x = node.result, sources[0]
        x = x.at(max(x.fraction, target.fraction))
        if x.fraction - target.fraction >= MAX_WIDTH:
            raise OverflowError(f"its step is more than 2**{MAX_WIDTH} steps of what it reads")
        ends = Interval(target.cast(x.low, x.fraction), target.cast(x.high, x.fraction), target.fraction)
        return _jumping(target, x, ends) if target.overflow in ("WRAP", "SAT_ZERO") else ends

    def logic(self, writer: LogicWriter, node: Node, weights: Weights | None, inputs: Sequence[Values]) -> Values:
        """A cast of each value."""
        return writer.quantized(inputs[0], node.result)

    def plan(self, writer: StepWriter, node: Node) -> Names:
        """A step of its own, none where it changes nothing."""
        return writer.cast(node)

    def join(self, tail: StepTail, node: Node) -> bool:
        """Behind any step."""
        return tail.cast(node)


def _jumping(target: FixedType, x: Interval, ends: Interval) -> Interval:
    """The interval of a cast that wraps or falls to zero: any value, where an end lies outside the range."""
    wide = FixedType(MAX_WIDTH, MAX_WIDTH - target.fraction, True, target.rounding, "SAT")
    inside = (wide.cast(x.low, x.fraction) == ends.low) & (wide.cast(x.high, x.fraction) == ends.high)
    low, high = np.where(inside, ends.low, target.raw_min), np.where(inside, ends.high, target.raw_max)
    return Interval(low, high, target.fraction)


LAYER = Quantizer()
