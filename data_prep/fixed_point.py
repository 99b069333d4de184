"""The number system: fixed-point types with the semantics of `ap_fixed`, on numpy arrays of raw integers.

A fixed-point number is an integer `raw` and a type; its value is ``raw * 2**-fraction``. The integers are what hardware
holds, so they are what this project compares.

Source: AMD Vitis HLS User Guide UG1399, "Arbitrary Precision Fixed-Point Data Types" (quantization and overflow modes).
The test compiles `ap_fixed` with g++ and compares every mode.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

Rounding = Literal["TRN", "TRN_ZERO", "RND", "RND_ZERO", "RND_INF", "RND_MIN_INF", "RND_CONV"]
Overflow = Literal["WRAP", "SAT", "SAT_ZERO", "SAT_SYM"]

MAX_WIDTH = 63
_NAME = re.compile(
    r"\s*ap_(?P<unsigned>u?)(?:fixed\s*<\s*(?P<width>\d+)\s*,\s*(?P<integer>-?\d+)"
    r"(?:\s*,\s*AP_(?P<rounding>[A-Z_]+))?(?:\s*,\s*AP_(?P<overflow>[A-Z_]+))?(?:\s*,\s*0)?\s*>"
    r"|int\s*<\s*(?P<int_width>\d+)\s*>)\s*"
)


@dataclass(frozen=True, order=True)
class FixedType:
    """A fixed-point type, `ap_fixed<width, integer, AP_<rounding>, AP_<overflow>>` or its unsigned twin.

    `integer` counts the bits before the binary point, the sign bit included where there is one (the convention of
    `ap_fixed`; QKeras leaves the sign out). It may be negative or larger than `width`.

    >>> FixedType(8, 1).name
    'ap_fixed<8,1,AP_TRN,AP_WRAP>'
    >>> FixedType(8, 1).minimum, FixedType(8, 1).maximum, FixedType(8, 1).step
    (-1.0, 0.9921875, 0.0078125)

    Raises:
        ValueError: when the width is not in 1..63, or a mode is unknown.
    """

    width: int
    integer: int
    signed: bool = True
    rounding: Rounding = "TRN"
    overflow: Overflow = "WRAP"

    def __post_init__(self) -> None:
        if not 1 <= self.width <= MAX_WIDTH:
            raise ValueError(f"a fixed-point width must be 1 to {MAX_WIDTH} bits, not {self.width}")
        if self.rounding not in get_args(Rounding):
            raise ValueError(f"unknown rounding mode {self.rounding!r}, known are {', '.join(get_args(Rounding))}")
        if self.overflow not in get_args(Overflow):
            raise ValueError(f"unknown overflow mode {self.overflow!r}, known are {', '.join(get_args(Overflow))}")

    @property
    def fraction(self) -> int:
        """Bits behind the binary point (negative where the step is larger than 1)."""
        return self.width - self.integer

    @property
    def step(self) -> float:
        """The distance of two neighbouring values."""
        return float(2.0**-self.fraction)

    @property
    def raw_min(self) -> int:
        """The smallest integer, that of `AP_SAT_SYM` where the type says so."""
        if not self.signed:
            return 0
        return -(1 << (self.width - 1)) + (1 if self.overflow == "SAT_SYM" else 0)

    @property
    def raw_max(self) -> int:
        """The largest integer."""
        return (1 << (self.width - int(self.signed))) - 1

    @property
    def minimum(self) -> float:
        """The smallest value."""
        return self.raw_min * self.step

    @property
    def maximum(self) -> float:
        """The largest value."""
        return self.raw_max * self.step

    @property
    def name(self) -> str:
        """The type as C++ writes it, modes always spelled out."""
        prefix = "ap_fixed" if self.signed else "ap_ufixed"
        return f"{prefix}<{self.width},{self.integer},AP_{self.rounding},AP_{self.overflow}>"

    def __str__(self) -> str:
        return self.name

    @classmethod
    def parse(cls, name: str) -> FixedType:
        """Read a type as C++ writes it: `ap_fixed<8,1>`, `ap_ufixed<6,2,AP_RND_CONV,AP_SAT>`, `ap_int<5>`.

        >>> FixedType.parse("ap_ufixed<6,2,AP_RND_CONV,AP_SAT>")
        FixedType(width=6, integer=2, signed=False, rounding='RND_CONV', overflow='SAT')

        Raises:
            ValueError: when the text is no such type.
        """
        match = _NAME.fullmatch(name)
        if match is None:
            raise ValueError(f"{name!r} is not a fixed-point type such as ap_fixed<8,1,AP_RND_CONV,AP_SAT>")
        signed = not match["unsigned"]
        if match["int_width"]:
            return cls(int(match["int_width"]), int(match["int_width"]), signed)
        rounding: Any = match["rounding"] or "TRN"
        overflow: Any = match["overflow"] or "WRAP"
        return cls(int(match["width"]), int(match["integer"]), signed, rounding, overflow)

    def quantize(self, values: npt.ArrayLike) -> npt.NDArray[np.int64]:
        """Turn real values into raw integers, with this type's rounding and overflow.

        Args:
            values: any shape; finite. Float64 values are exact inputs; the product with 2**fraction is exact.

        Returns:
            int64, the shape of `values`.

        Raises:
            ValueError: when a value is NaN or infinite, or too large for a 63-bit integer before an `AP_WRAP`.

        >>> FixedType(6, 2, True, "RND_CONV", "SAT").quantize([0.03125, 0.09375, 7.0, -7.0]).tolist()
        [0, 2, 31, -32]
        """
        array = np.asarray(values, dtype=np.float64)
        if not np.isfinite(array).all():
            raise ValueError("NaN and infinite values have no fixed-point representation")
        scaled = np.ldexp(array, self.fraction)
        rounded = _ROUND[self.rounding](scaled)
        if self.overflow == "WRAP":
            if rounded.size and np.abs(rounded).max() >= 2.0**MAX_WIDTH:
                raise ValueError(f"a value is too large to wrap into {self.name}")
            return self._wrap(rounded.astype(np.int64))
        inside = (rounded >= self.raw_min) & (rounded <= self.raw_max)
        clipped = np.clip(rounded, float(self.raw_min), float(self.raw_max)).astype(np.int64)
        # float(raw_max) may round up for widths above 53 bits
        clipped = np.clip(clipped, self.raw_min, self.raw_max)
        return np.where(inside, clipped, 0) if self.overflow == "SAT_ZERO" else clipped

    def cast(self, raw: npt.NDArray[np.int64], fraction: int) -> npt.NDArray[np.int64]:
        """Turn raw integers with `fraction` bits behind the point into this type's, in integer arithmetic alone.

        >>> FixedType(4, 4, True, "RND_CONV", "SAT").cast(np.array([2, 6, 10, 99]), 2).tolist()
        [0, 2, 2, 7]
        """
        raw = np.asarray(raw, dtype=np.int64)
        drop = fraction - self.fraction
        shifted = raw << -drop if drop <= 0 else _shift_right(raw, drop, self.rounding)
        if self.overflow == "WRAP":
            return self._wrap(shifted)
        clipped = np.clip(shifted, self.raw_min, self.raw_max)
        return np.where(clipped == shifted, clipped, 0) if self.overflow == "SAT_ZERO" else clipped

    def to_float(self, raw: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """The values of raw integers, float64 (exact up to 53 bits)."""
        return np.ldexp(np.asarray(raw, dtype=np.int64).astype(np.float64), -self.fraction)

    def _wrap(self, raw: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        lowest = -(1 << (self.width - 1)) if self.signed else 0
        wrapped: npt.NDArray[np.int64] = ((raw - lowest) & ((1 << self.width) - 1)) + lowest
        return wrapped


def _shift_right(raw: npt.NDArray[np.int64], drop: int, rounding: Rounding) -> npt.NDArray[np.int64]:
    """Divide by 2**drop and round, on integers."""
    if drop >= MAX_WIDTH:
        raise ValueError(f"cannot drop {drop} fraction bits of a 64-bit integer")
    floor = raw >> drop
    remainder = raw - (floor << drop)
    half = np.int64(1) << (drop - 1)
    tie, above_half = remainder == half, remainder > half
    up = {
        "TRN": np.zeros_like(tie),
        "TRN_ZERO": (remainder > 0) & (raw < 0),
        "RND": above_half | tie,
        "RND_ZERO": above_half | (tie & (raw < 0)),
        "RND_INF": above_half | (tie & (raw > 0)),
        "RND_MIN_INF": above_half,
        "RND_CONV": above_half | (tie & (floor & 1 == 1)),
    }[rounding]
    return np.asarray(floor + up)


def _round_half_up(x: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    floor = np.floor(x)
    return np.asarray(floor + (x - floor >= 0.5))


def _round_half_down(x: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    floor = np.floor(x)
    return np.asarray(floor + (x - floor > 0.5))


_ROUND: dict[str, Callable[[npt.NDArray[np.float64]], npt.NDArray[np.float64]]] = {
    "TRN": np.floor,
    "TRN_ZERO": np.trunc,
    "RND": _round_half_up,
    "RND_ZERO": lambda x: np.sign(x) * _round_half_down(np.abs(x)),
    "RND_INF": lambda x: np.sign(x) * _round_half_up(np.abs(x)),
    "RND_MIN_INF": _round_half_down,
    "RND_CONV": np.rint,
}


def smallest_type(low: int, high: int, fraction: int) -> FixedType:
    """The narrowest type that holds every raw integer in [low, high] with `fraction` bits behind the point.

    Unsigned if low >= 0. Rounding and overflow cannot happen, so that both have the cheapest mode.

    >>> smallest_type(-3, 4, 2).name
    'ap_fixed<4,2,AP_TRN,AP_WRAP>'
    >>> smallest_type(0, 255, 8).name
    'ap_ufixed<8,0,AP_TRN,AP_WRAP>'

    Raises:
        ValueError: when low > high or the type would be wider than 63 bits.
    """
    if low > high:
        raise ValueError(f"an empty interval [{low}, {high}] has no type")
    if low >= 0:
        width = max(1, high.bit_length())
        return FixedType(width, width - fraction, signed=False)
    width = max((-low - 1).bit_length(), high.bit_length() if high > 0 else 0) + 1
    return FixedType(width, width - fraction)
