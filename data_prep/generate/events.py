"""Pythia 8 events as flat arrays; the only module that calls Pythia."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import awkward as ak
import numpy as np
import numpy.typing as npt

from data_prep.errors import PipelineError
from data_prep.generate.processes import Process
from data_prep.generate.settings import CollisionSettings, ScaleSettings

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

_COMMON = (
    "Print:quiet = on",
    # The consistency check of the event record takes a tenth of the time.
    "Check:event = off",
    # LHC convention: particles with a longer lifetime than cτ = 10 mm reach the detector undecayed.
    "ParticleDecays:limitTau0 = on",
    "ParticleDecays:tau0Max = 10",
    # Photon radiation off the incoming quarks ends in the beam direction.
    "SpaceShower:QEDshowerByQ = off",
    "SpaceShower:QEDshowerByL = off",
)

PICOBARN = 1e-9
"""In millibarn, the unit of Pythia's cross sections."""


@dataclass(frozen=True)
class EventRecords:
    """A batch of event records, particle by particle.

    Attributes:
        number: events in the batch.
        event: index of the event in the batch, ascending.
        first: index of the event's first particle, by event.
        pid, status, mother: PDG id, Pythia status code, index of the first mother within the event.
        px, py, pz, energy: momentum (GeV).
        x, y, z: production vertex (mm).
        weight: of each event, where scatterings are drawn more often the larger their scale, [events].
        pt_hat: transverse momentum of the hardest scattering (GeV), 0 where there is none, [events].
    """

    number: int
    event: Ints
    first: Ints
    pid: Ints
    status: Ints
    mother: Ints
    px: Floats
    py: Floats
    pz: Floats
    energy: Floats
    x: Floats
    y: Floats
    z: Floats
    weight: Floats
    pt_hat: Floats


class EventGenerator:
    """Pythia, set up for one process and one seed.

    Args:
        process: the hard process.
        settings: of the collision.
        scale: of the hard scattering; None for minimum bias, which has none.
        seed: from 1 to 900 million (`seeds.py`).

    Raises:
        PipelineError: when Pythia refuses the settings or cannot start.
    """

    def __init__(self, process: Process, settings: CollisionSettings, scale: ScaleSettings | None, seed: int) -> None:
        import pythia8mc

        self._pythia: Any = pythia8mc.Pythia("", False)
        lines = (
            *_COMMON,
            *process.pythia,
            *(() if scale is None else _hard(scale, settings.multiparton_interactions)),
            f"Beams:eCM = {settings.collision_energy!r}",
            "Random:setSeed = on",
            f"Random:seed = {seed}",
        )
        for line in lines:
            if not self._pythia.readString(line, False):
                raise PipelineError(f"Pythia does not know the setting '{line}'", remedy="install the pinned pythia8mc")
        if not self._pythia.init():
            raise PipelineError(
                "Pythia cannot start with these settings",
                remedy="check collision_energy and pt_hat: the hard scattering must be possible",
            )

    def batch(self, number: int) -> EventRecords:
        """Simulate events.

        Raises:
            PipelineError: when Pythia makes no event at all.
        """
        record = self._pythia.nextBatch(number)
        if len(record) == 0:
            raise PipelineError("Pythia makes no events with these settings", remedy="check pt_hat")
        particles = record.prt
        counts = ak.to_numpy(ak.num(particles.id)).astype(np.int64)
        flat = ak.flatten(particles)
        vertex = flat.vProd.layout
        return EventRecords(
            number=len(counts),
            event=np.repeat(np.arange(len(counts), dtype=np.int64), counts),
            first=np.cumsum(counts) - counts,
            pid=_integers(flat.id),
            status=_integers(flat.status),
            mother=_integers(flat.mother1),
            px=_numbers(flat.p.px),
            py=_numbers(flat.p.py),
            pz=_numbers(flat.p.pz),
            energy=_numbers(flat.p.e),
            x=_optional(vertex, "px"),
            y=_optional(vertex, "py"),
            z=_optional(vertex, "pz"),
            weight=_numbers(record.info.weights[:, 0]),
            pt_hat=np.sqrt(np.maximum(_numbers(record.info.pT2Hat), 0)),
        )

    @property
    def cross_section(self) -> float:
        """Pythia's estimate of the cross section (pb), which the events so far stand for together."""
        return float(self._pythia.infoPython().sigmaGen()) / PICOBARN


def _hard(scale: ScaleSettings, multiparton_interactions: bool) -> tuple[str, ...]:
    return (
        f"PhaseSpace:pTHatMin = {scale.pt_hat[0]!r}",
        f"PhaseSpace:pTHatMax = {scale.pt_hat[1]!r}",
        f"PhaseSpace:bias2Selection = {'on' if scale.pt_hat_power > 0 else 'off'}",
        f"PhaseSpace:bias2SelectionPow = {scale.pt_hat_power!r}",
        f"PhaseSpace:bias2SelectionRef = {scale.pt_hat[0]!r}",
        f"PartonLevel:MPI = {'on' if multiparton_interactions else 'off'}",
    )


def _integers(column: Any) -> Ints:
    return np.asarray(ak.to_numpy(column), dtype=np.int64)


def _numbers(column: Any) -> Floats:
    return np.asarray(ak.to_numpy(column), dtype=np.float64)


def _optional(vertex: Any, field: str) -> Floats:
    """One coordinate of the production vertex; Pythia leaves it out where it is the origin."""
    return _numbers(ak.fill_none(ak.Array(vertex)[field], 0.0))
