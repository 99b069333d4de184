"""The operations by which plain layers write their logic (`network/logic.py`), on the traced values of the compiler.

A tensor is an object array of the compiler's `FVariable`, [rows, columns, channels] or [values]; every element knows
its own interval, so each gets just the bits it needs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from alkaid.cmvm import cmvm_solve
from alkaid.types import QInterval

from data_prep.fixed_point import FixedType
from hls_projects.blocks.image_builder import ImageBuilder
from hls_projects.network.graph import Node
from hls_projects.network.layer import plain_layer
from hls_projects.network.network import Network, Weights
from hls_projects.rtl.logic.image_builder import image
from hls_projects.rtl.logic.quantizer import Form, quantize
from hls_projects.rtl.logic.values import Tensor, fresh, larger, objects, tree, variable


class Tracer:
    """Builds the logic of layers; equal products of a window and a kernel are solved once."""

    def __init__(self, form: Form) -> None:
        self.form = form
        self._solved: dict[Any, Any] = {}

    def layer(self, node: Node, weights: Weights | None, inputs: Sequence[Tensor]) -> Tensor:
        """The outputs of one layer."""
        return plain_layer(node.kind).logic(self, node, weights, inputs)

    def product(self, values: Tensor, kernel: npt.NDArray[np.float64], bias: npt.NDArray[np.float64]) -> Tensor:
        """Vector [in] times matrix [in, out] plus bias [out], by distributed arithmetic without multipliers."""
        constant = np.array([value.low if value.low == value.high else 0.0 for value in values])
        used = np.array([value.low != value.high for value in values]) & kernel.any(axis=1)
        total = bias + constant @ kernel
        if not used.any():
            return self.constants(total)
        values, kernel = values[used], kernel[used]
        intervals = tuple(QInterval(float(x.low), float(x.high), float(x.step)) for x in values)
        delays = tuple(float(x.latency) for x in values)
        key = (kernel.tobytes(), kernel.shape, intervals, delays)
        if key not in self._solved:
            matrix = np.ascontiguousarray(kernel, dtype=np.float32)
            self._solved[key] = cmvm_solve(matrix, qintervals=list(intervals), latencies=list(delays))
        first, second = self._solved[key]
        sums = second(first(values, quantize=False), quantize=False)
        return objects([variable(x) + float(b) if b else variable(x) for x, b in zip(sums, total, strict=True)])

    def constants(self, values: npt.NDArray[np.float64]) -> Tensor:
        """Constants as traced values."""
        flat = objects([variable(float(value)) for value in values.ravel()])
        return flat.reshape(values.shape)

    def windows(self, x: Tensor, node: Node) -> Tensor:
        """[rows out, columns out, channels, window rows, window columns], zeros around the image."""
        rows, columns, channels = x.shape
        (top, bottom), (left, right) = node.padding
        wide = self.constants(np.zeros((rows + top + bottom, columns + left + right, channels)))
        wide[top : top + rows, left : left + columns] = x
        view: Tensor = np.lib.stride_tricks.sliding_window_view(wide, node.window, axis=(0, 1))  # type: ignore[call-overload]
        return view[:: node.strides[0], :: node.strides[1]]

    def mapped(self, function: Callable[[Any], Any], x: Tensor) -> Tensor:
        """A function of every value."""
        return objects([function(value) for value in x.ravel()]).reshape(x.shape)

    def combined(self, values: Tensor, combine: Callable[[Any, Any], Any]) -> Tensor:
        """[n, terms] to [n]: the terms combined pairwise, those that are ready first."""
        return objects([tree(list(terms), combine) for terms in values])

    def larger(self, a: Any, b: Any) -> Any:
        """The larger of two values."""
        return larger(a, b)

    def quantized(self, x: Tensor, target: FixedType) -> Tensor:
        """A cast to a type, saturating in the form of this tracer."""
        return self.mapped(lambda value: variable(quantize(value, target, self.form)), x)

    def image(self, builder: ImageBuilder, pixel_type: FixedType, inputs: Sequence[Tensor]) -> Tensor:
        """The image of candidates, cast to a type."""
        return image(builder, pixel_type, self.form, inputs)


def inputs_of(network: Network) -> list[Tensor]:
    """The inputs of a network as fresh values, each of its port's type."""
    tensors = []
    for port in network.graph.inputs:
        port_type = port.type
        count = int(np.prod(port.shape))
        values = [fresh(port_type.minimum, port_type.maximum, port_type.step) for _ in range(count)]
        tensors.append(objects(values).reshape(port.shape))
    return tensors
