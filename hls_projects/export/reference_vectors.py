"""Reference vectors: input integers and the output integers that every form of the design must give for them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from data_prep.errors import ProofFailedError
from data_prep.fixed_point import FixedType
from data_prep.settings import Settings
from hls_projects.network.graph import Graph
from hls_projects.proof.vectors import RawSource, Vectors, VectorSource, raw_inputs

Integers = npt.NDArray[np.int64]


class VectorBlock(Settings):
    """Consecutive vectors of one kind."""

    kind: str
    """`data` (jets of the test set), or what corner vectors are: `extreme`, `beyond`, `tie`, `border`, …"""
    first: int
    """Number of the first one, from 0."""
    count: int
    """How many there are."""


@dataclass(frozen=True)
class ReferenceVectors:
    """Vectors of all kinds, one after the other.

    Attributes:
        blocks: which vectors are of which kind.
        inputs: int64 [vectors, *shape] an input, raw integers of the port's type.
        outputs: int64 [vectors, *shape] an output, likewise.
    """

    blocks: tuple[VectorBlock, ...]
    inputs: tuple[Integers, ...]
    outputs: tuple[Integers, ...]

    @property
    def count(self) -> int:
        """Number of vectors."""
        return sum(block.count for block in self.blocks)


def reference_vectors(
    model: Any,
    types: Graph,
    sources: Sequence[VectorSource | RawSource],
    model_inputs: Callable[[Sequence[Integers]], Sequence[Vectors]] | None = None,
) -> ReferenceVectors:
    """Compute what the hardware must give.

    Values are turned into the integers of the input port (rounded and saturated there, as the design's first step), raw
    integers are taken as they are; then the lowered model is evaluated on exactly those.

    Args:
        model: the lowered model in exact inference.
        types: its proven types, with the image builder where the design starts from candidates.
        sources: vectors by kind.
        model_inputs: what the model is given for these integers of the inputs; their values where it is not said.

    Raises:
        ProofFailedError: when an output of the model lies off the grid of its proven type.
    """
    blocks: list[VectorBlock] = []
    inputs: list[list[Integers]] = [[] for _ in types.inputs]
    outputs: list[list[Integers]] = [[] for _ in types.outputs]
    first = 0
    for source in sources:
        for batch in source.batches(500):
            raw = raw_inputs(types.inputs, batch)
            exact = list(model_inputs(raw)) if model_inputs else _values(types, raw)
            outputs_of_model = model(exact if len(exact) > 1 else exact[0], training=False)
            results = list(outputs_of_model) if isinstance(outputs_of_model, list | tuple) else [outputs_of_model]
            for kept, integers in zip(inputs, raw, strict=True):
                kept.append(integers)
            for kept, port, values in zip(outputs, types.outputs, results, strict=True):
                kept.append(_on_grid(np.asarray(values), port.type, port.name))
        blocks.append(VectorBlock(kind=source.kind, first=first, count=source.count))
        first += source.count
    joined = [tuple(np.concatenate(parts) for parts in ports) for ports in (inputs, outputs)]
    return ReferenceVectors(tuple(blocks), joined[0], joined[1])


def _values(types: Graph, raw: Sequence[Integers]) -> list[Vectors]:
    return [port.type.to_float(values).astype(np.float32) for port, values in zip(types.inputs, raw, strict=True)]


def _on_grid(values: npt.NDArray[Any], port_type: FixedType, name: str) -> Integers:
    scaled = np.ldexp(values.astype(np.float64), port_type.fraction)
    raw = np.rint(scaled)
    if not np.array_equal(raw, scaled) or raw.min() < port_type.raw_min or raw.max() > port_type.raw_max:
        raise ProofFailedError(f"output '{name}': the lowered model gives values that do not fit into {port_type.name}")
    integers: Integers = raw.astype(np.int64)
    return integers
