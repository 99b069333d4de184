"""The configuration of the simulation: `generate.yaml`."""

from __future__ import annotations

from abc import abstractmethod
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from data_prep.generate.seeds import FILES_MAX
from data_prep.settings import Settings

ClassName = Literal["q", "g", "qcd", "w", "z", "h", "t"]

CALORIMETER_ETA_MAX = 3.0
"""Coverage of the simulated calorimeters in |η| (barrel and endcaps; there is no forward calorimeter)."""

PT_HAT_MIN, PT_HAT_MAX = 20.0, 10_000.0
"""Range of pT-hat that can be configured (GeV)."""

PtHat = Annotated[float, Field(ge=PT_HAT_MIN, le=PT_HAT_MAX)]
JetPt = Annotated[float, Field(ge=20.0, le=5000.0)]


class SoftDropSettings(Settings):
    """Soft drop, z > z_cut (ΔR/R)^β (arXiv:1402.2657)."""

    beta: Annotated[float, Field(ge=0.0, le=4.0)] = 0.0
    """Angular exponent β; 0 is the modified mass drop tagger."""
    z_cut: Annotated[float, Field(gt=0.0, lt=0.5)] = 0.1
    """Momentum-sharing threshold."""


class JetSettings(Settings):
    """The selection of jets."""

    radius: Annotated[float, Field(ge=0.2, le=1.2)] = 0.8
    """Anti-kT radius R; also the matching distance to the hard parton or resonance."""
    pt: tuple[JetPt, JetPt] = (500.0, 1000.0)
    """Range of the jet pT (GeV), after the detector."""
    eta_max: Annotated[float, Field(gt=0.0, le=10.0)] = 2.0
    """Largest |η| of a jet."""
    constituents_max: Annotated[int, Field(ge=1, le=1000)] = 200
    """Largest number of constituents that are written, the hardest; jet quantities are computed from all."""

    @model_validator(mode="after")
    def _inside_the_detector(self) -> JetSettings:
        if self.pt[0] >= self.pt[1]:
            raise ValueError("the lower edge of pt must be below the upper")
        if self.eta_max + self.radius > CALORIMETER_ETA_MAX:
            raise ValueError(f"eta_max + radius must not leave the calorimeter, |η| < {CALORIMETER_ETA_MAX:g}")
        return self


class DetectorSettings(Settings):
    """A CMS-like detector; the parametrisations in η and pT are in `detector.py` and docs/physics.md."""

    magnetic_field: Annotated[float, Field(ge=0.0, le=10.0)] = 3.8
    """Solenoid field (T)."""
    calorimeter_radius: Annotated[float, Field(gt=0.1, le=10.0)] = 1.29
    """Distance of the calorimeter front face from the beam (m)."""
    calorimeter_half_length: Annotated[float, Field(gt=0.1, le=20.0)] = 3.0
    """Distance of the endcap front face from the centre (m)."""
    tracking: Annotated[float, Field(ge=0.0, le=1.0)] = 1.0
    """Factor on the tracking efficiency; 0 is a detector without a tracker."""
    track_cell: Annotated[float, Field(ge=0.0, le=0.1)] = 0.003
    """Of the tracks within a cell of this edge in η and φ (rad), only the hardest is reconstructed; 0: all are."""
    ecal_cell: Annotated[float, Field(ge=0.005, le=0.5)] = 0.0174
    """Edge of an ECAL cell in η and φ (rad)."""
    ecal_constant: Annotated[float, Field(ge=0.0, le=1.0)] = 0.008
    """ECAL resolution: constant term c of σ = c·E ⊕ s·√E ⊕ n."""
    ecal_stochastic: Annotated[float, Field(ge=0.0, le=5.0)] = 0.11
    """ECAL resolution: stochastic term s (√GeV)."""
    ecal_noise: Annotated[float, Field(ge=0.0, le=5.0)] = 0.40
    """ECAL resolution: noise term n (GeV)."""
    ecal_threshold: Annotated[float, Field(ge=0.0, le=50.0)] = 0.5
    """Smallest energy of a photon candidate (GeV)."""
    hcal_constant: Annotated[float, Field(ge=0.0, le=1.0)] = 0.09
    """HCAL resolution: constant term."""
    hcal_stochastic: Annotated[float, Field(ge=0.0, le=5.0)] = 1.10
    """HCAL resolution: stochastic term (√GeV)."""
    hcal_threshold: Annotated[float, Field(ge=0.0, le=50.0)] = 1.0
    """Smallest energy of a neutral hadron candidate (GeV)."""
    significance: Annotated[float, Field(ge=0.0, le=10.0)] = 2.0
    """Smallest significance of a cell, and of its excess over the tracks that point to it (standard deviations)."""


