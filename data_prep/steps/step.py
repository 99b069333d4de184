"""What a preprocessing step is: one object, `STEP`, in a file of its own in this folder."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from data_prep.registry import Registry
from data_prep.settings import Settings

Array = npt.NDArray[np.float32]

PARAMETERS = 3
"""Numbers a step may have in the compiled kernel."""


class Step(Settings):
    """The section of the configuration that asks for a step; each step has its own."""

    step: str
    """The step's name."""

    @property
    def parameters(self) -> tuple[float, ...]:
        """For the compiled kernel, at most `PARAMETERS` numbers."""
        return ()


@dataclass(frozen=True)
class StepKind:
    """A step that can be asked for.

    Attributes:
        settings: its section of the configuration.
        run: for a step of the constituents, the compiled function that changes one jet in place. Its arguments are
            float32: the `parameters` [3]; pT, η, φ [constituents]; pT, η and φ of the jet. None for a step of the
            finished pixels, which must be the last.
        relative: whether it is relative to the image's centre, so that `centre` must stand before it.
        after: the steps that it may not stand before, with the reason.
    """

    settings: type[Step]
    run: Callable[[Array, Array, Array, Array, np.float32, np.float32, np.float32], None] | None
    relative: bool = False
    after: Mapping[str, str] = field(default_factory=dict)


STEPS = Registry("data_prep.steps", "STEP", StepKind)
"""All steps, by name."""
