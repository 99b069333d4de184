"""Test vectors: what a comparison of two forms of a network is made on.

Beside the data come vectors that data seldom holds: the extremes of the input type, values beyond them, and values on
rounding ties.

An image is given in values, float32, since the trained model is given more than its port holds: values beyond the range
and between the steps. All are exact in float32, so that every form of the network is given the same numbers. Candidates
are integers where they come from, and are given as the raw integers of their ports, int64.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from data_prep.fixed_point import FixedType
from hls_projects.network.integer_ops import Integers
from hls_projects.network.port import Port

Vectors = npt.NDArray[np.float32]
Number = TypeVar("Number", bound=np.generic, covariant=True)

_TIES = 2**22 - 2
"""Up to here a quarter step beside half a step is exact in float32."""


class SourceOf(Protocol[Number]):
    """Test vectors of one kind."""

    @property
    def kind(self) -> str:
        """What they are: `data`, `random`, `extreme`, `beyond` or `tie`."""

    @property
    def count(self) -> int:
        """Number of vectors."""

    def batches(self, size: int) -> Iterator[tuple[npt.NDArray[Number], ...]]:
        """Batches of at most `size` vectors: one array [vectors, …] an input of the model."""


VectorSource = SourceOf[np.float32]
"""Test vectors in values."""
RawSource = SourceOf[np.int64]
"""Test vectors in raw integers of the ports."""


@dataclass(frozen=True)
class VectorSet(Generic[Number]):
    """Test vectors in memory: one array [vectors, …] an input of the model."""

    kind: str
    inputs: tuple[npt.NDArray[Number], ...]

    @property
    def count(self) -> int:
        """Number of vectors."""
        return len(self.inputs[0])

    def batches(self, size: int) -> Iterator[tuple[npt.NDArray[Number], ...]]:
        """See `VectorSource`."""
        for first in range(0, self.count, size):
            yield tuple(array[first : first + size] for array in self.inputs)


@dataclass(frozen=True)
class SomeVectors(Generic[Number]):
    """Some vectors of a source.

    Attributes:
        source: all of them.
        rows: int64, which of them, ascending.
    """

    source: SourceOf[Number]
    rows: npt.NDArray[np.int64]

    @property
    def kind(self) -> str:
        """See `VectorSource`."""
        return self.source.kind

    @property
    def count(self) -> int:
        """See `VectorSource`."""
        return self.rows.size

    def batches(self, size: int) -> Iterator[tuple[npt.NDArray[Number], ...]]:
        """See `VectorSource`."""
        first = 0
        for inputs in self.source.batches(size):
            rows = self.rows[(self.rows >= first) & (self.rows < first + len(inputs[0]))] - first
            first += len(inputs[0])
            if rows.size:
                yield tuple(array[rows] for array in inputs)
            if not self.rows.size or first > self.rows[-1]:
                return


def some_vectors(source: SourceOf[Number], most: int | None) -> SomeVectors[Number]:
    """At most so many vectors of a source: the first half of them, the others evenly spread over the rest.

    Args:
        source: all of them.
        most: how many; None for all.
    """
    if most is None or most >= source.count:
        return SomeVectors(source, np.arange(source.count))
    first = (most + 1) // 2
    spread = first + np.arange(most - first) * (source.count - first) // max(most - first, 1)
    return SomeVectors(source, np.concatenate([np.arange(first), spread]))


def raw_inputs(ports: Sequence[Port], inputs: Sequence[Vectors | Integers]) -> list[Integers]:
    """Test vectors as the hardware is given them: values rounded and saturated at their ports, raw integers unchanged.

    Args:
        ports: the inputs.
        inputs: an array [vectors, …] of each.

    Raises:
        ValueError: a raw integer that its port does not hold.
    """
    return [_raw(port, vectors) for port, vectors in zip(ports, inputs, strict=True)]


def _raw(port: Port, vectors: Vectors | Integers) -> Integers:
    if vectors.dtype != np.int64:
        return port.type.quantize(vectors)
    lowest, highest = port.type.raw_min, port.type.raw_max
    if vectors.size and not lowest <= vectors.min() <= vectors.max() <= highest:
        raise ValueError(f"{port.name} holds integers outside {lowest} to {highest}, its type's range")
    return np.asarray(vectors, np.int64)


def made_vectors(
    ports: Sequence[tuple[Sequence[int], FixedType]], count: int, seed: int
) -> list[VectorSet[np.float32]]:
    """All vectors that need no data: corner vectors and `count` random ones, for every input of a model.

    Args:
        ports: shape and type of each input.
        count: number of random vectors.
        seed: of all choices; each input gets its own.
    """
    corners = [corner_vectors(shape, port_type, seed + i) for i, (shape, port_type) in enumerate(ports)]
    sets = []
    for name in corners[0]:
        longest = max(len(by_name[name]) for by_name in corners)
        sets.append(
            VectorSet(name, tuple(np.resize(by_name[name], (longest, *by_name[name].shape[1:])) for by_name in corners))
        )
    if count:
        drawn = (random_vectors(shape, port_type, count, seed + i) for i, (shape, port_type) in enumerate(ports))
        sets.append(VectorSet("random", tuple(drawn)))
    return sets


def corner_vectors(shape: Sequence[int], port_type: FixedType, seed: int) -> dict[str, Vectors]:
    """Vectors at and beyond the edges of the input type, by kind.

    Args:
        shape: of one input.
        port_type: its type.
        seed: of the random choices.

    Returns:
        float32 [n, *shape] by kind: `extreme` (constant and alternating smallest and largest values, one lit element at
        a time), `beyond` (up to four times the range), `tie` (odd multiples of half a step and the quarters by them).
    """
    rng = np.random.default_rng(seed)
    size = int(np.prod(shape))
    low, high, step = port_type.minimum, port_type.maximum, port_type.step
    alternating = np.where(np.arange(size) % 2 == 0, low, high)
    constant = [np.full(size, value) for value in (0.0, low, high, step, high - step)]
    single = np.zeros((min(size, 256), size))
    lit = np.linspace(0, size - 1, len(single)).astype(int)
    single[np.arange(len(single)), lit] = high
    extreme = np.vstack([*constant, alternating, alternating[::-1], single])
    count = 256
    steps = 2**port_type.width
    # What lies beyond may be any float32; ties of a wide type are exact in it only near zero.
    beyond = (rng.integers(-4 * steps, 4 * steps, (count, size), endpoint=True) * step).astype(np.float32)
    least, most = max(port_type.raw_min - 2, -_TIES), min(port_type.raw_max + 2, _TIES)
    halves = 2 * rng.integers(least, most, (count, size), endpoint=True) + 1
    ties = (halves + rng.choice([-0.5, 0.0, 0.0, 0.0, 0.5], (count, size))) * step / 2
    return {
        name: _shaped(values, shape) for name, values in {"extreme": extreme, "beyond": beyond, "tie": ties}.items()
    }


def random_vectors(shape: Sequence[int], port_type: FixedType, count: int, seed: int) -> Vectors:
    """Uniform over all values of the type; in half of the vectors most elements are zero, as in images."""
    rng = np.random.default_rng(seed)
    raw = rng.integers(port_type.raw_min, port_type.raw_max, (count, int(np.prod(shape))), endpoint=True)
    raw[: count // 2] *= rng.random((count // 2, raw.shape[1])) < 0.1
    return _shaped(raw * port_type.step, shape)


def _shaped(values: npt.NDArray[np.float64], shape: Sequence[int]) -> Vectors:
    exact = values.astype(np.float32)
    if not np.array_equal(exact, values):
        raise ValueError("test vectors must be exact in float32; the input type is too wide")
    return exact.reshape(-1, *shape)
