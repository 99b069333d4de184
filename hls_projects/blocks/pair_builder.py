"""The trigger's builder of pair images: counts of candidate pairs by their distance and the product of their pT.

A pair i < j of candidates with pT > 0 adds one to the pixel of the image at

    dη = |η_i - η_j|                                       one bit wider than η, exact
    dφ = min(r, 2·per_pi - r), r = (φ_i - φ_j) mod 2·per_pi    the angle between them on the circle, 0 to per_pi
    D = 2·max(dη, dφ) + min(dη, dφ)                        twice the distance max + min/2
    L = (e << mantissa) + f                                of one candidate: log2 pT, see `logarithm`
    column = number of column thresholds <= D, row = number of row thresholds <= L_i + L_j
    channel = number of bounds `leading` <= i              i is the rank of the harder one: candidates come sorted

and a pixel holds min(count, 2^bits - 1). So what lies beyond the first and the last threshold is in the first and the
last pixel. Everything is integer and defined for all values of the ports: φ outside [-per_pi, per_pi) is a direction
like any other, and candidates that are not sorted give the channel of the smaller index.

The mass of a pair is m² ≈ pT_i pT_j ΔR², so lines of equal mass are diagonals of this image, and it does not change
when a jet is turned about its axis, mirrored or boosted along the beam.

`PairBuilder.build` computes it with plain numpy and is what all other forms are held against.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Annotated, Self

import numpy as np
import numpy.typing as npt
from pydantic import Field, model_validator

from data_prep.fixed_point import FixedType
from data_prep.jets.candidates import CandidateSettings
from data_prep.settings import Settings
from hls_projects.network.port import Port

Integers = npt.NDArray[np.int64]

PORTS = ("candidate_pt", "candidate_eta", "candidate_phi")
"""The inputs of the builder, in order."""

_BATCH = 1000


class PairBuilder(Settings):
    """One builder of pair images: parameters, ports and the reference in integers."""

    candidates: CandidateSettings
    """How many candidates, and the types of their numbers; two at least."""
    rows: Annotated[tuple[int, ...], Field(min_length=1)]
    """Thresholds of L_i + L_j, ascending, one fewer than rows."""
    columns: Annotated[tuple[int, ...], Field(min_length=1)]
    """Thresholds of D in angle units, ascending, one fewer than columns."""
    mantissa: int = Field(3, ge=0, le=8)
    """Bits of the logarithm behind the position of the leading one."""
    bits: int = Field(5, ge=1, le=14)
    """Bits of a pixel."""
    leading: tuple[int, ...] = ()
    """Bounds of the rank of the harder candidate, ascending, one fewer than channels; rank 0 is the hardest."""

    @model_validator(mode="after")
    def _no_empty_pixels(self) -> Self:
        number = self.candidates.number
        if number < 2:
            raise ValueError("pairs need two candidates at least")
        limits = (
            ("rows", self.rows, 2 * self.largest_logarithm, "the largest sum of two logarithms"),
            ("columns", self.columns, self.largest_distance, "the largest distance"),
            ("leading", self.leading, number - 2, "the rank of the harder candidate of the last pair"),
        )
        for name, values, largest, what in limits:
            if any(low >= high for low, high in pairwise(values)):
                raise ValueError(f"'{name}' must ascend, {list(values)} does not")
            if values and not 1 <= values[0] <= values[-1] <= largest:
                raise ValueError(
                    f"'{name}' must lie in 1 to {largest}, {what}; else pixels stay empty: {list(values)} does not"
                )
        return self

    @classmethod
    def spaced(
        cls,
        candidates: CandidateSettings,
        rows: int,
        columns: int,
        *,
        distance: tuple[float, float],
        product: tuple[float, float],
        mantissa: int = 3,
        bits: int = 5,
        leading: tuple[int, ...] = (),
    ) -> PairBuilder:
        """A builder whose thresholds are equally spaced in ln ΔR and ln(pT·pT).

        Args:
            candidates: their number and types.
            rows: of the image, three at least.
            columns: of the image, three at least.
            distance: ΔR of the first and the last threshold (rad).
            product: pT·pT of the first and the last threshold (GeV²).
            mantissa: see the class, as `bits` and `leading`.
            bits: of a pixel.
            leading: bounds of the rank.

        Raises:
            ValueError: thresholds so near that pixels stay empty, or outside of what the ports hold.
        """
        d_cuts = np.geomspace(*distance, columns - 1) * 2 * candidates.per_pi / np.pi
        steps = np.geomspace(*product, rows - 1) * 4.0**candidates.pt.type.fraction
        return cls(
            candidates=candidates,
            rows=tuple(round(float(x)) for x in np.log2(steps) * 2**mantissa),
            columns=tuple(math.ceil(x) for x in d_cuts),
            mantissa=mantissa,
            bits=bits,
            leading=leading,
        )

    @property
    def shape(self) -> tuple[int, int, int]:
        """Rows, columns, channels of the image."""
        return len(self.rows) + 1, len(self.columns) + 1, len(self.leading) + 1

    @property
    def ports(self) -> tuple[Port, ...]:
        """pT, η, φ of the candidates, each [number]."""
        given = self.candidates
        types = (given.pt.type, given.eta, given.phi)
        return tuple(Port(name=n, shape=(given.number,), type=t) for n, t in zip(PORTS, types, strict=True))

    @property
    def result(self) -> FixedType:
        """The type of a pixel: a whole number, saturating."""
        return FixedType(self.bits, self.bits, False, "RND_CONV", "SAT")

    @property
    def largest_distance(self) -> int:
        """The largest D of two candidates."""
        d_eta, d_phi = self.candidates.eta.raw_max - self.candidates.eta.raw_min, self.largest_angle
        return 2 * max(d_eta, d_phi) + min(d_eta, d_phi)

    @property
    def largest_angle(self) -> int:
        """The largest dφ of two candidates."""
        return min(self.candidates.per_pi, self.candidates.phi.raw_max - self.candidates.phi.raw_min)

    @property
    def largest_logarithm(self) -> int:
        """The largest L of a candidate."""
        return logarithm(self.candidates.pt.type.raw_max, self.mantissa)

    def build(self, pt: Integers, eta: Integers, phi: Integers) -> Integers:
        """The images of candidates.

        Args:
            pt: int64 [vectors, number], raw integers of its port's type, as all others.
            eta: int64 [vectors, number].
            phi: int64 [vectors, number].

        Returns:
            int64 [vectors, rows, columns, channels].

        Raises:
            ValueError: a shape or a value that the port does not have.
        """
        for port, values in zip(self.ports, (pt, eta, phi), strict=True):
            port.require_raw(values)
        parts = [
            self._counts(pt[k : k + _BATCH], eta[k : k + _BATCH], phi[k : k + _BATCH])
            for k in range(0, max(len(pt), 1), _BATCH)
        ]
        return np.minimum(np.concatenate(parts), self.result.raw_max)

    def _counts(self, pt: Integers, eta: Integers, phi: Integers) -> Integers:
        first, second = np.triu_indices(self.candidates.number, 1)
        turn = 2 * self.candidates.per_pi
        d_eta = np.abs(eta[:, first] - eta[:, second])
        around = (phi[:, first] - phi[:, second]) % turn
        d_phi = np.minimum(around, turn - around)
        distance = 2 * np.maximum(d_eta, d_phi) + np.minimum(d_eta, d_phi)
        logs = logarithms(pt, self.mantissa)
        column = np.searchsorted(self.columns, distance, side="right")
        row = np.searchsorted(self.rows, logs[:, first] + logs[:, second], side="right")
        channel = np.searchsorted(self.leading, first, side="right")
        rows, columns, channels = self.shape
        pixel = (row * columns + column) * channels + channel
        counted = (pt[:, first] > 0) & (pt[:, second] > 0)
        size = rows * columns * channels
        vector = np.arange(len(pt))[:, np.newaxis] * size
        counts = np.bincount((vector + pixel)[counted], minlength=len(pt) * size)
        return counts.astype(np.int64).reshape(len(pt), rows, columns, channels)


def logarithm(pt: int, mantissa: int) -> int:
    """The base-2 logarithm of a whole pT > 0 by its leading one, in steps of 2^-mantissa.

    The position of the leading one, and behind it the next `mantissa` bits, zeros where pT has fewer (J. N. Mitchell,
    "Computer Multiplication and Division Using Binary Logarithms", IRE Trans. EC-11 (1962) 512).

    >>> [logarithm(pt, 2) for pt in (1, 2, 3, 4, 5, 15, 16)]
    [0, 4, 6, 8, 9, 15, 16]
    """
    position = pt.bit_length() - 1
    return (position << mantissa) + ((pt << mantissa) >> position) - (1 << mantissa)


def logarithms(pt: Integers, mantissa: int) -> Integers:
    """`logarithm` of int64 pT of any shape; 0 where pT is 0."""
    position = np.zeros_like(pt)
    for bit in range(1, 64 - mantissa - 1):
        if not (pt >> bit).any():
            break
        position += (pt >> bit) > 0
    return np.where(pt > 0, (position << mantissa) + ((pt << mantissa) >> position) - (1 << mantissa), 0)
