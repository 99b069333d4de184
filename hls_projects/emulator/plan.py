"""The steps of the fast emulator as data: fused layers on numbers in one block of memory, the arena.

A block of `LANES` images is computed at once; a number stands `LANES` times in a row, once an image. Every tensor is an
array of byte offsets into the arena, so that `Flatten`, `Reshape`, `UpSampling2D`, `ZeroPadding2D` and most of
`Concatenate` cost nothing: they only rearrange offsets. Quantizers and pooling join the step that computes their
input; pooling moves before quantizers that are monotone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt

from data_prep.fixed_point import FixedType, Overflow, Rounding
from hls_projects.blocks.image_builder import ImageBuilder

LANES = 16
"""Images in a block: one 256-bit register of 16-bit numbers."""

Offsets = npt.NDArray[np.int64]
Bits = Literal[16, 32, 64]


def bits_for(low: int, high: int) -> Bits:
    """The narrowest lane that holds an interval.

    >>> bits_for(-32768, 32767), bits_for(0, 40000)
    (16, 32)

    Raises:
        OverflowError: when 64 bits are too few.
    """
    widths: tuple[Bits, ...] = (16, 32, 64)
    for bits in widths:
        if -(1 << (bits - 1)) <= low and high < 1 << (bits - 1):
            return bits
    raise OverflowError(f"a number between {low} and {high} needs more than 64 bits")


@dataclass(frozen=True)
class Tensor:
    """The place of a tensor in the arena.

    Attributes:
        offset: bytes into the arena, int64 in the tensor's shape; `ZERO` is a number that is always zero.
        bits: width of one stored number.
        low: smallest raw integer.
        high: largest raw integer.
        fraction: bits behind the point.
        room: int64 [rows, columns, channels], the offsets of an image and of the zeros stored around it; none where no
            zeros are stored.
        corner: row and column of the image in `room`.
    """

    offset: Offsets
    bits: Bits
    low: int
    high: int
    fraction: int
    room: Offsets | None = None
    corner: tuple[int, int] = (0, 0)


@dataclass(frozen=True)
class Clip:
    """The rectifier: nothing below zero."""

    monotone: bool = True

    def code(self) -> str:
        """As C++."""
        return "clip_negative(x)"


@dataclass(frozen=True)
class Cast:
    """`FixedType.cast` from `fraction` bits behind the point, without the steps that the interval makes needless.

    Attributes:
        target: the type to cast to.
        fraction: of the number cast.
        low: its smallest value.
        high: its largest value.
    """

    target: FixedType
    fraction: int
    low: int
    high: int

    @property
    def drop(self) -> int:
        """Fraction bits that are dropped."""
        return self.fraction - self.target.fraction

    @property
    def rounded(self) -> tuple[int, int]:
        """The interval after the shift, before the overflow mode."""
        if self.drop <= 0:
            return self.low << -self.drop, self.high << -self.drop
        return self.low >> self.drop, (self.high >> self.drop) + 1

    @property
    def fits(self) -> bool:
        """Whether nothing can overflow."""
        low, high = self.rounded
        return self.target.raw_min <= low and high <= self.target.raw_max

    @property
    def identity(self) -> bool:
        """Whether it changes nothing."""
        return self.drop == 0 and self.fits

    @property
    def monotone(self) -> bool:
        """Whether a maximum may move through it."""
        return self.fits or self.target.overflow in ("SAT", "SAT_SYM")

    @property
    def bits(self) -> Bits:
        """Width of a lane that holds every intermediate number."""
        low, high = self.rounded
        half = 1 << max(self.drop - 1, 0)
        if self.drop > 62:
            raise OverflowError(f"cannot drop {self.drop} fraction bits of a 64-bit integer")
        ends = [low, high, self.low, self.high, self.target.raw_min, self.target.raw_max]
        if self.drop > 0:
            ends += [self.low + half, self.high + half]
        return bits_for(min(ends), max(ends))

    def code(self) -> str:
        """As C++."""
        code = "x"
        if self.drop < 0:
            code = f"(x << {-self.drop})"
        elif self.drop > 0:
            code = f"{_ROUNDING[self.target.rounding]}<{self.drop}>(x)"
        if self.fits:
            return code
        low, high = f"{self.target.raw_min}LL", f"{self.target.raw_max}LL"
        if self.target.overflow == "WRAP":
            return f"{'wrap' if self.target.signed else 'wrap_unsigned'}<{self.target.width}>({code})"
        return f"{_OVERFLOW[self.target.overflow]}<{low}, {high}>({code})"


_ROUNDING: dict[Rounding, str] = {
    "TRN": "round_down",
    "TRN_ZERO": "round_to_zero",
    "RND": "round_half_up",
    "RND_ZERO": "round_half_to_zero",
    "RND_INF": "round_half_away",
    "RND_MIN_INF": "round_half_down",
    "RND_CONV": "round_half_even",
}
_OVERFLOW: dict[Overflow, str] = {"SAT": "saturate", "SAT_SYM": "saturate", "SAT_ZERO": "saturate_to_zero"}


@dataclass(frozen=True)
class OutputGroup:
    """Outputs that a kernel computes together from the same inputs.

    Attributes:
        channels: which outputs of a pixel.
        terms: int64 [terms], byte offset of each input from the first number of its window.
        weights: int64 [terms, channels].
        bias: int64 [channels].
    """

    channels: tuple[int, ...]
    terms: Offsets
    weights: npt.NDArray[np.int64]
    bias: npt.NDArray[np.int64]


@dataclass(frozen=True)
class Sums:
    """A step of sums of products with constant weights.

    Attributes:
        name: of the layers that it computes.
        source: the tensor it reads.
        target: the tensor it writes.
        paired: whether 16-bit inputs are multiplied two at a time into 32-bit sums.
        lane: width of the sums.
        shift: of the sums to the left, before the bias.
        base: int64 [pixels, window]: for each output pixel, the start of every window whose maximum is taken.
        first: int64 [pixels], the offset to which channel 0 of each pixel is written.
        groups: the outputs.
        chain: the casts and clips that follow each sum.
    """

    name: str
    source: Tensor
    target: Tensor
    paired: bool
    lane: Bits
    shift: int
    base: Offsets
    first: Offsets
    groups: tuple[OutputGroup, ...]
    chain: tuple[Cast | Clip, ...]


@dataclass(frozen=True)
class Operand:
    """One tensor that an elementwise step reads: int64 [elements, window] offsets, and the shift that aligns it."""

    source: Tensor
    offset: Offsets
    shift: int = 0


@dataclass(frozen=True)
class Elementwise:
    """A step that takes the sum or the maximum of several numbers for each element.

    Attributes:
        name: of the layers that it computes.
        operands: the tensors that it reads.
        reduction: of the numbers of one element.
        target: the tensor it writes.
        to: int64 [elements], the offset to which each is written.
        lane: width of the arithmetic.
        chain: the casts and clips that follow.
    """

    name: str
    operands: tuple[Operand, ...]
    reduction: Literal["sum", "max"]
    target: Tensor
    to: Offsets
    lane: Bits
    chain: tuple[Cast | Clip, ...] = ()


@dataclass(frozen=True)
class Build:
    """A step that makes images of candidates.

    Attributes:
        name: the layer.
        builder: the image builder.
        sources: pT, η and φ of the candidates, η and φ of the seed.
        target: the image it writes.
        lane: width of the arithmetic.
        chain: the casts that follow each pixel.
    """

    name: str
    builder: ImageBuilder
    sources: tuple[Tensor, ...]
    target: Tensor
    lane: Bits
    chain: tuple[Cast | Clip, ...]


@dataclass
class Plan:
    """All steps of a network: everything that becomes C++.

    Attributes:
        inputs: tensor and type of each input port.
        outputs: tensor and type of each output port.
        steps: in order.
        size: bytes of the arena.
    """

    inputs: list[tuple[Tensor, FixedType]] = field(default_factory=list)
    outputs: list[tuple[Tensor, FixedType]] = field(default_factory=list)
    steps: list[Sums | Elementwise | Build] = field(default_factory=list)
    size: int = 0
