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
"""How the rows of a layer's output depend on those of its input, where an image comes row by row (the streamed form).

- `same`: each row depends on the same row of the input alone.
- `window`: each depends on `node.window[0]` rows, which are kept in registers until the last one is there.
- `repeated`: one row becomes `node.window[0]` rows.
- `spread`: one row becomes itself, and rows of zeros behind it, together `node.window[0]`.
- `moved`: numbers go to other rows, so the whole image must be there, unless all of them stay in their row after all.
- `added`: rows of zeros are added that belong to no row of the input; a stream has no clocks for them.
"""


@dataclass(frozen=True)
class HlsFacts:
    """The peculiarities of hls4ml with a layer.

    Attributes:
        vanishes: hls4ml may leave the layer out of its project.
        flattens: in a stream the numbers still come pixel by pixel behind this layer, although its shape is flat.
        behind_flat: the word, for messages, for what hls4ml computes wrongly behind such a layer; empty where nothing.
        weight: the key under which hls4ml expects the type of the kernel, where it has a special one.
        aborts: the layer's name in messages, where hls4ml cannot build it with strategy `resource` in `io_parallel`.
    """

    vanishes: bool = False
    flattens: bool = False
    behind_flat: str = ""
    weight: str = ""
    aborts: str = ""


class Layer(ABC):
    """One kind of layer, such as a convolution. It holds no state.

    Its methods are given a `node` of a network that is of this kind: name, shape, types and geometry.
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
    """Which of its numbers float32 could round (`sums`, `values`), so that the Keras model would not be exact."""
    pads: ClassVar[bool] = False
    """Whether it reads `node.padding` zeros around its image."""
    rows: ClassVar[Rows] = "same"
    """How its rows hang on those of its input."""
    costly: ClassVar[bool] = True
    """Whether its logic counts in the estimate of a network's LUTs; wires and single gates do not."""
    hls: ClassVar[HlsFacts] = HlsFacts()
    """The peculiarities of hls4ml with it."""

    def geometry(self, layer: Any) -> Geometry:
        """Window, strides and padding of the Keras layer."""
        return Geometry()

    @abstractmethod
    def integers(self, node: Node, weights: Weights | None, sources: Sources) -> Integers:
        """Its output in integers, in one obvious line: the reference of every other form.

        Returns:
            int64 [vectors, …] with the fraction of `node.result`.

        Raises:
            UnsupportedModelError: weights or an image builder that it should have are missing.
            OverflowError: more than 63 bits.
        """

    def fraction(self, node: Node, sources: Sequence[int]) -> int:
        """The bits behind the point of its result, which follow from those of its inputs and weights."""
        return max(sources)

    def interval(self, node: Node, weights: Weights | None, sources: Sequence[Interval]) -> Interval:
        """The interval of its output, for inputs anywhere within theirs. This default is that of a monotone layer.

        Source: Moore, Kearfott and Cloud 2009, "Introduction to Interval Analysis", chapter 5.

        Raises:
            UnsupportedModelError: weights or an image builder that it should have are missing.
            OverflowError: more than 63 bits.
        """
        ends = ([(x.low, x.fraction) for x in sources], [(x.high, x.fraction) for x in sources])
        low, high = (self.integers(node, weights, end) for end in ends)
        return Interval(low, high, node.result.fraction)

    def partial_sums(self, node: Node, weights: Weights | None, sources: Sequence[Interval]) -> Interval | None:
        """The interval of its accumulator while terms are missing, in any order; none where it has no accumulator."""
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
        """Join the step that computes its input; returns whether it did."""
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
