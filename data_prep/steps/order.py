"""Which preprocessing steps there are, and in which orders they make sense."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np
import numpy.typing as npt
from pydantic import AfterValidator, Field

from data_prep.grids.grid import Grid
from data_prep.images.channels import PT, codes_of, of_norm
from data_prep.jets.chunk import JetChunk
from data_prep.steps.centre import Centre, centre
from data_prep.steps.flip import Flip, flip
from data_prep.steps.normalise import Normalise
from data_prep.steps.roll import Roll, roll, roll_in_plane
from data_prep.steps.zoom import Zoom, zoom
from data_prep.system.compiled import compiled

Float32 = npt.NDArray[np.float32]

Step = Annotated[Centre | Roll | Flip | Zoom | Normalise, Field(discriminator="step")]


def sensible_order(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """The steps, unchanged.

    Raises:
        ValueError: a step given twice, or before one that it needs or after one that would undo it.
    """
    names = [step.step for step in steps]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"the step '{name}' is given twice")
    if set(names) - {"normalise"} and names[0] != "centre":
        raise ValueError(
            "the first step must be 'centre': 'roll', 'flip' and 'zoom' are relative to the image's centre"
        )
    if "normalise" in names[:-1]:
        raise ValueError("'normalise' must be the last step: it acts on the finished pixels")
    for later in ("flip", "zoom"):
        if "roll" in names and later in names and names.index(later) < names.index("roll"):
            raise ValueError(f"'{later}' must come after 'roll', {_AFTER_ROLL[later]}")
    return steps


_AFTER_ROLL = {
    "flip": "which would undo it",
    "zoom": "which rotates in three dimensions: after a zoom the angles are not angles any more",
}

Steps = Annotated[tuple[Step, ...], AfterValidator(sensible_order)]
"""An ordered list of preprocessing steps that makes sense."""


def require_fitting(grid: Grid, steps: Sequence[Step], channels: Sequence[str] = ("pt",)) -> None:
    """Make sure that steps make sense on a grid and for the channels.

    Raises:
        ValueError: a window about no centre, steps that move the jet on towers that stay where they are, or a norm
            of an image without pT.
    """
    names = [step.step for step in steps]
    if grid.centred and "centre" not in names:
        raise ValueError(f"the first step must be 'centre': the {grid.kind} grid is a window about the image's centre")
    moving = [name for name in names if name != "normalise"]
    if not grid.centred and moving:
        raise ValueError(
            f"towers are fixed in η and φ: 'kind: towers' does not allow the step '{moving[0]}', only 'normalise'"
        )
    if "normalise" in names and not of_norm(channels).any():
        raise ValueError("'normalise' divides by a norm of pT, and no channel holds pT")


CENTRE, ROLL, ROLL_IN_PLANE, FLIP, ZOOM = range(5)
"""The constituent steps in the compiled kernel."""
_CODES = {"centre": CENTRE, "roll": ROLL, "flip": FLIP, "zoom": ZOOM}
_PARAMETERS = 3
"""Numbers a step may have."""


@dataclass(frozen=True)
class Program:
    """Steps and channels as the compiled kernel takes them.

    Attributes:
        constituents: int64 [steps], the constituent steps in order.
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
        moving = [step for step in steps if not isinstance(step, Normalise)]
        parameters = np.zeros((len(moving), _PARAMETERS), np.float32)
        codes = np.zeros(len(moving), np.int64)
        for index, step in enumerate(moving):
            codes[index] = _CODES[step.step]
            if isinstance(step, Roll) and step.method == "in_plane":
                codes[index] = ROLL_IN_PLANE
            if not isinstance(step, Flip):
                parameters[index, : len(step.parameters)] = step.parameters
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
    """Run the constituent steps on one jet, in place."""
    for index in range(codes.size):
        code = codes[index]
        if code == CENTRE:
            centre(parameters[index], pt, eta, phi, jet_eta, jet_phi)
        elif code == ROLL:
            roll(pt, eta, phi)
        elif code == ROLL_IN_PLANE:
            roll_in_plane(pt, eta, phi)
        elif code == FLIP:
            flip(pt, eta, phi)
        elif code == ZOOM:
            zoom(parameters[index], eta, phi, jet_pt)


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
