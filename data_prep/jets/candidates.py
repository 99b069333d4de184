"""Trigger candidates: the constituents of a jet in the number format of a level-1 trigger.

Only the number format is that of level 1. The momenta are those of the input files: in the project's own simulation
offline particle flow (tracks from 0.1 GeV, the true vertex, no PUPPI) about the exact axis of an anti-kT jet.

A candidate is pT, η and φ as integer multiples of a step; a jet has its N hardest candidates and a seed, the direction
about which its image is made. Defaults are those of the particle-flow candidates of the CMS level-1 trigger (CMS, "The
Phase-2 Upgrade of the CMS Level-1 Trigger", CERN-LHCC-2020-004): pT of 14 bits in steps of 0.25 GeV, angles in π/720.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from decimal import ROUND_CEILING, ROUND_HALF_EVEN, Decimal, localcontext
from itertools import pairwise
from typing import Self

import numpy as np
import numpy.typing as npt
from pydantic import Field, model_validator

from data_prep.fixed_point import FixedType
from data_prep.jets.chunk import JetChunk
from data_prep.settings import Settings
from data_prep.system.compiled import compiled

Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]
Float32 = npt.NDArray[np.float32]

_PI = Decimal("3.14159265358979323846264338327950288419716939937510582")
_SAME = Decimal("1e-9")


class UnsignedSettings(Settings):
    """An unsigned fixed-point number that saturates."""

    bits: int = Field(ge=1, le=24)
    """Total number of bits."""
    integer: int = Field(ge=-16, le=24)
    """Bits before the binary point: the step is 2^(integer - bits)."""

    @property
    def type(self) -> FixedType:
        """As hardware holds it: rounding half to even, saturating."""
        return FixedType(self.bits, self.integer, False, "RND_CONV", "SAT")


class CandidateSettings(Settings):
    """The section `candidates` of images.yaml: images are made from integers, exactly as firmware makes them."""

    number: int = Field(default=16, ge=1, le=128)
    """Candidates of a jet; the hardest are kept."""
    pt: UnsignedSettings = UnsignedSettings(bits=14, integer=12)
    """A candidate's pT (GeV)."""
    per_pi: int = Field(default=720, ge=8, le=1 << 15)
    """Angle units in π: η and φ are in steps of π / per_pi."""
    eta_bits: int = Field(default=12, ge=4, le=16)
    """Bits of η and of the seed's η, sign included."""
    phi_bits: int = Field(default=11, ge=4, le=16)
    """Bits of φ and of the seed's φ, sign included."""
    pixel: UnsignedSettings = UnsignedSettings(bits=12, integer=10)
    """A pixel's sum of pT (GeV)."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.pt.bits > 16:
            raise ValueError(f"'pt' has {self.pt.bits} bits, a candidate's pT has 16 at most")
        if self.pixel.type.fraction != self.pt.type.fraction:
            raise ValueError(
                f"a pixel sums candidates, so its step must be theirs: 'pixel' has steps of {self.pixel.type.step:g} "
                f"GeV, 'pt' of {self.pt.type.step:g} GeV (bits - integer must be equal)"
            )
        if self.per_pi > 1 << (self.phi_bits - 1):
            raise ValueError(f"{self.phi_bits} 'phi_bits' do not hold φ = -π, which is -{self.per_pi} ('per_pi') units")
        return self

    @property
    def eta(self) -> FixedType:
        """η in units: a signed integer."""
        return FixedType(self.eta_bits, self.eta_bits, True, "RND_CONV", "SAT")

    @property
    def phi(self) -> FixedType:
        """φ in units: a signed integer, of which hardware uses [-per_pi, per_pi) where φ is a direction."""
        return FixedType(self.phi_bits, self.phi_bits, True, "RND_CONV", "SAT")


@dataclass(frozen=True)
class Candidates:
    """Candidates of jets, one jet a row, the hardest first; empty slots hold pT 0, η 0, φ 0.

    Attributes:
        pt: int32 [jets, number], in steps of the pT.
        eta: int32 [jets, number], in units of π / per_pi.
        phi: int32 [jets, number], in units of π / per_pi.
        seed_eta: int32 [jets], the direction about which the image is made.
        seed_phi: int32 [jets].
    """

    pt: Int32
    eta: Int32
    phi: Int32
    seed_eta: Int32
    seed_phi: Int32

    def __post_init__(self) -> None:
        for field in fields(self):
            array = getattr(self, field.name)
            shape = self.seed_eta.shape if field.name.startswith("seed_") else self.pt.shape
            if array.dtype != np.int32 or array.shape != shape or array.shape[0] != self.seed_eta.shape[0]:
                raise ValueError(f"{field.name} must be int32 {list(shape)}, not {array.dtype} {list(array.shape)}")

    def __len__(self) -> int:
        return self.seed_eta.size

    @property
    def number(self) -> int:
        """Slots of a jet."""
        return int(self.pt.shape[1])

    def take(self, rows: Int64 | slice) -> Candidates:
        """The candidates of the jets of these rows, in their order."""
        return Candidates(*(getattr(self, field.name)[rows] for field in fields(self)))

    def slice(self, start: int, stop: int) -> Candidates:
        """The candidates of the jets start to stop - 1, without copying."""
        return self.take(slice(start, stop))

    @classmethod
    def joined(cls, batches: Sequence[Candidates]) -> Candidates:
        """The candidates of all batches, in their order; at least one, all of one number of slots."""
        return cls(*(np.concatenate([getattr(batch, field.name) for batch in batches]) for field in fields(cls)))

    @classmethod
    def none(cls, number: int) -> Candidates:
        """The candidates of no jet."""
        per_candidate, per_jet = np.zeros((0, number), np.int32), np.zeros(0, np.int32)
        return cls(per_candidate, per_candidate, per_candidate, per_jet, per_jet)


def candidates_of(chunk: JetChunk, settings: CandidateSettings) -> Candidates:
    """The candidates of every jet of a chunk.

    pT and angles are rounded to the nearest step (half to even) in float64; pT and η saturate, φ wraps into
    [-per_pi, per_pi). The hardest by rounded pT are kept, of equal ones the first in the file; a constituent whose pT
    rounds to 0 is no candidate. The seed is the jet axis. Values that are not finite give meaningless numbers: drop
    such jets.
    """
    number = settings.number
    pt, eta, phi = (np.zeros((chunk.jets, number), np.int32) for _ in range(3))
    per_unit = settings.per_pi / np.pi
    _candidates(
        chunk.offsets,
        chunk.pt,
        chunk.eta,
        chunk.phi,
        2.0**settings.pt.type.fraction,
        settings.pt.type.raw_max,
        per_unit,
        settings.eta.raw_max,
        settings.per_pi,
        pt,
        eta,
        phi,
    )
    seed_eta, seed_phi = np.zeros(chunk.jets, np.int32), np.zeros(chunk.jets, np.int32)
    _seeds(chunk.jet_eta, chunk.jet_phi, per_unit, settings.eta.raw_max, settings.per_pi, seed_eta, seed_phi)
    return Candidates(pt, eta, phi, seed_eta, seed_phi)


def thresholds(edges: npt.NDArray[np.float64], per_pi: int) -> tuple[int, ...]:
    """The integers that cut angles in units of π / per_pi into the pixels of a grid.

    A difference d lies in pixel k where thresholds[k] <= d < thresholds[k + 1]: a pixel holds its lower border. Each
    threshold is border · per_pi / π rounded up, in decimal arithmetic of 60 digits. A border within 10⁻⁹ of a whole
    number of units is that number: no float64 equals π, so a border that is meant as a multiple of the unit lies a
    rounding error below or above it.

    Args:
        edges: float64 [pixels + 1], ascending, in radians.
        per_pi: angle units in π.

    Raises:
        ValueError: a pixel so narrow that no angle falls into it.

    >>> thresholds(np.array([-0.8, 0.0, np.pi / 4]), 720)
    (-183, 0, 180)
    """
    cuts = []
    with localcontext() as context:
        context.prec = 60
        for edge in edges:
            position = Decimal(float(edge)) * per_pi / _PI
            nearest = position.to_integral_value(ROUND_HALF_EVEN)
            up = position.to_integral_value(ROUND_CEILING)
            cuts.append(int(nearest if abs(position - nearest) <= _SAME else up))
    if any(low >= high for low, high in pairwise(cuts)):
        width = float(np.diff(edges).min())
        raise ValueError(f"pixels of {width:g} rad are narrower than the candidates' angle unit, π/{per_pi}")
    return tuple(cuts)


@compiled
def _angle(value: np.float32, per_unit: float) -> float:
    return float(np.rint(np.float64(value) * per_unit))


@compiled
def _saturated(units: float, largest: int) -> int:
    return int(min(max(units, -largest - 1.0), float(largest)))


@compiled
def _wrapped(units: float, half_turn: int) -> int:
    wrapped = int(np.fmod(units, 2.0 * half_turn))
    if wrapped >= half_turn:
        return wrapped - 2 * half_turn
    if wrapped < -half_turn:
        return wrapped + 2 * half_turn
    return wrapped


@compiled
def _candidates(
    offsets: Int64,
    all_pt: Float32,
    all_eta: Float32,
    all_phi: Float32,
    per_gev: float,
    largest_pt: int,
    per_unit: float,
    largest_eta: int,
    half_turn: int,
    pt: Int32,
    eta: Int32,
    phi: Int32,
) -> None:
    number = pt.shape[1]
    index = np.empty(number, np.int64)
    for jet in range(offsets.size - 1):
        held = 0
        for i in range(offsets[jet], offsets[jet + 1]):
            units = int(min(np.rint(np.float64(all_pt[i]) * per_gev), float(largest_pt)))
            if units <= 0 or (held == number and units <= pt[jet, number - 1]):
                continue
            slot = min(held, number - 1)
            while slot > 0 and pt[jet, slot - 1] < units:
                pt[jet, slot] = pt[jet, slot - 1]
                index[slot] = index[slot - 1]
                slot -= 1
            pt[jet, slot] = units
            index[slot] = i
            held = min(held + 1, number)
        for k in range(held):
            eta[jet, k] = _saturated(_angle(all_eta[index[k]], per_unit), largest_eta)
            phi[jet, k] = _wrapped(_angle(all_phi[index[k]], per_unit), half_turn)


@compiled
def _seeds(
    jet_eta: Float32,
    jet_phi: Float32,
    per_unit: float,
    largest_eta: int,
    half_turn: int,
    seed_eta: Int32,
    seed_phi: Int32,
) -> None:
    for jet in range(jet_eta.size):
        seed_eta[jet] = _saturated(_angle(jet_eta[jet], per_unit), largest_eta)
        seed_phi[jet] = _wrapped(_angle(jet_phi[jet], per_unit), half_turn)
