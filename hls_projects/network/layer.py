"""What a plain layer is: the facets that every file of `hls_projects/network/layers/` fills in."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar, Literal

from data_prep.fixed_point import FixedType, smallest_type
from data_prep.registry import Registry
from hls_projects.network.emulation import Names, StepTail, StepWriter
from hls_projects.network.geometry import Geometry
from hls_projects.network.graph import Node
from hls_projects.network.integer_ops import Integers
from hls_projects.network.interval import Interval
from hls_projects.network.logic import LogicWriter, Values
from hls_projects.network.network import Weights

Sources = Sequence[tuple[Integers, int]]
"""What a layer reads: raw integers int64 [vectors, …], and how many of their bits stand behind the point."""

Rows = Literal["same", "window", "repeated", "spread", "moved", "added"]
"""How the rows of a layer's output hang on those of its input, for a stream in which an image comes row by row.

- `same`: each needs the same row alone.
- `window`: each needs `node.window[0]` rows, which are kept in registers until the last one is there.
- `repeated`: one row becomes `node.window[0]` rows.
- `spread`: one row becomes itself, and rows of zeros behind it, together `node.window[0]`.
- `moved`: numbers go to other rows, so the whole image is needed; none where they stay in their row after all.
- `added`: there are rows of zeros that no row of the input stands for; a stream has no clocks for them.
"""


@dataclass(frozen=True)
class HlsFacts:
    """What hls4ml does with a layer in its own way.

    Attributes:
        vanishes: it may leave the layer out of its project.
        flattens: where it streams pixels, they stay in beats of their own behind this layer.
        behind_flat: what it computes wrongly behind such a layer, in a word; empty where that is right.
        weight: another name under which it wants the type of the kernel.
        aborts: it cannot build the layer with strategy `resource` in `io_parallel`; the layer's name in its message.
    """

    vanishes: bool = False
    flattens: bool = False
    behind_flat: str = ""
    weight: str = ""
    aborts: str = ""


class Layer(ABC):
    """One kind of layer.

    Its methods get the layer of a network as `node`: name, shape, types and geometry. They hold no state.
    """

    kind: ClassVar[str]
    """Its name in `types.json`: that of the Keras class."""
    moves: ClassVar[bool] = False
    """Whether it only moves numbers, or puts zeros between them. Its type is that of its input."""
    quantizes: ClassVar[bool] = False
    """Whether it casts its input to a type that the model declares."""
    finer: ClassVar[bool] = False
    """Whether its result may have more bits behind the point than `fraction`."""
    kernel: ClassVar[str | None] = None
    """How Keras and QKeras name its weights (`kernel`, `depthwise`); none where it has none."""
    float32: ClassVar[str] = ""
    """What of it float32 may round, so that the Keras model would not compute it exactly: `sums`, `values`."""
    pads: ClassVar[bool] = False
    """Whether it reads `node.padding` zeros around its image."""
    rows: ClassVar[Rows] = "same"
    """How its rows hang on those of its input."""
    costly: ClassVar[bool] = True
    """Whether its logic counts in the estimate of a network's LUTs; wires and single gates do not."""
    hls: ClassVar[HlsFacts] = HlsFacts()
    """What hls4ml does with it in its own way."""

    def geometry(self, layer: Any) -> Geometry:
        """Its window, read off the Keras layer."""
        return Geometry()

    @abstractmethod
    def integers(self, node: Node, weights: Weights | None, sources: Sources) -> Integers:
        """What it computes, one obvious line: the reference of every other form.

        Returns:
            int64 [vectors, …] with the fraction of `node.result`.

        Raises:
            UnsupportedModelError: weights or an image builder that it should have are missing.
            OverflowError: more than 63 bits.
        """

    def fraction(self, node: Node, sources: Sequence[int]) -> int:
        """The bits behind the point of its result, of those of its inputs and of its weights."""
        return max(sources)

    def interval(self, node: Node, weights: Weights | None, sources: Sequence[Interval]) -> Interval:
        """What its output can be, where its inputs can be anything within intervals (of a monotone layer, if not said).

        Source: Moore, Kearfott and Cloud 2009, "Introduction to Interval Analysis", chapter 5.

        Raises:
            UnsupportedModelError: weights or an image builder that it should have are missing.
            OverflowError: more than 63 bits.
        """
        ends = ([(x.low, x.fraction) for x in sources], [(x.high, x.fraction) for x in sources])
        low, high = (self.integers(node, weights, end) for end in ends)
        return Interval(low, high, node.result.fraction)

    def partial_sums(self, node: Node, weights: Weights | None, sources: Sequence[Interval]) -> Interval | None:
        """What its accumulator can be while some terms are still missing, in any order; none without accumulator."""
        return None

    def accumulator(self, sums: Interval) -> FixedType:
        """The type of its accumulator: signed, so that a single negative term cannot surprise a tool."""
        low, high = int(sums.low.min()), int(sums.high.max())
        return smallest_type(min(low, -1), high, sums.fraction)

    @abstractmethod
    def logic(self, writer: LogicWriter, node: Node, weights: Weights | None, inputs: Sequence[Values]) -> Values:
        """Its outputs as logic of traced inputs, in the shape of `node`."""

    @abstractmethod
    def plan(self, writer: StepWriter, node: Node) -> Names:
        """Plan it in the fast emulator."""

    def join(self, tail: StepTail, node: Node) -> bool:
        """Join the step that makes its input; whether it did."""
        return False


LAYERS = Registry("hls_projects.network.layers", "LAYER", Layer)  # type: ignore[type-abstract]


@cache
def _by_kind() -> Mapping[str, Layer]:
    layers = {layer.kind: layer for layer in LAYERS.values()}
    if len(layers) < len(LAYERS):
        raise TypeError("two files of hls_projects/network/layers have the same `kind`")
    return layers


def plain_layer(kind: str) -> Layer:
    """The plain layer of a kind.

    Raises:
        KeyError: there is none.
    """
    return _by_kind()[kind]