class ScaleSettings(Settings):
    """The scale of the hard scatterings."""

    pt_hat: tuple[PtHat, PtHat] = (500.0, 1050.0)
    """Range of the hard scattering's transverse momentum (GeV)."""
    pt_hat_power: Annotated[float, Field(ge=0.0, le=10.0)] = 4.0
    """Hard scatterings are drawn more often by pT-hat to this power (0: the physical spectrum)."""

    @model_validator(mode="after")
    def _ascending(self) -> Self:
        if self.pt_hat[0] >= self.pt_hat[1]:
            raise ValueError("the lower edge of pt_hat must be below the upper")
        return self

    def require_possible(self, collision_energy: float) -> None:
        """Make sure that collisions of this energy √s (GeV) can reach the pT-hat.

        Raises:
            ValueError: they cannot.
        """
        if self.pt_hat[0] >= collision_energy / 2:
            raise ValueError("pt_hat must stay below half the collision energy")


class CollisionSettings(Settings):
    """Collisions and detector, and the division of a sample into files."""

    shard_size: Annotated[int, Field(ge=1, le=100_000)] = 5000
    """Entries of one file; a file is the unit of work of one process, and an interrupted run keeps whole files."""
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 1
    """Every file's random numbers follow from this seed, its class and its number."""
    collision_energy: Annotated[float, Field(ge=1000.0, le=100_000.0)] = 13_000.0
    """Energy of the proton-proton collision √s (GeV)."""
    multiparton_interactions: bool = True
    """Whether the underlying event is simulated."""
    detector: DetectorSettings = DetectorSettings()
    """The detector response."""

    @property
    @abstractmethod
    def sizes(self) -> dict[str, int]:
        """Entries to be made, by class."""

    @property
    @abstractmethod
    def entry(self) -> Literal["jet", "event"]:
        """Whether an entry is a jet or an event."""


