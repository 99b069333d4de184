"""Any of the preprocessing steps, and the orders in which they make sense."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Union

from pydantic import AfterValidator, Field

from data_prep.grids.grid import Grid
from data_prep.images.channels import of_norm
from data_prep.steps.step import STEPS, Step

if TYPE_CHECKING:
    AnyStep = Step
else:
    AnyStep = Annotated[Union[tuple(known_step.settings for known_step in STEPS.values())], Field(discriminator="step")]  # noqa: UP007
"""Any of the steps, told apart by its `step`."""


def sensible_order(steps: tuple[AnyStep, ...]) -> tuple[AnyStep, ...]:
    """The steps, unchanged.

    Raises:
        ValueError: a step given twice, or before one that it needs or after one that would undo it.
    """
    names = [step.step for step in steps]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"the step '{name}' is given twice")
    if any(STEPS[name].relative and "centre" not in names[:index] for index, name in enumerate(names)):
        relative = [f"'{name}'" for name, known_step in STEPS.items() if known_step.relative]
        raise ValueError(
            f"the first step must be 'centre': {', '.join(relative[:-1])} and {relative[-1]} are relative to the "
            "image's centre"
        )
    for name in names[:-1]:
        if STEPS[name].run is None:
            raise ValueError(f"'{name}' must be the last step: it acts on the finished pixels")
    for index, name in enumerate(names):
        for other, reason in STEPS[name].after.items():
            if other in names[index:]:
                raise ValueError(f"'{name}' must come after '{other}', {reason}")
    return steps


Steps = Annotated[tuple[AnyStep, ...], AfterValidator(sensible_order)]
"""An ordered list of preprocessing steps that makes sense."""


def require_fitting(grid: Grid, steps: Sequence[Step], channels: Sequence[str] = ("pt",)) -> None:
    """Make sure that steps make sense on a grid and for the channels.

    Raises:
        ValueError: a window about no centre, steps that move the jet on towers that stay where they are, or a norm
            of an image without pT.
    """
    names = [step.step for step in steps]
    moving = [name for name in names if STEPS[name].run is not None]
    if grid.centred and "centre" not in names:
        raise ValueError(f"the first step must be 'centre': the {grid.kind} grid is a window about the image's centre")
    if not grid.centred and moving:
        raise ValueError(
            f"{grid.kind} are fixed in η and φ: 'kind: {grid.kind}' does not allow the step '{moving[0]}', only "
            "'normalise'"
        )
    if len(moving) < len(names) and not of_norm(channels).any():
        raise ValueError("'normalise' divides by a norm of pT, and no channel holds pT")
