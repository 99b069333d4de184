"""From an integer network to the steps of the fast emulator."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from data_prep.errors import UnsupportedModelError
from data_prep.fixed_point import FixedType
from hls_projects.emulator.plan import (
    LANES,
    Bits,
    Build,
    Cast,
    Clip,
    Elementwise,
    Group,
    Offsets,
    Operand,
    Plan,
    Sums,
    Tensor,
    bits_for,
)
from hls_projects.network import integer_ops as ops
from hls_projects.network.integer_ops import Zeros
from hls_projects.network.interval import Interval
from hls_projects.network.intervals import intervals
from hls_projects.network.model_types import LayerTypes
from hls_projects.network.network import Network

GROUP = 4
"""Outputs a kernel of paired products computes together: their sums fill half of the registers."""
ZERO = 0
"""Offset of a number that is always zero, as wide as the widest."""
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
        self._types = network.types
        self._intervals = intervals(network)
        self._layers = {layer.name: layer for layer in self._types.layers}
        self._kinds: dict[str, FixedType] = {port.name: port.type for port in self._types.inputs}
        self._kinds |= {layer.name: layer.result for layer in self._types.layers}
        self._users: dict[str, list[LayerTypes]] = {name: [] for name in self._kinds}
        for layer in self._types.layers:
            for name in layer.inputs:
                self._users[name].append(layer)
        self._uses = Counter({name: len(users) for name, users in self._users.items()})
        self._uses.update(port.name for port in self._types.outputs)
        self._tensors: dict[str, Tensor] = {}
        self._made = Plan(size=LANES * 8)

    def run(self) -> Plan:
        for port in self._types.inputs:
            self._tensors[port.name] = self._allocate(port.name, port.shape)
            self._made.inputs.append((self._tensors[port.name], port.type))
        done: set[str] = set()
        for layer in self._types.layers:
            if layer.name in done:
                continue
            try:
                done |= self._layer(layer)
            except OverflowError as error:
                raise UnsupportedModelError(f"layer '{layer.name}': {error}", remedy="use fewer bits") from None
        self._made.outputs = [(self._tensors[port.name], port.type) for port in self._types.outputs]
        return self._made

    def _layer(self, layer: LayerTypes) -> set[str]:
        """Plan one layer and what joins it; the names of all of them."""
        sources = [self._tensors[name] for name in layer.inputs]
        kind, x = layer.kind, sources[0]
        if kind in ("Flatten", "Reshape"):
            self._view(layer, x, x.offset.reshape(layer.shape))
        elif kind == "UpSampling2D":
            self._view(layer, x, ops.upsample(x.offset[None], layer.window)[0])
        elif kind == "ZeroPadding2D":
            self._view(layer, x, _padded(x.offset, layer.padding))
        elif kind == "Concatenate":
            self._concatenate(layer, sources)
        elif kind == "QActivation" and self._cast(layer).identity:
            self._tensors[layer.name] = replace(x, fraction=layer.result.fraction)
        elif kind in ("QConv2D", "QDepthwiseConv2D", "QDense"):
            return self._sums(layer, x)
        elif kind == "ImageBuilder":
            self._build(layer, sources)
        else:
            return self._elementwise(layer, sources)
        return {layer.name}

    # images of candidates

    def _build(self, layer: LayerTypes, sources: list[Tensor]) -> None:
        if layer.builder is None:
            raise UnsupportedModelError(f"layer '{layer.name}' has no image builder")
        made = layer.builder.result
        cast = Cast(layer.result, made.fraction, 0, made.raw_max)
        target = self._tensors[layer.name] = self._allocate(layer.name, layer.shape)
        total = layer.builder.candidates.number * layer.builder.candidates.pt.type.raw_max
        lane = max(32, bits_for(0, max(total, made.raw_max)), cast.bits)
        chain = () if cast.identity else (cast,)
        self._made.steps.append(Build(layer.name, layer.builder, tuple(sources), target, _lane(lane), chain))

    # what only moves numbers

    def _view(self, layer: LayerTypes, x: Tensor, offset: Offsets) -> None:
        self._tensors[layer.name] = Tensor(offset, x.bits, x.low, x.high, layer.result.fraction)

    def _concatenate(self, layer: LayerTypes, sources: list[Tensor]) -> None:
        if len({(each.bits, each.fraction) for each in sources}) == 1:
            joined = np.concatenate([each.offset for each in sources], axis=-1)
            low, high = self._ends(layer.name)
            self._tensors[layer.name] = Tensor(joined, sources[0].bits, low, high, layer.result.fraction)
            return
        target = self._tensors[layer.name] = self._allocate(layer.name, layer.shape)
        at = 0
        for each in sources:
            width = each.offset.shape[-1]
            shift = layer.result.fraction - each.fraction
            lane = bits_for(*_union((each.low << shift, each.high << shift), (each.low, each.high)))
            operand = Operand(each, each.offset.reshape(-1, 1), shift)
            to = target.offset[..., at : at + width].reshape(-1)
            self._made.steps.append(Elementwise(layer.name, (operand,), "sum", target, to, lane))
            at += width

    # sums of products

    def _sums(self, layer: LayerTypes, x: Tensor) -> set[str]:
        weights = self._network.weights[layer.name]
        if layer.weight is None:
            raise UnsupportedModelError(f"layer '{layer.name}' has no weights")
        shift = layer.result.fraction - x.fraction - layer.weight.fraction
        bias = np.zeros(layer.shape[-1], np.int64)
        if weights.bias is not None and layer.bias is not None:
            bias = weights.bias << (layer.result.fraction - layer.bias.fraction)
        kernel = weights.kernel
        if shift and np.abs(kernel).max(initial=0) << shift < 1 << 15:
            kernel, shift = kernel << shift, 0
        windows = self._windows(layer, x)
        inside = windows[0] - windows[0].min()
        base = windows.reshape(len(windows), -1).min(axis=1)
        chain, pool, names = self._follow(layer, poolable=len(layer.shape) == 3)
        tail = self._layers[names[-1]]
        low, high = self._ends(layer.name)
        spans = [(low, high), *((int(w.min(initial=0)), int(w.max(initial=0))) for w in (kernel, bias))]
        needed = max([x.bits, bits_for(*_union(*spans)), *(_bits(each) for each in chain)])
        small = x.bits == 16 and _fits(kernel, 16) and not shift
        depthwise = layer.kind == "QDepthwiseConv2D"
        lane = 16 if small and depthwise and needed == 16 else max(32, needed)
        paired = small and lane == 32
        target = self._tensors[names[-1]] = self._allocate(names[-1], tail.shape)
        pixels = np.arange(len(base)).reshape(*layer.shape[:-1], 1)
        grouped = _windows_of(pixels, pool) if pool else pixels.reshape(-1, 1)
        self._made.steps.append(
            Sums(
                name=" ".join(names),
                source=x,
                target=target,
                paired=paired,
                lane=_lane(lane),
                shift=shift,
                base=base[grouped],
                first=target.offset[..., 0].reshape(-1),
                groups=_groups(inside, kernel, bias, depthwise, GROUP if paired else 1),
                chain=chain,
            )
        )
        return set(names)

    def _windows(self, layer: LayerTypes, x: Tensor) -> Offsets:
        """Offsets [pixels, terms, channels] of what each output pixel reads: those of the first one, moved."""
        if layer.kind == "QDense":
            # Keras has it that a dense layer acts on the last axis.
            found = x.offset.reshape(-1, 1, x.offset.shape[-1])
        else:
            found = _patches(_bordered(x, layer.padding), layer)
        if _regular(found):
            return found
        copy = self._allocate(layer.name, x.offset.shape, bits=x.bits, border=layer.padding)
        operand = Operand(x, x.offset.reshape(-1, 1))
        step = Elementwise(f"{layer.name} (copy)", (operand,), "sum", copy, copy.offset.reshape(-1), x.bits)
        self._made.steps.append(step)
        if layer.kind == "QDense":
            return copy.offset.reshape(-1, 1, copy.offset.shape[-1])
        return _patches(_bordered(copy, layer.padding), layer)

    # sums and maxima

    def _elementwise(self, layer: LayerTypes, sources: list[Tensor]) -> set[str]:
        x, window = sources[0], (layer.window, layer.strides)
        reduction = "max" if layer.kind == "MaxPooling2D" else "sum"
        head: tuple[Cast | Clip, ...] = ()
        ends = self._ends(layer.name)
        if layer.kind in ("MaxPooling2D", "AveragePooling2D"):
            operands = [Operand(x, _windows_of(x.offset, window))]
        elif layer.kind == "Add":
            operands = [Operand(t, t.offset.reshape(-1, 1), layer.result.fraction - t.fraction) for t in sources]
        else:
            head = (Clip(),) if layer.kind == "ReLU" else (self._cast(layer),)
            operands, ends = [Operand(x, x.offset.reshape(-1, 1))], (x.low, x.high)
        chain, pool, names = self._follow(layer, poolable=bool(head) and head[0].monotone and len(layer.shape) == 3)
        if pool:
            operands, reduction = [Operand(x, _windows_of(x.offset, pool))], "max"
        spans = [_union((t.low << s, t.high << s), (t.low, t.high)) for t, s in ((o.source, o.shift) for o in operands)]
        lane = max([bits_for(*_union(ends, *spans)), *(_bits(each) for each in (*head, *chain))])
        target = self._tensors[names[-1]] = self._allocate(names[-1], self._layers[names[-1]].shape)
        step = Elementwise(
            " ".join(names),
            tuple(operands),
            "max" if reduction == "max" else "sum",
            target,
            target.offset.reshape(-1),
            _lane(lane),
            (*head, *chain),
        )
        self._made.steps.append(step)
        return set(names)

    # what joins a step

    def _follow(self, layer: LayerTypes, *, poolable: bool) -> tuple[tuple[Cast | Clip, ...], _Pool | None, list[str]]:
        """Quantizers, rectifiers and one pooling that nobody else's input comes between."""
        names, chain = [layer.name], list[Cast | Clip]()
        pool: _Pool | None = None
        while self._uses[names[-1]] == 1 and self._users[names[-1]]:
            (user,) = self._users[names[-1]]
            if user.kind == "ReLU":
                chain.append(Clip())
            elif user.kind == "QActivation":
                cast = self._cast(user)
                poolable = poolable and cast.monotone
                if not cast.identity:
                    chain.append(cast)
            elif user.kind == "MaxPooling2D" and poolable and pool is None and _apart(user):
                pool = (user.window, user.strides)
            else:
                break
            names.append(user.name)
        return tuple(chain), pool, names

    def _cast(self, layer: LayerTypes) -> Cast:
        name = layer.inputs[0]
        return Cast(layer.result, self._kinds[name].fraction, *self._ends(name))

    def _ends(self, name: str) -> tuple[int, int]:
        found: Interval = self._intervals[name]
        return found.ends

    # where tensors stand

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
        offset = self._made.size + step * np.arange(np.prod(room), dtype=np.int64).reshape(room)
        self._made.size = -(-(self._made.size + step * int(np.prod(room))) // 64) * 64
        if self._made.size > _LARGEST:
            raise UnsupportedModelError(
                f"{LANES} images of this network need more than {_LARGEST >> 20} MiB", remedy="use smaller images"
            )
        inside = offset[top : top + rows, left : left + columns].reshape(shape)
        kept = (offset, (top, left)) if len(shape) == 3 else (None, (0, 0))
        return Tensor(inside, bits, low, high, self._kinds[name].fraction, *kept)

    def _border(self, name: str) -> Zeros:
        """The widest zeros that a convolution wants around a tensor, also through quantizers that change nothing."""
        found = np.zeros((2, 2), np.int64)
        for user in self._users[name]:
            if user.kind in ("QConv2D", "QDepthwiseConv2D"):
                found = np.maximum(found, user.padding)
            elif user.kind == "QActivation" and self._cast(user).identity:
                found = np.maximum(found, self._border(user.name))
        (top, bottom), (left, right) = found.tolist()
        return (top, bottom), (left, right)


_NONE: Zeros = ((0, 0), (0, 0))
_Pool = tuple[tuple[int, int], tuple[int, int]]


def _union(*spans: tuple[int, int]) -> tuple[int, int]:
    return min(low for low, _ in spans), max(high for _, high in spans)


def _lane(bits: int) -> Bits:
    return bits_for(-(1 << (bits - 1)), 0)


def _bits(each: Cast | Clip) -> int:
    return each.bits if isinstance(each, Cast) else 16


def _fits(values: npt.NDArray[np.int64], bits: int) -> bool:
    return bool(values.min(initial=0) >= -(1 << (bits - 1)) and values.max(initial=0) < 1 << (bits - 1))


def _apart(layer: LayerTypes) -> bool:
    """Whether the windows of a pooling share no pixel, so that none is computed twice."""
    return layer.strides[0] >= layer.window[0] and layer.strides[1] >= layer.window[1]


def _padded(offset: Offsets, zeros: Zeros) -> Offsets:
    return np.pad(offset, [*zeros, (0, 0)], constant_values=ZERO)


def _bordered(x: Tensor, zeros: Zeros) -> Offsets:
    """A tensor with the zeros that stand around it in the arena, or with `ZERO` where there are none."""
    padded = _padded(x.offset, zeros)
    if x.room is None:
        return padded
    (top, bottom), (left, right) = zeros
    first = x.corner[0] - top, x.corner[1] - left
    last = x.corner[0] + x.offset.shape[0] + bottom, x.corner[1] + x.offset.shape[1] + right
    if min(first) < 0 or last[0] > x.room.shape[0] or last[1] > x.room.shape[1]:
        return padded
    return x.room[first[0] : last[0], first[1] : last[1]]


def _patches(offset: Offsets, layer: LayerTypes) -> Offsets:
    rows, columns = layer.window
    views = np.lib.stride_tricks.sliding_window_view(offset, (rows, columns), axis=(0, 1))  # type: ignore[call-overload]
    views = views[:: layer.strides[0], :: layer.strides[1]]
    return np.asarray(np.moveaxis(views, 2, -1).reshape(views.shape[0] * views.shape[1], rows * columns, -1))


def _regular(windows: Offsets) -> bool:
    """Whether all windows are the first one, moved."""
    return bool((np.ptp(windows - windows[:1], axis=(1, 2)) == 0).all())


def _windows_of(offset: Offsets, pool: _Pool) -> Offsets:
    """Offsets [elements, window] of each pooled element."""
    window, strides = pool
    views = np.lib.stride_tricks.sliding_window_view(offset, window, axis=(0, 1))  # type: ignore[call-overload]
    return np.asarray(views[:: strides[0], :: strides[1]].reshape(-1, window[0] * window[1]))


def _groups(
    inside: Offsets, kernel: npt.NDArray[np.int64], bias: npt.NDArray[np.int64], depthwise: bool, size: int
) -> tuple[Group, ...]:
    """Split the outputs into groups; inputs whose weights are all zero in a group are left out."""
    channels = kernel.shape[-2] if depthwise else kernel.shape[-1]
    if depthwise:
        size = 1
    groups = []
    for first in range(0, channels, size):
        chosen = tuple(range(first, min(first + size, channels)))
        if depthwise:
            terms, weights = inside[:, first], kernel.reshape(-1, channels)[:, [first]]
        else:
            terms, weights = inside.reshape(-1), kernel.reshape(-1, channels)[:, list(chosen)]
        used = (weights != 0).any(axis=1)
        groups.append(Group(chosen, terms[used], weights[used], bias[list(chosen)]))
    return tuple(groups)
