"""The constituents of a jet that the network sees: those that contribute to a channel of a pixel."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from data_prep.grids.grid import Grid
from data_prep.grids.pixels import pixels_of
from data_prep.grids.square import SquareGrid
from data_prep.images.channels import MULTIPLICITY, PT
from data_prep.images.kernel import channel_of
from data_prep.jets.candidates import Candidates, CandidateSettings, thresholds
from data_prep.jets.chunk import JetChunk
from data_prep.steps.program import Program, moved_constituents

Bools = npt.NDArray[np.bool_]


def constituents_in_image(chunk: JetChunk, grid: Grid, program: Program) -> Bools:
    """The constituents with pT that lie in a pixel after all steps and contribute to a channel: bool [constituents].

    Args:
        chunk: the jets; for those with NaN or infinities the result is meaningless.
        grid: the pixels.
        program: the steps and channels.
    """
    _, eta, phi = moved_constituents(chunk, program)
    index = np.empty(eta.size, np.int32)
    pixels_of(grid.code, grid.parameters, eta, phi, index)
    in_image: Bools = (index >= 0) & (chunk.pt > 0)
    if not np.isin((PT, MULTIPLICITY), program.channels).any():
        in_image &= np.isin(channel_of(chunk, program), program.channels)
    return in_image


def candidates_in_image(candidates: Candidates, settings: CandidateSettings, grid: Grid) -> Bools:
    """The candidates that lie in a pixel: bool [jets, number].

    Args:
        candidates: of the jets.
        settings: number format of the candidates.
        grid: the pixels.
    """
    if not isinstance(grid, SquareGrid):
        raise ValueError("candidates are built on a square grid")
    cuts, turn = thresholds(grid.edges(), settings.per_pi), 2 * settings.per_pi
    down = candidates.eta - candidates.seed_eta[:, np.newaxis]
    across = candidates.phi - candidates.seed_phi[:, np.newaxis]
    across = (across + settings.per_pi) % turn - settings.per_pi
    in_image: Bools = candidates.pt > 0
    for difference in (down, across):
        in_image &= (difference >= cuts[0]) & (difference < cuts[-1])
    return in_image
