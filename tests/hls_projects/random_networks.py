"""Small integer networks made by hand: every layer kind, with types that their numbers are found to need."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from hypothesis import strategies as st

from data_prep.fixed_point import FixedType, Overflow, Rounding, smallest_type
from hls_projects.network.graph import Graph, Node
from hls_projects.network.integer_ops import same_padding
from hls_projects.network.intervals import intervals
from hls_projects.network.network import Network, Weights
from hls_projects.network.port import Port

WIDE = FixedType(63, 63)


class NetworkBuilder:
    """Adds layers one by one; each gets the narrowest type that holds it."""

    def __init__(self, *ports: tuple[tuple[int, ...], FixedType]) -> None:
        self.inputs = tuple(
            Port(name=f"in{i}", shape=shape, type=port_type) for i, (shape, port_type) in enumerate(ports)
        )
        self.layers: list[Node] = []
        self.weights: dict[str, Weights] = {}

    def network(self, *outputs: str) -> Network:
        """What was built, with the given outputs (the last layer if none)."""
        known = {node.name: (node.shape, node.result) for node in self.layers}
        ports = [(name, *known[name]) for name in outputs or (self.layers[-1].name,)]
        output_ports = tuple(Port(name=name, shape=shape, type=port_type) for name, shape, port_type in ports)
        return Network(Graph(inputs=self.inputs, outputs=output_ports, layers=tuple(self.layers)), self.weights)

    def kind(self, name: str) -> FixedType:
        """Type of an input or layer."""
        found = {each.name: each.type for each in self.inputs} | {each.name: each.result for each in self.layers}
        return found[name]

    def add(
        self,
        kind: str,
        inputs: tuple[str, ...],
        shape: tuple[int, ...],
        *,
        fraction: int | None = None,
        result: FixedType | None = None,
        kernel: np.ndarray | None = None,
        weight: FixedType | None = None,
        bias: np.ndarray | None = None,
        bias_type: FixedType | None = None,
        **geometry: Any,
    ) -> str:
        """Add a layer; `fraction` of its result, or its type."""
        name = f"layer{len(self.layers)}"
        if kernel is not None:
            self.weights[name] = Weights(kernel, bias)
        fraction = max(self.kind(source).fraction for source in inputs) if fraction is None else fraction
        chosen = result or FixedType(63, 63 - fraction)
        draft = Node(
            name=name, kind=kind, source=name, inputs=inputs, shape=shape, result=chosen, weight=weight, bias=bias_type,
            low=0.0, high=0.0, **geometry,
        )  # fmt: skip
        self.layers.append(draft)
        if result is None:
            low, high = intervals(self.network())[name].ends
            self.layers[-1] = draft.model_copy(update={"result": smallest_type(low, high, fraction)})
        return name


ROUNDINGS: tuple[Rounding, ...] = ("TRN", "RND", "RND_CONV", "RND_ZERO")
OVERFLOWS: tuple[Overflow, ...] = ("SAT", "WRAP", "SAT_SYM", "SAT_ZERO")


def weights(draw: st.DrawFn, shape: tuple[int, ...], weight_type: FixedType) -> np.ndarray:
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    values = rng.integers(weight_type.raw_min, weight_type.raw_max, shape, endpoint=True)
    values *= rng.random(shape) < draw(st.sampled_from([0.0, 0.3, 1.0]))
    # one output without any weight
    values[..., 0] *= draw(st.integers(0, 1))
    return values


@st.composite
def built(
    draw: st.DrawFn, roundings: Sequence[Rounding] = ROUNDINGS, overflows: Sequence[Overflow] = OVERFLOWS
) -> NetworkBuilder:
    """A chain of layers over a small image, with a skip connection where two shapes agree."""
    width = draw(st.sampled_from([1, 8, 10, 16, 17, 24]))
    number_format = FixedType(width, draw(st.integers(-2, width + 2)), draw(st.booleans()), "RND_CONV", "SAT")
    rows, columns, channels = draw(st.integers(3, 6)), draw(st.integers(3, 6)), draw(st.integers(1, 5))
    build = NetworkBuilder(((rows, columns, channels), number_format))
    name, shape, seen = "in0", (rows, columns, channels), {}
    for _ in range(draw(st.integers(1, 5))):
        seen.setdefault(shape, name)
        x = build.kind(name)
        weight = FixedType(draw(st.sampled_from([1, 2, 6, 16])), draw(st.integers(-1, 3)))
        layer = draw(st.sampled_from(["conv", "depthwise", "cast", "cast", "relu", "max", "mean", "up", "pad", "join"]))
        if layer in ("conv", "depthwise") and x.width + weight.width < 45:
            window = draw(st.sampled_from([(1, 1), (2, 2), (3, 3), (1, 3)]))
            strides = draw(st.sampled_from([(1, 1), (2, 2), (2, 1)]))
            same = draw(st.booleans()) or shape[0] < window[0] or shape[1] < window[1]
            padding = same_padding(shape[:2], window, strides) if same else ((0, 0), (0, 0))
            size = [(n + sum(z) - k) // s + 1 for n, z, k, s in zip(shape[:2], padding, window, strides, strict=True)]
            out = draw(st.integers(1, 6)) if layer == "conv" else shape[2]
            kernel = weights(draw, (*window, shape[2], out if layer == "conv" else 1), weight)
            bias_type = FixedType(6, draw(st.integers(1, 4)))
            fraction = max(x.fraction + weight.fraction, bias_type.fraction)
            bias = weights(draw, (out,), bias_type) if draw(st.booleans()) else None
            fraction = x.fraction + weight.fraction if bias is None else fraction
            shape = (*size, out)
            name = build.add(
                "QConv2D" if layer == "conv" else "QDepthwiseConv2D", (name,), shape, fraction=fraction, kernel=kernel,
                weight=weight, bias=bias, bias_type=None if bias is None else bias_type, window=window, strides=strides,
                padding=padding,
            )  # fmt: skip
        elif layer == "cast":
            bits = draw(st.sampled_from([1, 4, 8, 16, 20]))
            integer = x.integer - draw(st.integers(-2, 4))
            if abs(bits - integer - x.fraction) < 30:
                modes = draw(st.sampled_from(roundings)), draw(st.sampled_from(overflows))
                name = build.add(
                    "QActivation", (name,), shape, result=FixedType(bits, integer, draw(st.booleans()), *modes)
                )
        elif layer == "relu":
            name = build.add("ReLU", (name,), shape)
        elif layer in ("max", "mean") and min(shape[:2]) >= 2:
            strides = draw(st.sampled_from([(2, 2), (1, 1), (1, 2)]))
            shape = ((shape[0] - 2) // strides[0] + 1, (shape[1] - 2) // strides[1] + 1, shape[2])
            more = {"fraction": x.fraction + 2} if layer == "mean" else {}
            kind_name = "MaxPooling2D" if layer == "max" else "AveragePooling2D"
            name = build.add(kind_name, (name,), shape, window=(2, 2), strides=strides, **more)
        elif layer == "up" and shape[0] * shape[1] <= 36:
            shape = (2 * shape[0], shape[1], shape[2])
            name = build.add("UpSampling2D", (name,), shape, window=(2, 1))
        elif layer == "pad":
            shape = (shape[0] + 1, shape[1] + 2, shape[2])
            name = build.add("ZeroPadding2D", (name,), shape, padding=((1, 0), (0, 2)))
        elif layer == "join" and seen[shape] != name and abs(build.kind(seen[shape]).fraction - x.fraction) < 20:
            added = draw(st.booleans())
            before = seen[shape]
            if not added:
                shape = (*shape[:2], 2 * shape[2])
            name = build.add("Add" if added else "Concatenate", (name, before), shape)
    if draw(st.booleans()) and build.kind(name).width < 40:
        name = build.add("Flatten", (name,), (int(np.prod(shape)),))
        number_format = FixedType(5, 1)
        fraction = build.kind(name).fraction + number_format.fraction
        kernel = weights(draw, (int(np.prod(shape)), 5), number_format)
        name = build.add("QDense", (name,), (5,), fraction=fraction, kernel=kernel, weight=number_format)
    elif not build.layers:
        build.add("ReLU", (name,), shape)
    return build
