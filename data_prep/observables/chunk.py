"""The observables of a chunk of jets, computed together with its images."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from data_prep.grids.grid import Grid
from data_prep.jets.candidates import Candidates, CandidateSettings
from data_prep.jets.chunk import JetChunk
from data_prep.observables.columns import Observables
from data_prep.observables.image_constituents import candidates_in_image, constituents_in_image
from data_prep.observables.jets import observables_of_jets
from data_prep.steps.program import Program

Bools = npt.NDArray[np.bool_]
Float32 = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]


def observables_of(
    chunk: JetChunk,
    imaged: Bools,
    grid: Grid,
    program: Program,
    candidates: Candidates | None = None,
    settings: CandidateSettings | None = None,
) -> Observables:
    """The observables of the jets that have an image, of all their constituents and of those that the image holds.

    Constituents without pT are left out. In the image a constituent has the direction of its pixel; here it keeps its
    own direction and energy. With candidates the momenta are those of their integers, taken as massless.

    Args:
        chunk: the jets.
        imaged: bool [jets], those that have an image.
        grid: its pixels.
        program: its steps and channels.
        candidates: of all jets, where images are built from them.
        settings: number format of the candidates.
    """
    with_pt = np.repeat(imaged, chunk.multiplicity) & (chunk.pt > 0)
    of_all = _constituent_observables(chunk, with_pt, imaged)
    if candidates is not None and settings is not None:
        return Observables(of_all, _candidate_observables(candidates.take(np.flatnonzero(imaged)), settings, grid))
    in_image = with_pt & constituents_in_image(chunk, grid, program)
    # most jets lie entirely inside the window: only the others are computed again
    partly_outside = imaged.copy()
    partly_outside[imaged] = _counts(chunk.offsets, in_image)[imaged] < of_all[:, 0]
    of_image = of_all.copy()
    of_image[partly_outside[imaged]] = _constituent_observables(
        chunk, in_image & np.repeat(partly_outside, chunk.multiplicity), partly_outside
    )
    return Observables(of_all, of_image)


def _constituent_observables(chunk: JetChunk, selected: Bools, jets: Bools) -> Float32:
    """The observables of some jets from some of their constituents: float32 [jets, observables]."""
    offsets = np.append(0, np.cumsum(_counts(chunk.offsets, selected)[jets]))
    columns = (column[selected].astype(np.float64) for column in (chunk.pt, chunk.eta, chunk.phi, chunk.energy))
    return observables_of_jets(offsets, *columns)


def _candidate_observables(candidates: Candidates, settings: CandidateSettings, grid: Grid) -> Float32:
    in_image = candidates_in_image(candidates, settings, grid)
    offsets = np.append(0, np.cumsum(in_image.sum(axis=1)))
    unit = np.pi / settings.per_pi
    pt = candidates.pt[in_image] * settings.pt.type.step
    eta, phi = candidates.eta[in_image] * unit, candidates.phi[in_image] * unit
    return observables_of_jets(offsets, pt, eta, phi, pt * np.cosh(eta))


def _counts(offsets: Ints, selected: Bools) -> Ints:
    """The number of selected constituents of each jet: int64 [jets]."""
    sums = np.append(0, np.cumsum(selected, dtype=np.int64))
    counts: Ints = sums[offsets[1:]] - sums[offsets[:-1]]
    return counts
