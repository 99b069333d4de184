"""From values to link words and back, by a packing that is checked: every bit of every value has exactly one place.

A frame is one clock; in it every link carries one word of 64 bits. The frames of one image are a packet.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from data_prep.errors import ConfigurationError
from hls_projects.export.links.packing_settings import WORD_BITS, Placement
from hls_projects.network.port import Port

Integers = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]


@dataclass(frozen=True)
class Field:
    """Some bits of one value in one word.

    Attributes:
        value: number of the value, over all ports in order, each in C order.
        low: lowest of its bits that lies here.
        bits: how many.
        link: number of the link.
        frame: number of the frame in the packet.
        bit: lowest bit in the word.
    """

    value: int
    low: int
    bits: int
    link: int
    frame: int
    bit: int


@dataclass(frozen=True)
class Packing:
    """Where the values of some ports lie.

    Attributes:
        ports: inputs or outputs, in order.
        placements: as they were said.
        fields: the same value by value: every bit of every value exactly once.
    """

    ports: tuple[Port, ...]
    placements: tuple[Placement, ...]
    fields: tuple[Field, ...]

    @cached_property
    def links(self) -> tuple[int, ...]:
        """The links that carry something, ascending."""
        return tuple(sorted({field.link for field in self.fields}))

    @cached_property
    def frames(self) -> int:
        """Frames of a packet."""
        return 1 + max(field.frame for field in self.fields)

    @cached_property
    def values(self) -> int:
        """Number of values of all ports."""
        return sum(sizes(self.ports))

    def pack(self, values: Integers) -> Words:
        """The words of packets.

        Args:
            values: int64 [packets, values], raw integers of the types of the ports.

        Returns:
            uint64 [packets, frames, links], the links in the order of `links`; bits without a value are 0.

        Raises:
            ValueError: another number of values, or one that is none of its port's type.
        """
        if values.ndim != 2 or values.shape[1] != self.values:
            raise ValueError(f"values of shape [n, {self.values}] are needed, not {list(values.shape)}")
        for port, part in zip(self.ports, self._split(values), strict=True):
            if part.size and not port.type.raw_min <= part.min() <= part.max() <= port.type.raw_max:
                raise ValueError(f"a value of '{port.name}' does not fit into {port.type}")
        raw = np.ascontiguousarray(values, dtype=np.int64).view(np.uint64)
        words = np.zeros((len(values), self.frames, len(self.links)), np.uint64)
        for field in self.fields:
            bits = (raw[:, field.value] >> np.uint64(field.low)) & _mask(field.bits)
            words[:, field.frame, self.links.index(field.link)] |= bits << np.uint64(field.bit)
        return words

    def unpack(self, words: Words) -> Integers:
        """The values in packets: int64 [packets, values] of uint64 [packets, frames, links]; the inverse of `pack`.

        Raises:
            ValueError: packets of another shape.
        """
        if words.shape[1:] != (self.frames, len(self.links)):
            raise ValueError(f"packets of {self.frames} x {len(self.links)} words are needed, not {words.shape[1:]}")
        raw = np.zeros((len(words), self.values), np.uint64)
        for field in self.fields:
            bits = words[:, field.frame, self.links.index(field.link)] >> np.uint64(field.bit)
            raw[:, field.value] |= (bits & _mask(field.bits)) << np.uint64(field.low)
        values = raw.view(np.int64)
        for port, part in zip(self.ports, self._split(values), strict=True):
            if port.type.signed:
                sign = np.int64(1) << np.int64(port.type.width - 1)
                part[...] = (part ^ sign) - sign
        return values

    def _split(self, values: Integers) -> list[Integers]:
        return np.split(values, np.cumsum(sizes(self.ports))[:-1], axis=1)


def sizes(ports: Sequence[Port]) -> list[int]:
    """Values of each port."""
    return [int(np.prod(port.shape)) for port in ports]


def resolve(placements: Sequence[Placement], ports: Sequence[Port], section: str) -> Packing:
    """Find the place of every value.

    Args:
        placements: as configured.
        ports: inputs or outputs of the design.
        section: `inputs` or `outputs`, for messages.

    Raises:
        ConfigurationError: a port that is not there, a value that does not fit its word, bits of a value that are
            placed twice or not at all, two values in the same bits.
    """
    firsts = dict(zip((port.name for port in ports), np.cumsum([0, *sizes(ports)]).tolist(), strict=False))
    by_name = {port.name: port for port in ports}
    fields: list[Field] = []
    for number, placement in enumerate(placements):
        where = f"packing.{section}.{number}"
        port = by_name.get(placement.port)
        if port is None:
            raise _error(where, f"the design has no port '{placement.port}' there", f"name one of {', '.join(by_name)}")
        fields += _fields(placement, port, firsts[port.name], where)
    packing = Packing(tuple(ports), tuple(placements), tuple(fields))
    _require_whole(packing, section)
    _require_apart(packing, section)
    return packing


def value_name(ports: Sequence[Port], value: int) -> str:
    """A value as a person names it.

    >>> from data_prep.fixed_point import FixedType
    >>> ports = [Port(name="seed", shape=(1,), type=FixedType(8, 8)),
    ...          Port(name="image", shape=(2, 2, 1), type=FixedType(8, 8))]
    >>> value_name(ports, 0), value_name(ports, 3)
    ('seed[0]', 'image[1, 0, 0]')
    """
    for port, size in zip(ports, sizes(ports), strict=True):
        if value < size:
            return f"{port.name}[{', '.join(str(i) for i in np.unravel_index(value, port.shape))}]"
        value -= size
    raise IndexError(value)


def _fields(placement: Placement, port: Port, base: int, where: str) -> list[Field]:
    size, width = int(np.prod(port.shape)), port.type.width
    count = size - placement.first if placement.count is None else placement.count
    if count < 1 or placement.first + count > size:
        last = placement.first + max(count, 1) - 1
        raise _error(where, f"'{port.name}' has the values 0 to {size - 1}, not {placement.first} to {last}", None)
    low, bits = placement.part or (0, width)
    if low + bits > width:
        raise _error(where, f"'{port.name}' has the bits 0 to {width - 1}, not {low} to {low + bits - 1}", None)
    spacing = placement.spacing or bits
    per_word = min(placement.per_word, count)
    end = placement.bit + (per_word - 1) * spacing + bits
    if end > WORD_BITS:
        fits = (WORD_BITS - placement.bit - bits) // spacing + 1
        remedy = f"at most {fits} a word fit from bit {placement.bit} on" if fits > 0 else None
        remedy = remedy or f"begin at bit {WORD_BITS - bits} or below, or place it in parts with 'part'"
        values = f"a value of {bits} bits" if per_word == 1 else f"{per_word} values of {bits} bits"
        reason = (
            f"{values} of '{port.name}' from bit {placement.bit} on would be split over two words of {WORD_BITS} bits"
        )
        raise _error(where, reason, remedy)
    first_link, last_link = placement.links
    span = last_link - first_link + 1
    fields = []
    for i in range(count):
        frame, link = divmod(placement.word + i // per_word, span)
        bit = placement.bit + i % per_word * spacing
        fields.append(Field(base + placement.first + i, low, bits, first_link + link, placement.frame + frame, bit))
    return fields


def _require_whole(packing: Packing, section: str) -> None:
    """Every bit of every value is placed, once."""
    placed: list[list[Field]] = [[] for _ in range(packing.values)]
    for field in packing.fields:
        placed[field.value].append(field)
    widths = [
        port.type.width for port, size in zip(packing.ports, sizes(packing.ports), strict=True) for _ in range(size)
    ]
    for value, (fields, width) in enumerate(zip(placed, widths, strict=True)):
        name, reached = value_name(packing.ports, value), 0
        for field in sorted(fields, key=lambda f: f.low):
            if field.low < reached:
                raise _error(f"packing.{section}", f"bit {field.low} of {name} is placed twice", "place every bit once")
            if field.low > reached:
                break
            reached += field.bits
        if reached < width:
            missing = f"{name} is placed nowhere" if not fields else f"bit {reached} of {name} is placed nowhere"
            raise _error(f"packing.{section}", missing, "place every bit of every value")


def _require_apart(packing: Packing, section: str) -> None:
    """No bit of a word holds two values."""
    taken: dict[tuple[int, int], list[Field]] = {}
    for field in packing.fields:
        taken.setdefault((field.link, field.frame), []).append(field)
    for (link, frame), fields in taken.items():
        fields.sort(key=lambda f: f.bit)
        for one, other in pairwise(fields):
            if other.bit < one.bit + one.bits:
                names = [value_name(packing.ports, field.value) for field in (one, other)]
                text = f"{names[0]} and {names[1]} both take bit {other.bit} of link {link} in frame {frame}"
                raise _error(f"packing.{section}", text, "give one of them other bits, another link or another frame")


def _mask(bits: int) -> np.uint64:
    return np.uint64((1 << bits) - 1)


def _error(where: str, reason: str, remedy: str | None) -> ConfigurationError:
    return ConfigurationError(f"'{where}' of hardware.yaml: {reason}", remedy=remedy)
