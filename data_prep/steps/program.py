"""Steps and channels as the compiled kernel takes them, and the steps of the constituents in one compiled function."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from data_prep.images.channels import PT, codes_of, of_norm
from data_prep.jets.chunk import JetChunk
from data_prep.steps.normalise import Normalise
from data_prep.steps.step import PARAMETERS, STEPS, Step
from data_prep.system.compiled import compiled, dispatcher

Float32 = npt.NDArray[np.float32]

_RUN = {name: known_step.run for name, known_step in STEPS.items() if known_step.run is not None}
CODES = {name: code for code, name in enumerate(_RUN)}
"""The steps of the constituents in the compiled kernel, in alphabetical order."""
_run = dispatcher(tuple(_RUN.values()))


@dataclass(frozen=True)
class Program:
    """Steps and channels as the compiled kernel takes them.

    Attributes:
        constituents: int64 [steps], the `CODES` of the steps of the constituents, in their order.
        parameters: float32 [steps, 3], their numbers.
        image: the norm of the image step, 0 where there is none.
        channels: int64 [channels], what they sum.
        counts: bool [channels], which of them the norm is of.
    """

    constituents: npt.NDArray[np.int64]
    parameters: Float32
    image: int
    channels: npt.NDArray[np.int64]
    counts: npt.NDArray[np.bool_]

    @property
    def plain(self) -> bool:
        """Whether the pixels hold pT and nothing else."""
        return bool(self.channels.size == 1 and self.channels[0] == PT)

    @classmethod
    def of(cls, steps: Sequence[Step], channels: Sequence[str] = ("pt",)) -> Program:
        """Encode steps of a sensible order."""
        moving = [step for step in steps if step.step in CODES]
        parameters = np.zeros((len(moving), PARAMETERS), np.float32)
        for row, step in zip(parameters, moving, strict=True):
            row[: len(step.parameters)] = step.parameters
        codes = np.array([CODES[step.step] for step in moving], np.int64)
        image = next((step.code for step in steps if isinstance(step, Normalise)), 0)
        return cls(codes, parameters, image, codes_of(channels), of_norm(channels))


@compiled
def apply_steps(
    codes: npt.NDArray[np.int64],
    parameters: Float32,
    pt: Float32,
    eta: Float32,
    phi: Float32,
    jet_pt: np.float32,
    jet_eta: np.float32,
    jet_phi: np.float32,
) -> None:
    """Run the steps of the constituents on one jet, in place."""
    for index in range(codes.size):
        _run(codes[index], parameters[index], pt, eta, phi, jet_pt, jet_eta, jet_phi)


def moved_constituents(chunk: JetChunk, program: Program) -> tuple[Float32, Float32, Float32]:
    """pT, η and φ of all constituents of a chunk after the constituent steps, before pixels are made of them.

    Returns:
        three float32 [constituents]; those of jets that hold NaN or infinities have no meaning.
    """
    pt, eta, phi = chunk.pt.copy(), chunk.eta.copy(), chunk.phi.copy()
    _move(
        chunk.offsets,
        program.constituents,
        program.parameters,
        pt,
        eta,
        phi,
        chunk.jet_pt,
        chunk.jet_eta,
        chunk.jet_phi,
    )
    return pt, eta, phi


@compiled
def _move(
    offsets: npt.NDArray[np.int64],
    codes: npt.NDArray[np.int64],
    parameters: Float32,
    pt: Float32,
    eta: Float32,
    phi: Float32,
    jet_pt: Float32,
    jet_eta: Float32,
    jet_phi: Float32,
) -> None:
    for jet in range(offsets.size - 1):
        first, last = offsets[jet], offsets[jet + 1]
        if last > first:
            apply_steps(
                codes,
                parameters,
                pt[first:last],
                eta[first:last],
                phi[first:last],
                jet_pt[jet],
                jet_eta[jet],
                jet_phi[jet],
            )
