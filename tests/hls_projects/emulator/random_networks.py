"""Small integer networks made by hand: every layer kind, with types that their numbers are found to need."""

from __future__ import annotations

from typing import Any

import numpy as np

from data_prep.fixed_point import FixedType, smallest_type
from hls_projects.emulator.intervals import intervals
from hls_projects.model_types import LayerTypes, ModelTypes, PortType
from hls_projects.network import Network, Weights

WIDE = FixedType(63, 63)


class NetworkBuilder:
    """Adds layers one by one; each gets the narrowest type that holds it."""

    def __init__(self, *ports: tuple[tuple[int, ...], FixedType]) -> None:
        self.inputs = tuple(PortType(name=f"in{i}", shape=shape, type=kind) for i, (shape, kind) in enumerate(ports))
        self.layers: list[LayerTypes] = []
        self.weights: dict[str, Weights] = {}

    def network(self, *outputs: str) -> Network:
        """What was built, with the given outputs (the last layer if none)."""
        known = {each.name: (each.shape, each.result) for each in self.layers}
        ports = [(name, *known[name]) for name in outputs or (self.layers[-1].name,)]
        made = tuple(PortType(name=name, shape=shape, type=kind) for name, shape, kind in ports)
        return Network(ModelTypes(inputs=self.inputs, outputs=made, layers=tuple(self.layers)), self.weights)

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
        fraction = max(self.kind(each).fraction for each in inputs) if fraction is None else fraction
        chosen = result or FixedType(63, 63 - fraction)
        draft = LayerTypes(
            name=name, kind=kind, source=name, inputs=inputs, shape=shape, result=chosen, weight=weight, bias=bias_type,
            low=0.0, high=0.0, **geometry,
        )  # fmt: skip
        self.layers.append(draft)
        if result is None:
            low, high = intervals(self.network())[name].ends
            self.layers[-1] = draft.model_copy(update={"result": smallest_type(low, high, fraction)})
        return name
