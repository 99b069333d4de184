"""From an integer network to the steps of the fast emulator."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from data_prep.errors import UnsupportedModelError
from data_prep.fixed_point import FixedType
from hls_projects.blocks.image_builder import ImageBuilder
from hls_projects.emulator.offsets import Pool, bordered, regular, windows_of
from hls_projects.emulator.plan import (
    LANES,
    Bits,
    Build,
    Cast,
    Clip,
    Elementwise,
    Offsets,
    Operand,
    OutputGroup,
    Plan,
    Sums,
    Tensor,
    bits_for,
)
from hls_projects.network.emulation import Names
from hls_projects.network.graph import Node
from hls_projects.network.integer_ops import Zeros
from hls_projects.network.interval import Interval
from hls_projects.network.intervals import intervals
from hls_projects.network.layer import plain_layer
from hls_projects.network.network import Network

GROUP = 4
"""Outputs that are computed together with paired products: their sums fill half of the registers."""
_LARGEST = 1 << 30


def plan(network: Network) -> Plan:
    """Plan a network.

    Raises:
        UnsupportedModelError: a number that needs more than 64 bits, types that do not hold the network's numbers, or
            a network whose images are too large for one block.
    """
    return _Planner(network).run()


class _Planner:
    def __init__(self, network: Network) -> None:
        self._network = network
        self._graph = network.graph
        self._intervals = intervals(network)
        self._nodes = {node.name: node for node in self._graph.layers}
        self._types: dict[str, FixedType] = {port.name: port.type for port in self._graph.inputs}
        self._types |= {node.name: node.result for node in self._graph.layers}
        self._users: dict[str, list[Node]] = {name: [] for name in self._types}
        for node in self._graph.layers:
            for name in node.inputs:
                self._users[name].append(node)
        self._uses = Counter({name: len(users) for name, users in self._users.items()})
        self._uses.update(port.name for port in self._graph.outputs)
        self._tensors: dict[str, Tensor] = {}
        self._plan = Plan(size=LANES * 8)

    def run(self) -> Plan:
        for port in self._graph.inputs:
            self._tensors[port.name] = self._allocate(port.name, port.shape)
            self._plan.inputs.append((self._tensors[port.name], port.type))
        done: set[str] = set()
        for node in self._graph.layers:
            if node.name in done:
                continue
            try:
                done |= plain_layer(node.kind).plan(self, node)
            except OverflowError as error:
                raise UnsupportedModelError(f"layer '{node.name}': {error}", remedy="use fewer bits") from None
        self._plan.outputs = [(self._tensors[port.name], port.type) for port in self._graph.outputs]
        return self._plan

    # images of candidates

    def build(self, node: Node, builder: ImageBuilder) -> Names:
        """The image of candidates."""
        image_type = builder.result
        cast = Cast(node.result, image_type.fraction, 0, image_type.raw_max)
        target = self._tensors[node.name] = self._allocate(node.name, node.shape)
        total = builder.candidates.number * builder.candidates.pt.type.raw_max
        lane = max(32, bits_for(0, max(total, image_type.raw_max)), cast.bits)
        chain = () if cast.identity else (cast,)
        self._plan.steps.append(Build(node.name, builder, tuple(self._sources(node)), target, _lane(lane), chain))
        return {node.name}

    # layers that only move numbers

    def view(self, node: Node, move: Callable[[Offsets], Offsets]) -> Names:
        """The same numbers, their offsets moved."""
        (x,) = self._sources(node)
        self._tensors[node.name] = Tensor(move(x.offset), x.bits, x.low, x.high, node.result.fraction)
        return {node.name}

    def concatenate(self, node: Node) -> Names:
        """A view where all inputs are stored alike, else copies."""
        sources = self._sources(node)
        if len({(source.bits, source.fraction) for source in sources}) == 1:
            joined = np.concatenate([source.offset for source in sources], axis=-1)
            low, high = self._ends(node.name)
            self._tensors[node.name] = Tensor(joined, sources[0].bits, low, high, node.result.fraction)
            return {node.name}
        target = self._tensors[node.name] = self._allocate(node.name, node.shape)
        at = 0
        for source in sources:
            width = source.offset.shape[-1]
            shift = node.result.fraction - source.fraction
            lane = bits_for(*_union((source.low << shift, source.high << shift), (source.low, source.high)))
            operand = Operand(source, source.offset.reshape(-1, 1), shift)
            to = target.offset[..., at : at + width].reshape(-1)
            self._plan.steps.append(Elementwise(node.name, (operand,), "sum", target, to, lane))
            at += width
        return {node.name}

    # sums of products

    def sums(self, node: Node, terms: Callable[[Offsets], Offsets], *, separate: bool) -> Names:
        """Sums of products with the weights of the layer, plus its bias."""
        (x,) = self._sources(node)
        weights = self._network.weights[node.name]
        if node.weight is None:
            raise UnsupportedModelError(f"layer '{node.name}' has no weights")
        shift = node.result.fraction - x.fraction - node.weight.fraction
        bias = np.zeros(node.shape[-1], np.int64)
        if weights.bias is not None and node.bias is not None:
            bias = weights.bias << (node.result.fraction - node.bias.fraction)
        kernel = weights.kernel
        if shift and np.abs(kernel).max(initial=0) << shift < 1 << 15:
            kernel, shift = kernel << shift, 0
        windows = self._windows(node, x, terms)
        inside = windows[0] - windows[0].min()
        base = windows.reshape(len(windows), -1).min(axis=1)
        tail = self._follow(node, poolable=len(node.shape) == 3)
        chain = tuple(tail.chain)
        low, high = self._ends(node.name)
        spans = [(low, high), *((int(w.min(initial=0)), int(w.max(initial=0))) for w in (kernel, bias))]
        needed = max([x.bits, bits_for(*_union(*spans)), *(_bits(link) for link in chain)])
        small = x.bits == 16 and _fits(kernel, 16) and not shift
        lane = 16 if small and separate and needed == 16 else max(32, needed)
        paired = small and lane == 32
        target = self._target(tail)
        pixels = np.arange(len(base)).reshape(*node.shape[:-1], 1)
        grouped = windows_of(pixels, tail.window) if tail.window else pixels.reshape(-1, 1)
        self._plan.steps.append(
            Sums(
                name=" ".join(tail.names),
                source=x,
                target=target,
                paired=paired,
                lane=_lane(lane),
                shift=shift,
                base=base[grouped],
                first=target.offset[..., 0].reshape(-1),
                groups=_groups(inside, kernel, bias, separate, GROUP if paired else 1),
                chain=chain,
            )
        )
        return set(tail.names)

    def _windows(self, node: Node, x: Tensor, terms: Callable[[Offsets], Offsets]) -> Offsets:
        """Offsets [pixels, terms, channels] that each output pixel reads: those of the first pixel, shifted."""

        def read(tensor: Tensor) -> Offsets:
            return terms(bordered(tensor, node.padding) if plain_layer(node.kind).pads else tensor.offset)

        windows = read(x)
        if regular(windows):
            return windows
        copy = self._allocate(node.name, x.offset.shape, bits=x.bits, border=node.padding)
        operand = Operand(x, x.offset.reshape(-1, 1))
        step = Elementwise(f"{node.name} (copy)", (operand,), "sum", copy, copy.offset.reshape(-1), x.bits)
        self._plan.steps.append(step)
        return read(copy)

    # sums and maxima

    def pool(self, node: Node, reduction: Literal["sum", "max"]) -> Names:
        """The sum or the maximum of every window."""
        (x,) = self._sources(node)
        operands = [Operand(x, windows_of(x.offset, (node.window, node.strides)))]
        tail = self._follow(node, poolable=False)
        return self._elementwise(operands, reduction, self._ends(node.name), (), tail)

    def add(self, node: Node) -> Names:
        """The sum of all inputs."""
        operands = [Operand(x, x.offset.reshape(-1, 1), node.result.fraction - x.fraction) for x in self._sources(node)]
        tail = self._follow(node, poolable=False)
        return self._elementwise(operands, "sum", self._ends(node.name), (), tail)

    def clip(self, node: Node) -> Names:
        """Nothing below zero."""
        return self._number_by_number(node, Clip())

    def cast(self, node: Node) -> Names:
        """A cast; only another fraction where that changes no integer."""
        cast = self._cast(node)
        if not cast.identity:
            return self._number_by_number(node, cast)
        (x,) = self._sources(node)
        self._tensors[node.name] = replace(x, fraction=node.result.fraction)
        return {node.name}

    def _number_by_number(self, node: Node, head: Cast | Clip) -> Names:
        (x,) = self._sources(node)
        tail = self._follow(node, poolable=head.monotone and len(node.shape) == 3)
        if tail.window:
            operand = Operand(x, windows_of(x.offset, tail.window))
            return self._elementwise([operand], "max", (x.low, x.high), (head,), tail)
        operand = Operand(x, x.offset.reshape(-1, 1))
        return self._elementwise([operand], "sum", (x.low, x.high), (head,), tail)

    def _elementwise(
        self,
        operands: list[Operand],
        reduction: Literal["sum", "max"],
        ends: tuple[int, int],
        head: tuple[Cast | Clip, ...],
        tail: _Tail,
    ) -> Names:
        spans = [_union((t.low << s, t.high << s), (t.low, t.high)) for t, s in ((o.source, o.shift) for o in operands)]
        chain = (*head, *tail.chain)
        lane = max([bits_for(*_union(ends, *spans)), *(_bits(link) for link in chain)])
        target = self._target(tail)
        step = Elementwise(
            " ".join(tail.names), tuple(operands), reduction, target, target.offset.reshape(-1), _lane(lane), chain
        )
        self._plan.steps.append(step)
        return set(tail.names)

    # layers that join a step

    def _follow(self, node: Node, *, poolable: bool) -> _Tail:
        """The layers that join the step of a layer: those behind it, as long as no other layer reads their inputs."""
        tail = _Tail(self._cast, [node.name], poolable)
        while self._uses[tail.names[-1]] == 1 and self._users[tail.names[-1]]:
            (user,) = self._users[tail.names[-1]]
            if not plain_layer(user.kind).join(tail, user):
                break
            tail.names.append(user.name)
        return tail

    def _sources(self, node: Node) -> list[Tensor]:
        return [self._tensors[name] for name in node.inputs]

    def _target(self, tail: _Tail) -> Tensor:
        """Room for the output of a step."""
        name = tail.names[-1]
        target = self._tensors[name] = self._allocate(name, self._nodes[name].shape)
        return target

    def _cast(self, node: Node) -> Cast:
        name = node.inputs[0]
        return Cast(node.result, self._types[name].fraction, *self._ends(name))

    def _ends(self, name: str) -> tuple[int, int]:
        interval: Interval = self._intervals[name]
        return interval.ends

    # the places of tensors

    def _allocate(
        self, name: str, shape: tuple[int, ...], *, bits: Bits | None = None, border: Zeros | None = None
    ) -> Tensor:
        """Room for a tensor, with zeros around it where a convolution reads them."""
        low, high = self._ends(name) if bits is None else (0, 0)
        bits = bits or bits_for(low, high)
        step = LANES * bits // 8
        (top, bottom), (left, right) = (self._border(name) if border is None else border) if len(shape) == 3 else _NONE
        rows, columns, channels = shape if len(shape) == 3 else (1, 1, int(np.prod(shape)))
        room = (rows + top + bottom, columns + left + right, channels)
        offset = self._plan.size + step * np.arange(np.prod(room), dtype=np.int64).reshape(room)
        self._plan.size = -(-(self._plan.size + step * int(np.prod(room))) // 64) * 64
        if self._plan.size > _LARGEST:
            raise UnsupportedModelError(
                f"{LANES} images of this network need more than {_LARGEST >> 20} MiB", remedy="use smaller images"
            )
        inside = offset[top : top + rows, left : left + columns].reshape(shape)
        kept = (offset, (top, left)) if len(shape) == 3 else (None, (0, 0))
        return Tensor(inside, bits, low, high, self._types[name].fraction, *kept)

    def _border(self, name: str) -> Zeros:
        """The widest zeros that a convolution wants around a tensor, also through quantizers that change nothing."""
        widest = np.zeros((2, 2), np.int64)
        for user in self._users[name]:
            plain = plain_layer(user.kind)
            if plain.pads:
                widest = np.maximum(widest, user.padding)
            elif plain.quantizes and self._cast(user).identity:
                widest = np.maximum(widest, self._border(user.name))
        (top, bottom), (left, right) = widest.tolist()
        return (top, bottom), (left, right)


@dataclass
class _Tail:
    """The end of a step.

    Attributes:
        cast_of: the cast of a quantizer.
        names: the layers of the step so far.
        poolable: whether a maximum may move before all of the chain.
        chain: the casts and clips that follow each number.
        window: window and strides of the maximum that was moved.
    """

    cast_of: Callable[[Node], Cast]
    names: list[str]
    poolable: bool
    chain: list[Cast | Clip] = field(default_factory=list)
    window: Pool | None = None

    def clip(self) -> bool:
        """A rectifier."""
        self.chain.append(Clip())
        return True

    def cast(self, node: Node) -> bool:
        """A quantizer; nothing where it changes no integer."""
        cast = self.cast_of(node)
        self.poolable = self.poolable and cast.monotone
        if not cast.identity:
            self.chain.append(cast)
        return True

    def pool(self, node: Node) -> bool:
        """A maximum, where it may move before the chain; no more than one."""
        if not self.poolable or self.window is not None or not _apart(node):
            return False
        self.window = (node.window, node.strides)
        return True


_NONE: Zeros = ((0, 0), (0, 0))


def _union(*spans: tuple[int, int]) -> tuple[int, int]:
    return min(low for low, _ in spans), max(high for _, high in spans)


def _lane(bits: int) -> Bits:
    return bits_for(-(1 << (bits - 1)), 0)


def _bits(link: Cast | Clip) -> int:
    return link.bits if isinstance(link, Cast) else 16


def _fits(values: npt.NDArray[np.int64], bits: int) -> bool:
    return bool(values.min(initial=0) >= -(1 << (bits - 1)) and values.max(initial=0) < 1 << (bits - 1))


def _apart(node: Node) -> bool:
    """Whether the windows of a pooling share no pixel, so that none is computed twice."""
    return node.strides[0] >= node.window[0] and node.strides[1] >= node.window[1]


def _groups(
    inside: Offsets, kernel: npt.NDArray[np.int64], bias: npt.NDArray[np.int64], separate: bool, size: int
) -> tuple[OutputGroup, ...]:
    """Split the outputs into groups; inputs whose weights are all zero in a group are left out."""
    channels = kernel.shape[-2] if separate else kernel.shape[-1]
    if separate:
        size = 1
    groups = []
    for first in range(0, channels, size):
        chosen = tuple(range(first, min(first + size, channels)))
        if separate:
            terms, weights = inside[:, first], kernel.reshape(-1, channels)[:, [first]]
        else:
            terms, weights = inside.reshape(-1), kernel.reshape(-1, channels)[:, list(chosen)]
        used = (weights != 0).any(axis=1)
        groups.append(OutputGroup(chosen, terms[used], weights[used], bias[list(chosen)]))
    return tuple(groups)
