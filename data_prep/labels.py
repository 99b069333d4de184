"""The classes of a configuration, and which jets belong to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
from pydantic import AfterValidator, Field

from data_prep.constituents import NO_CLASS, SEVERAL_CLASSES
from data_prep.settings import Settings


class Condition(Settings):
    """A further condition on an integer branch, as on the PDG id that tells quark from gluon jets."""

    branch: str = Field(min_length=1)
    """The branch."""
    absolute: tuple[int, ...] = Field(min_length=1)
    """The absolute values that are let through (antiparticles have negative PDG ids)."""


class ClassSettings(Settings):
    """One class of jets."""

    name: str = Field(pattern="^[A-Za-z][A-Za-z0-9_]*$", max_length=32)
    """The name in plots, tables and firmware outputs."""
    label: str = Field(min_length=1)
    """The branch that is non-zero for jets of this class: float, bool or integer."""
    where: Condition | None = None
    """A further condition."""


def _distinct(classes: tuple[ClassSettings, ...]) -> tuple[ClassSettings, ...]:
    names = [each.name for each in classes]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"the class '{name}' is given twice")
    return classes


Classes = Annotated[tuple[ClassSettings, ...], Field(min_length=2, max_length=100), AfterValidator(_distinct)]
"""The classes of a configuration, in the order of their labels."""


def branches_of(classes: Sequence[ClassSettings]) -> tuple[str, ...]:
    """The branches that must be read to tell the classes, each once."""
    names = [each.label for each in classes] + [each.where.branch for each in classes if each.where]
    return tuple(dict.fromkeys(names))


def labels_of(
    classes: Sequence[ClassSettings], columns: Mapping[str, npt.NDArray[Any]], jets: int
) -> npt.NDArray[np.uint8]:
    """The label of each jet.

    Args:
        classes: the classes; a jet's label is its class's position here.
        columns: `branches_of(classes)` by name, numbers or bools [jets].
        jets: the number of jets.

    Returns:
        uint8 [jets]; `NO_CLASS` where no class fits, `SEVERAL_CLASSES` where more than one does.
    """
    label = np.full(jets, NO_CLASS, np.uint8)
    for index, each in enumerate(classes):
        member = columns[each.label] > 0.5 if columns[each.label].dtype != np.bool_ else columns[each.label]
        if each.where:
            member = member & np.isin(np.abs(columns[each.where.branch]), each.where.absolute)
        label[member] = np.where(label[member] == NO_CLASS, index, SEVERAL_CLASSES)
    return label
