"""Which preprocessing steps there are, and in which orders they make sense."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np
import numpy.typing as npt
from pydantic import AfterValidator, Field

from data_prep.compiled import compiled
from data_prep.steps.centre import Centre, centre
from data_prep.steps.flip import Flip, flip
from data_prep.steps.normalise import Normalise
from data_prep.steps.roll import Roll, roll

Step = Annotated[Centre | Roll | Flip | Normalise, Field(discriminator="step")]


def sensible_order(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """The steps, unchanged.

    Raises:
        ValueError: a step given twice, or before one that it needs or after one that would undo it.
    """
    names = [step.step for step in steps]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"the step '{name}' is given twice")
    if names[:1] != ["centre"]:
        raise ValueError(
            "the first step must be 'centre': pixels, 'roll' and 'flip' are relative to the image's centre"
        )
    if "normalise" in names[:-1]:
        raise ValueError("'normalise' must be the last step: it acts on the finished pixels")
    if "roll" in names and "flip" in names and names.index("flip") < names.index("roll"):
        raise ValueError("'flip' must come after 'roll', which would turn the harder half away again")
    return steps


Steps = Annotated[tuple[Step, ...], AfterValidator(sensible_order)]
"""An ordered list of preprocessing steps that makes sense."""

CENTRE, ROLL, FLIP = range(3)
"""The constituent steps in the compiled kernel."""
PIXELS_IN_GEV, L1 = range(2)
"""The image steps in the compiled kernel."""
_CODES = {"centre": CENTRE, "roll": ROLL, "flip": FLIP}


@dataclass(frozen=True)
class Program:
    """Steps as the compiled kernel takes them.

    Attributes:
        constituents: int64, the constituent steps in order.
        image: the image step.
    """

    constituents: npt.NDArray[np.int64]
    image: int

    @classmethod
    def of(cls, steps: Sequence[Step]) -> Program:
        """Encode steps of a sensible order."""
        codes = [_CODES[step.step] for step in steps if step.step in _CODES]
        image = L1 if any(step.step == "normalise" for step in steps) else PIXELS_IN_GEV
        return cls(np.array(codes, dtype=np.int64), image)


@compiled
def apply_steps(
    codes: npt.NDArray[np.int64],
    pt: npt.NDArray[np.float32],
    eta: npt.NDArray[np.float32],
    phi: npt.NDArray[np.float32],
    jet_eta: np.float32,
    jet_phi: np.float32,
) -> None:
    """Run the constituent steps on one jet, in place."""
    for code in codes:
        if code == CENTRE:
            centre(eta, phi, jet_eta, jet_phi)
        elif code == ROLL:
            roll(pt, eta, phi)
        elif code == FLIP:
            flip(pt, eta, phi)
