"""The content of `rates.yaml`: the collider, the triggers that are compared, and at which rates."""

from __future__ import annotations

import math
from typing import Annotated, Literal, Self

import numpy as np
import numpy.typing as npt
from pydantic import Field, model_validator

from data_prep.jets.expressions import ExpressionText
from data_prep.settings import Gev, Seed, Settings

_SQUARE_CENTIMETRES = 1e-36
"""A picobarn."""
_PICOBARNS = 1e9
"""A millibarn."""

Rate = Annotated[float, Field(gt=0, le=1e6)]
"""A trigger rate (kHz)."""


class ColliderSettings(Settings):
    """The collisions. The defaults are those of the HL-LHC at its highest luminosity (CERN-2020-010, table 2-1)."""

    luminosity: float = Field(default=7.5e34, gt=0, le=1e38)
    """Instantaneous luminosity (cm⁻² s⁻¹)."""
    bunches: int = Field(default=2748, ge=1, le=1_000_000)
    """Colliding pairs of bunches, of 3564 places."""
    turns: float = Field(default=11245.0, gt=0, le=1e7)
    """Turns of a bunch a second: the speed of light over a circumference of 26,659 m."""
    inelastic: float = Field(default=80.0, gt=0, le=1e4)
    """Cross section of all inelastic collisions (mb): 79.5 ± 1.8 at 13 TeV (TOTEM, arXiv:1712.06153)."""

    @property
    def crossings(self) -> float:
        """Bunch crossings a second.

        >>> round(ColliderSettings().crossings / 1e6, 1)
        30.9
        """
        return self.bunches * self.turns

    @property
    def pileup(self) -> float:
        """Mean number of inelastic collisions a crossing.

        >>> round(ColliderSettings().pileup)
        194
        """
        return self.inelastic * _PICOBARNS * _SQUARE_CENTIMETRES * self.luminosity / self.crossings

    def rate(self, cross_section: float) -> float:
        """The rate (kHz) of a trigger that accepts collisions of some cross section (pb).

        It fires once a crossing, however many of its collisions it accepts. Their number is Poisson-distributed with
        the mean m = σ L / f, so the rate is f (1 − e⁻ᵐ): σ L if that is far below the f crossings a second.

        >>> round(ColliderSettings(luminosity=2e34).rate(1e6), 3)
        19.994
        """
        mean = cross_section * _SQUARE_CENTIMETRES * self.luminosity / self.crossings
        return -math.expm1(-mean) * self.crossings / 1e3

    def cross_section(self, rate: float) -> float:
        """The inverse of `rate`: pb from kHz, infinite from the rate of all crossings on.

        >>> round(ColliderSettings().cross_section(ColliderSettings().rate(2e5)))
        200000
        """
        share = rate * 1e3 / self.crossings
        if share >= 1:
            return math.inf
        return -math.log1p(-share) * self.crossings / (_SQUARE_CENTIMETRES * self.luminosity)


