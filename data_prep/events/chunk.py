"""Events as they are read: deposits with their sources, and truth jets."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Int64 = npt.NDArray[np.int64]
Float32 = npt.NDArray[np.float32]


@dataclass(frozen=True)
class EventChunk:
    """The events of a range of entries.

    Attributes:
        deposit_offsets: int64 [events + 1]; the deposits of event i are `deposit_offsets[i]:deposit_offsets[i + 1]`.
        eta, phi: float32 [deposits], where they are.
        em, had, track: float32 [deposits], transverse energies and Σ pT of tracks (GeV).
        truth: int64 [deposits], index of the truth jet within the event, `PILEUP_SOURCE` or `OTHER_SOURCE`.
        jet_offsets: int64 [events + 1].
        jet_pt, jet_eta, jet_phi, jet_mass: float32 [jets] (GeV, rad).
        jet_pid: int64 [jets], |PDG id| of what the jet comes from, 0 for nothing.
        pileup: int64 [events], interactions besides the hard one.
        event: uint64 [events], identifiers.
        library: uint64 [events], the library that the event's pileup was drawn from; its own identifier where there is
            none.
    """

    deposit_offsets: Int64
    eta: Float32
    phi: Float32
    em: Float32
    had: Float32
    track: Float32
    truth: Int64
    jet_offsets: Int64
    jet_pt: Float32
    jet_eta: Float32
    jet_phi: Float32
    jet_mass: Float32
    jet_pid: Int64
    pileup: Int64
    event: npt.NDArray[np.uint64]
    library: npt.NDArray[np.uint64]

    @property
    def events(self) -> int:
        """How many events these are."""
        return self.event.size