class SampleSettings(CollisionSettings, ScaleSettings):
    """A sample of the same number of entries of each class, all with the same scale."""

    classes: Annotated[tuple[ClassName, ...], Field(min_length=1)]
    """Hard processes: q light quark, g gluon, qcd both in their natural mix, w W→qq, z Z→qq, h H→bb, t hadronic top."""

    @property
    @abstractmethod
    def per_class(self) -> int:
        """Entries of each class."""

    @property
    def sizes(self) -> dict[str, int]:
        """Entries to be made, by class."""
        return dict.fromkeys(self.classes, self.per_class)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if len(set(self.classes)) != len(self.classes):
            raise ValueError("a class is given twice")
        if -(-self.per_class // self.shard_size) > FILES_MAX:
            raise ValueError(f"{self.entry}s_per_class / shard_size must not exceed {FILES_MAX} files a class")
        self.require_possible(self.collision_energy)
        return self


class GenerateSettings(SampleSettings):
    """A sample of jets."""

    kind: Literal["jets"] = "jets"
    """An entry of the files is a jet."""
    jets_per_class: Annotated[int, Field(ge=1, le=100_000_000)]
    """Jets of each class; exactly this number is written."""
    pt_hat: tuple[PtHat, PtHat] = (370.0, 1450.0)
    """Range of the hard scattering's transverse momentum (GeV); wide enough for all jets of the default window."""
    pt_hat_power: Annotated[float, Field(ge=0.0, le=10.0)] = 5.5
    """Hard scatterings are drawn more often by pT-hat to this power (0: the physical spectrum)."""
    jets: JetSettings = JetSettings()
    """The selection of jets."""
    soft_drop: SoftDropSettings = SoftDropSettings()
    """Grooming for the soft-drop mass."""
    dijets: Literal["mixed", "pure"] = "mixed"
    """Whether q and g come from all QCD scatterings with such jets, or only from those without other jets."""
    incomplete: bool = False
    """Whether jets of the window that come from outside of pt_hat may be missing; their share is then not measured."""

    @property
    def per_class(self) -> int:
        """Jets of each class."""
        return self.jets_per_class

    @property
    def entry(self) -> Literal["jet", "event"]:
        """A jet."""
        return "jet"


class TruthJetSettings(Settings):
    """The truth jets of an event: anti-kT on the visible particles of the hard event alone."""

    radius: Annotated[float, Field(ge=0.2, le=1.2)] = 0.8
    """Radius R; also the matching distance to the hard parton or resonance, and to its quarks."""
    pt_min: Annotated[float, Field(ge=5.0, le=5000.0)] = 20.0
    """Smallest pT (GeV); lower than that of the jets to be detected, so that jets just below threshold are known."""
    eta_max: Annotated[float, Field(gt=0.0, le=10.0)] = 3.0
    """Largest |η| of the axis; a jet whose axis is outside the image has towers inside."""

    @model_validator(mode="after")
    def _inside_the_detector(self) -> Self:
        if self.eta_max > CALORIMETER_ETA_MAX:
            raise ValueError(f"eta_max must not leave the calorimeter, |η| < {CALORIMETER_ETA_MAX:g}")
        return self


class PileupSettings(Settings):
    """Minimum-bias interactions in the same bunch crossing as the hard one."""

    mean: Annotated[float, Field(ge=0.0, le=400.0)] = 0.0
    """Mean of the Poisson distribution of their number."""
    library: Annotated[int, Field(ge=1, le=1_000_000)] = 375
    """Number simulated for `share` events, which draw from them; each is rotated in φ and mirrored in η at random."""
    share: Annotated[int, Field(ge=1, le=1_000_000)] = 25
    """Number of events that share a library. All are put in the same split, so that no collision is in two splits."""
    vertex_spread: Annotated[float, Field(ge=0.0, le=500.0)] = 45.0
    """Standard deviation of all vertices along the beam (mm)."""


class TrackSettings(Settings):
    """The selection of tracks. Their resolution is that of offline tracks: along the beam 0.1 mm; level 1 has 1 mm."""

    pt_min: Annotated[float, Field(ge=0.1, le=50.0)] = 2.0
    """Smallest measured pT (GeV)."""
    vertex_window: Annotated[float, Field(gt=0.0, le=10_000.0)] | None = None
    """Largest distance along the beam of a track to the true hard vertex (mm); no limit where it is left out."""


class EventSettings(SampleSettings):
    """A sample of whole events with pileup and the truth of every deposit."""

    kind: Literal["events"]
    """An entry of the files is an event."""
    events_per_class: Annotated[int, Field(ge=1, le=100_000_000)]
    """Events of each hard process."""
    shard_size: Annotated[int, Field(ge=1, le=100_000)] = 1000
    """Events of one file."""
    pileup: PileupSettings = PileupSettings()
    """Pileup interactions."""
    jets: TruthJetSettings = TruthJetSettings()
    """The truth jets."""
    tracks: TrackSettings = TrackSettings()
    """The selection of tracks."""

    @property
    def per_class(self) -> int:
        """Events of each class."""
        return self.events_per_class

    @property
    def entry(self) -> Literal["jet", "event"]:
        """An event."""
        return "event"