class ResolutionSettings(Settings):
    """Relative resolution of the online jet pT, σ/pT = stochastic/√pT ⊕ constant (pT in GeV).

    The defaults are those that a normally distributed pT of the right scale needs for thresholds of CMS's Phase-2
    level-1 menu: a barrel jet of particle flow with PUPPI passes an online threshold t with 95 % from an offline pT of
    11.13 GeV + 1.406 t on (CMSSW, HLTrigger/Configuration, HLT_75e33, l1tSinglePFPuppiJet230off; the 95 % are those of
    cms-l1-dpg/Phase2-L1MenuTools). So they contain the effect of pileup on the pT of a jet and an error of the scale of
    these jets: as a resolution they are an upper limit.
    """

    stochastic: float = Field(default=1.34, ge=0, le=10)
    """√GeV."""
    constant: float = Field(default=0.176, ge=0, le=0.5)
    """The resolution at the highest pT."""

    def relative(self, pt: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """σ/pT at some pT (GeV).

        >>> ResolutionSettings().relative(np.array([100.0, 230.0])).round(3).tolist()
        [0.221, 0.197]
        """
        return np.asarray(np.hypot(self.stochastic / np.sqrt(np.maximum(pt, 1e-6)), self.constant))


class OnlineSettings(Settings):
    """The pT of a jet at level 1, beside the ideal case that it is the sum in firmware over the offline jet."""

    response: Literal["gaussian", "ideal"] = "gaussian"
    """The model for which all results are given beside the ideal case; `ideal`: no model."""
    resolution: ResolutionSettings = ResolutionSettings()
    """The resolution of the gaussian response."""


class SignalSettings(Settings):
    """A class of jets that is a signal of the trigger."""

    resonance: int | None = Field(default=None, ge=1, le=10_000_000)
    """|PDG id| of the resonance; with it there are efficiencies of all generated resonances, and of their events."""

    mass: tuple[Gev, Annotated[Gev, Field(gt=0)]]
    """Window of the soft-drop mass (GeV) of the trigger that cuts on it."""

    @model_validator(mode="after")
    def _ascending(self) -> Self:
        if self.mass[0] >= self.mass[1]:
            raise ValueError("the lower edge of 'mass' must be below the upper")
        return self


class RatesSettings(Settings):
    """The stage `rates`: trigger rate against signal efficiency."""

    collider: ColliderSettings = ColliderSettings()
    """The collisions."""
    weight: ExpressionText = "aux_weight"
    """The cross section that a jet's event stands for (pb), from branches of the sample."""
    background: ExpressionText = "label_QCD"
    """The condition for jets of background events."""
    against: tuple[str, ...] = Field(min_length=1)
    """Classes of the network that are background: the score of a signal is its logit minus the largest of theirs."""
    signals: dict[str, SignalSettings] = Field(min_length=1)
    """Classes of the network that are signals of the trigger."""
    rates: tuple[Annotated[float, Field(gt=0, le=1e6)], ...] = Field(
        default=(0.2, 1.0, 5.0), min_length=1, max_length=4
    )
    """Rates at which the triggers are compared (kHz), ascending."""
    online: OnlineSettings = OnlineSettings()
    """The pT of a jet at level 1."""
    online_pt_min: Gev = Field(default=100.0, gt=0)
    """Smallest threshold on the pT in firmware (GeV). The sample must contain all jets above it."""
    offline_pt_min: Gev = 200.0
    """Lowest pT of signal jets (from all constituents, GeV) and of resonances for which efficiencies are given."""
    radius: float = Field(default=0.8, gt=0, le=2)
    """A jet within this distance ΔR of a generated resonance is one of its jets."""
    turn_on: tuple[Gev, ...] = (*range(200, 500, 20), *range(500, 700, 50), *range(700, 1001, 100))
    """Borders of the finest bins of the turn-on, jet pT from all constituents (GeV), ascending.

    Neighbouring bins are joined until each has `effective_min` jets."""
    choosing: float = Field(default=0.35, gt=0, lt=1)
    """Share of the events on which cuts on the score are chosen; all numbers are measured on the others."""
    cuts: int = Field(default=20, ge=1, le=200)
    """Number of cuts on the score that are tried: quantiles of the signal's scores, and as many of the background's."""
    effective_min: float = Field(default=10.0, ge=1, le=1e9)
    """Least (effective) number of background events that pass for a result, and of jets in a bin."""
    replicas: int = Field(default=100, ge=2, le=10_000)
    """Replicas of the background for the statistical errors."""
    seed: Seed = 1
    """Seed of the replicas."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        for name in ("rates", "turn_on"):
            values = list(getattr(self, name))
            if values != sorted(set(values)):
                raise ValueError(f"'{name}' must ascend, it is {values}")
        if len(self.turn_on) < 2:
            raise ValueError("'turn_on' must have at least two borders")
        common = sorted(set(self.against) & set(self.signals))
        if common:
            raise ValueError(f"'{common[0]}' cannot be both signal and background")
        return self
