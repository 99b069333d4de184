"""The image builder as logic, all candidates in one clock. `ImageBuilder.build` says what it must compute.

Sums in every pixel would be the larger part of a trigger. Here a candidate is summed once with those of the same pixel,
so that at most one value is left for each pixel; that value is brought into the type of the image while there are but
as many as candidates; and it is led to its pixel by gates, without an adder. To have fewer of these, the values are
sorted by pixel: of `GROUP` neighbouring pixels each then finds its value at another position modulo `GROUP`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from data_prep.fixed_point import FixedType
from hls_projects.blocks.image_builder import ImageBuilder
from hls_projects.rtl.logic.quantizer import Form, quantize
from hls_projects.rtl.logic.values import (
    Tensor,
    bit,
    chosen,
    either,
    equal,
    field,
    gated,
    inverted,
    picked,
    tree,
    variable,
)

GROUP = 4
"""Neighbouring pixels that share the selection of values: a power of two."""


@dataclass(frozen=True)
class Item:
    """A value on the way to its pixel.

    Attributes:
        key: unsigned integer: whether it lies outside, the row, the column, from high bits to low.
        value: not negative.
    """

    key: Any
    value: Any


def image(builder: ImageBuilder, pixel_type: FixedType, form: Form, inputs: Sequence[Tensor]) -> Tensor:
    """The image of candidates, [rows, columns, 1].

    Args:
        builder: the image builder.
        pixel_type: type of the image's pixels.
        form: how quantizers saturate.
        inputs: traced values of the builder's ports.
    """
    items = [Item(key, pt) for key, pt in zip(located(builder, *inputs[1:]), inputs[0], strict=True)]
    shift = None
    if builder.normalise:
        shift = left_shift(builder, tree([gated(inside(builder, i.key), i.value) for i in items], lambda a, b: a + b))
    items = [Item(i.key, finished(builder, pixel_type, form, i.value, shift)) for i in _merged(builder, items)]
    if len(items) > GROUP:
        items = _sorted(items)
    return _scattered(builder, items)


# where a candidate lies


def located(builder: ImageBuilder, eta: Tensor, phi: Tensor, seed_eta: Tensor, seed_phi: Tensor) -> list[Any]:
    """The key of every candidate."""
    first = seed_eta[0] + float(builder.rows[0])
    turn, start = float(2 * builder.candidates.per_pi), float(builder.columns[0])
    keys = []
    for own_eta, own_phi in zip(eta, phi, strict=True):
        outside_rows, row = _index(own_eta - first, builder.rows)
        distance = own_phi - seed_phi[0]
        above = inverted((distance - turn / 2).is_negative())
        below = (distance + turn / 2).is_negative()
        offset = chosen(below, turn - start, chosen(above, -turn - start, -start))
        outside_columns, column = _index(distance + offset, builder.columns)
        outside = either([outside_rows, outside_columns])
        keys.append(outside * 2.0 ** sum(_bits(builder)) + row * 2.0 ** _bits(builder)[1] + column)
    return keys


def inside(builder: ImageBuilder, key: Any) -> Any:
    """Whether a candidate lies in the window."""
    return inverted(bit(key, sum(_bits(builder))))


def row_of(builder: ImageBuilder, key: Any) -> Any:
    """The row of a key that lies inside."""
    rows, columns = _bits(builder)
    return field(key, columns, rows)


def column_of(builder: ImageBuilder, key: Any) -> Any:
    """The column of a key that lies inside."""
    return field(key, 0, _bits(builder)[1])


def _bits(builder: ImageBuilder) -> tuple[int, int]:
    """Bits of a row and of a column."""
    rows, columns, _ = builder.shape
    return (rows - 1).bit_length(), (columns - 1).bit_length()


def _index(distance: Any, thresholds: Sequence[int]) -> tuple[Any, Any]:
    """Whether a distance from the first threshold lies outside, and the number of its pixel by bisection."""
    steps = [threshold - thresholds[0] for threshold in thresholds]
    pixels = len(steps) - 1
    outside = either([distance.is_negative(), inverted((distance - float(steps[-1])).is_negative())])
    near = distance.quantize(0, max((steps[-1] - 1).bit_length(), 1), 0)
    width = (pixels - 1).bit_length()
    bits: list[Any] = []
    for position in reversed(range(width)):
        candidates = [(prefix << (position + 1)) + (1 << position) for prefix in range(1 << len(bits))]
        cuts = [float(steps[min(c, pixels)]) for c in candidates]
        bits.append(inverted((near - _looked_up(bits, cuts)).is_negative()))
    index = variable(0.0)
    for position, one in zip(reversed(range(width)), bits, strict=True):
        index = index + one * 2.0**position
    return outside, index


def _looked_up(bits: Sequence[Any], values: Sequence[float]) -> Any:
    """The constant that bits choose, the highest bit first."""
    if not bits:
        return variable(values[0])
    half = len(values) // 2
    return chosen(bits[0], _looked_up(bits[1:], values[half:]), _looked_up(bits[1:], values[:half]))


# one value a pixel


def _merged(builder: ImageBuilder, items: Sequence[Item]) -> list[Item]:
    """The sum of a pixel at its first candidate; the others lie outside."""
    same = {(i, j): equal(a.key, b.key) for j, b in enumerate(items) for i, a in enumerate(items[:j])}
    merged = []
    for i, item in enumerate(items):
        others = [gated(same[i, j], items[j].value) for j in range(i + 1, len(items))]
        total = tree([item.value, *others], lambda a, b: a + b)
        taken = either([same[j, i] for j in range(i)])
        out = either([bit(item.key, sum(_bits(builder))), taken])
        place = field(item.key, 0, sum(_bits(builder)))
        merged.append(Item(out * 2.0 ** sum(_bits(builder)) + place, total))
    return merged


def left_shift(builder: ImageBuilder, total: Any) -> list[Any]:
    """The shift to the left before 2^-largest_shift: the zeros above the total; bits, the highest first."""
    width = builder.largest_shift + 1
    left = total * 2.0**builder.candidates.pt.type.fraction
    bits = []
    for position in reversed(range(builder.largest_shift.bit_length())):
        size = 1 << position
        none = inverted(field(left, width - size, size).unary_bit_op("any"))
        left = chosen(none, (left * 2.0**size).quantize(0, width, 0), left)
        bits.append(none)
    return bits


def finished(builder: ImageBuilder, pixel_type: FixedType, form: Form, total: Any, shift: Sequence[Any] | None) -> Any:
    """A pixel's sum saturated, normalised, and cast to the type of the image."""
    pixel = builder.pixel
    # A type that is full before the pixel is does not see that the pixel saturates.
    covers = (
        int(pixel_type.cast(np.array(pixel.raw_max), pixel.fraction)) == pixel_type.raw_max
        and pixel_type.overflow == "SAT"
    )
    if shift is not None or not covers:
        total = quantize(total, pixel, form)
    if shift is not None:
        width = builder.largest_shift + 1
        total = total * 2.0**pixel.fraction
        for position, one in zip(reversed(range(len(shift))), shift, strict=True):
            total = chosen(one, (total * 2.0 ** (1 << position)).quantize(0, width, 0), total)
        total = total * 2.0**-builder.largest_shift
    return variable(quantize(total, pixel_type, form))


