"""The observables of a chunk of jets, in the pass that makes its images."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from data_prep.grids.grid import Grid
from data_prep.jets.candidates import Candidates, CandidateSettings
from data_prep.jets.chunk import JetChunk
from data_prep.observables.columns import Observables
from data_prep.observables.image_constituents import seen_candidates, seen_constituents
from data_prep.observables.jets import observables_of_jets
from data_prep.steps.program import Program

Bools = npt.NDArray[np.bool_]
Float32 = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]


def observables_of(
    chunk: JetChunk,
    kept: Bools,
    grid: Grid,
    program: Program,
    candidates: Candidates | None = None,
    settings: CandidateSettings | None = None,
) -> Observables:
    """The observables of the jets that have an image, of all their constituents and of those that the image holds.

    Constituents without pT count as none. What a network sees of a constituent in an image is pT and direction of the
    pixel; here it keeps its own direction and energy. With candidates it is their integers, taken as massless.

    Args:
        chunk: the jets.
        kept: bool [jets], those that have an image.
        grid: its pixels.
        program: its steps and channels.
        candidates: of all jets, where images are built of them.
        settings: what their integers mean.
    """
    wanted = np.repeat(kept, chunk.multiplicity) & (chunk.pt > 0)
    every = _of_constituents(chunk, wanted, kept)
    if candidates is not None and settings is not None:
        return Observables(every, _of_candidates(candidates.take(np.flatnonzero(kept)), settings, grid))
    seen_at = wanted & seen_constituents(chunk, grid, program)
    # most jets lie inside the window as a whole
    cut = kept.copy()
    cut[kept] = _counts(chunk.offsets, seen_at)[kept] < every[:, 0]
    seen = every.copy()
    seen[cut[kept]] = _of_constituents(chunk, seen_at & np.repeat(cut, chunk.multiplicity), cut)
    return Observables(every, seen)


def _of_constituents(chunk: JetChunk, wanted: Bools, jets: Bools) -> Float32:
    """The observables of some jets from some of their constituents: float32 [jets, observables]."""
    offsets = np.append(0, np.cumsum(_counts(chunk.offsets, wanted)[jets]))
    columns = (column[wanted].astype(np.float64) for column in (chunk.pt, chunk.eta, chunk.phi, chunk.energy))
    return observables_of_jets(offsets, *columns)


def _of_candidates(candidates: Candidates, settings: CandidateSettings, grid: Grid) -> Float32:
    seen = seen_candidates(candidates, settings, grid)
    offsets = np.append(0, np.cumsum(seen.sum(axis=1)))
    unit = np.pi / settings.per_pi
    pt = candidates.pt[seen] * settings.pt.type.step
    eta, phi = candidates.eta[seen] * unit, candidates.phi[seen] * unit
    return observables_of_jets(offsets, pt, eta, phi, pt * np.cosh(eta))


def _counts(offsets: Ints, wanted: Bools) -> Ints:
    """How many constituents of each jet are wanted: int64 [jets]."""
    before = np.append(0, np.cumsum(wanted, dtype=np.int64))
    counts: Ints = before[offsets[1:]] - before[offsets[:-1]]
    return counts
