"""What every reader yields: a chunk of jets with their constituents, as flat typed arrays."""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import IntEnum

import numpy as np
import numpy.typing as npt

NO_CLASS = 255
"""Label of a jet that belongs to no class."""
SEVERAL_CLASSES = 254
"""Label of a jet that belongs to more than one class."""

STORED_FEATURES = ("jet_sdmass", "jet_tau1", "jet_tau2", "jet_tau3", "jet_tau4")
"""Jet features that are read from the file, not computed; NaN where the file does not hold one."""

OPTIONAL = ("charge", "particle_kind", "stated_pt", "stated_mass", "entry")
"""Arrays of a chunk that may be None."""


class ParticleKind(IntEnum):
    """Type of a constituent, as particle flow identifies it."""

    UNKNOWN = 0
    CHARGED_HADRON = 1
    NEUTRAL_HADRON = 2
    PHOTON = 3
    ELECTRON = 4
    MUON = 5


@dataclass(frozen=True)
class JetChunk:
    """Jets and their constituents; jet i has the constituents `offsets[i]:offsets[i + 1]`.

    Values may be NaN or infinite (they come from files); the cutflow counts and drops such jets.

    Attributes:
        offsets: int64 [jets + 1], from 0, not decreasing.
        pt, energy: float32 [constituents], GeV.
        eta, phi: float32 [constituents], pseudorapidity and azimuth (rad), absolute.
        charge: int8 [constituents] in units of e, None where it was not read.
        particle_kind: uint8 [constituents] of `ParticleKind`, None where it was not read.
        jet_pt, jet_mass: float32 [jets], GeV; the mass is that of the constituents' sum.
        jet_eta, jet_phi: float32 [jets], the jet axis.
        stored: float32 [jets] by name, `STORED_FEATURES`.
        label: uint8 [jets], the class, or `NO_CLASS` or `SEVERAL_CLASSES`.
        event: uint64 [jets], the event's identifier: decides the split.
        weight: float32 [jets], event weight.
        stated_pt, stated_mass: float32 [jets], GeV; pT and mass of the sum of the constituents as the file states them,
            for the closure check; NaN for jets without, None where the file states none.
        entries: number of entries of the file that were read; None where an entry is a jet.
        entry: int64 [jets], the entry of each jet, from 0 for the first one read, ascending; None where an entry is a
            jet.

    Raises:
        ValueError: arrays of the wrong type or length, or offsets that do not start at 0 or that decrease.
    """

    offsets: npt.NDArray[np.int64]
    pt: npt.NDArray[np.float32]
    eta: npt.NDArray[np.float32]
    phi: npt.NDArray[np.float32]
    energy: npt.NDArray[np.float32]
    charge: npt.NDArray[np.int8] | None
    particle_kind: npt.NDArray[np.uint8] | None
    jet_pt: npt.NDArray[np.float32]
    jet_eta: npt.NDArray[np.float32]
    jet_phi: npt.NDArray[np.float32]
    jet_mass: npt.NDArray[np.float32]
    stored: dict[str, npt.NDArray[np.float32]]
    label: npt.NDArray[np.uint8]
    event: npt.NDArray[np.uint64]
    weight: npt.NDArray[np.float32]
    stated_pt: npt.NDArray[np.float32] | None = None
    stated_mass: npt.NDArray[np.float32] | None = None
    entries: int | None = None
    entry: npt.NDArray[np.int64] | None = None

    def __post_init__(self) -> None:
        if self.offsets.dtype != np.int64 or self.offsets.ndim != 1 or self.offsets.size == 0 or self.offsets[0] != 0:
            raise ValueError("offsets must be int64, one more than jets, and start at 0")
        if np.any(self.offsets[1:] < self.offsets[:-1]):
            raise ValueError("offsets must not decrease")
        jets, constituents = self.offsets.size - 1, int(self.offsets[-1])
        for field in fields(self):
            if field.name in ("offsets", "stored", "entries"):
                continue
            array = getattr(self, field.name)
            if array is None and field.name in OPTIONAL:
                continue
            per_jet = field.name.startswith(("jet_", "stated_")) or field.name in ("label", "event", "weight", "entry")
            _check(field.name, array, jets if per_jet else constituents)
        if tuple(self.stored) != STORED_FEATURES:
            raise ValueError(f"the stored features must be {', '.join(STORED_FEATURES)}")
        for name, array in self.stored.items():
            _check(name, array, jets)

    @property
    def jets(self) -> int:
        """The number of jets."""
        return self.offsets.size - 1

    @property
    def entries_read(self) -> int:
        """The number of entries of the file these jets are from."""
        return self.jets if self.entries is None else self.entries

    def positions(self, start: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """The position of each jet in its file: its entry, and its index among the jets of the entry; int64 [jets].

        Args:
            start: the first entry that was read.
        """
        rows = np.arange(self.jets, dtype=np.int64)
        if self.entry is None:
            return start + rows, np.zeros_like(rows)
        return start + self.entry, rows - np.searchsorted(self.entry, self.entry, side="left")

    @property
    def multiplicity(self) -> npt.NDArray[np.int64]:
        """The number of constituents of each jet."""
        return np.diff(self.offsets)


_DTYPES = {"charge": np.int8, "particle_kind": np.uint8, "label": np.uint8, "event": np.uint64, "entry": np.int64}


def _check(name: str, array: npt.NDArray[np.generic], length: int) -> None:
    dtype = np.dtype(_DTYPES.get(name, np.float32))
    if array.dtype != dtype or array.shape != (length,) or not array.flags.c_contiguous:
        raise ValueError(f"{name} must be {dtype} [{length}], not {array.dtype} {list(array.shape)}")