# from a list to an image


def _sorted(items: Sequence[Item]) -> list[Item]:
    """By key, smallest first (Batcher's merge exchange; Knuth, The Art of Computer Programming 3, algorithm 5.2.2M)."""
    ordered = list(items)
    for low, high in comparators(len(ordered)):
        a, b = ordered[low], ordered[high]
        swap = (b.key - a.key).is_negative()
        ordered[low] = Item(chosen(swap, b.key, a.key), chosen(swap, b.value, a.value))
        ordered[high] = Item(chosen(swap, a.key, b.key), chosen(swap, a.value, b.value))
    return ordered


def comparators(count: int) -> Iterator[tuple[int, int]]:
    """The pairs that are compared and exchanged, in order, to sort `count` values.

    >>> list(comparators(3))
    [(0, 2), (0, 1), (1, 2)]
    """
    top = 1 << max((count - 1).bit_length() - 1, 0)
    p = top
    while p > 0:
        q, r, d = top, 0, p
        while True:
            yield from ((i, i + d) for i in range(count - d) if i & p == r)
            if q == p:
                break
            d, q, r = q - p, q // 2, p
        p //= 2


def _scattered(builder: ImageBuilder, items: Sequence[Item]) -> Tensor:
    """Every value at its pixel; items that share a position modulo `GROUP` lie in different groups of pixels."""
    rows, columns, _ = builder.shape
    low_bits = min((GROUP - 1).bit_length(), _bits(builder)[1])
    in_row = [one_hot(row_of(builder, i.key), rows, inside(builder, i.key)) for i in items]
    in_column = [one_hot(column_of(builder, i.key), columns) for i in items]
    groups = -(-columns // GROUP)
    in_group = [
        one_hot(field(column_of(builder, i.key), low_bits, _bits(builder)[1] - low_bits), groups) for i in items
    ]
    pixels = np.empty((rows, columns, 1), dtype=object)
    for row in range(rows):
        hits = [gated(bit(rows_hot, row), columns_hot) for rows_hot, columns_hot in zip(in_row, in_column, strict=True)]
        near = [gated(bit(rows_hot, row), groups_hot) for rows_hot, groups_hot in zip(in_row, in_group, strict=True)]
        classes = [list(range(first, len(items), GROUP)) for first in range(min(GROUP, len(items)))]
        hit = [either([hits[i] for i in members]) for members in classes]
        values = [_selected([items[i].value for i in members], [near[i] for i in members]) for members in classes]
        for column in range(columns):
            at = [gated(bit(h, column), v(column // GROUP)) for h, v in zip(hit, values, strict=True)]
            pixels[row, column, 0] = either(at)
    return pixels


def _selected(values: Sequence[Any], near: Sequence[Any]) -> Any:
    """By group of pixels: the value that is near it, any value where none is."""
    width = (len(values) - 1).bit_length()
    selects = [either([n for i, n in enumerate(near) if i >> position & 1]) for position in range(width)]
    selected: dict[int, Any] = {}

    def at(group: int) -> Any:
        if group not in selected:
            selected[group] = picked([bit(select, group) for select in selects], values)
        return selected[group]

    return at


def one_hot(index: Any, count: int, valid: Any = 1.0) -> Any:
    """An unsigned integer with the bit `index` set where it is valid."""
    hot = variable(valid)
    for position in range((count - 1).bit_length()):
        hot = chosen(bit(index, position), hot * 2.0 ** (1 << position), hot)
    return hot
