"""The classes of a configuration, and which jets belong to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
from pydantic import AfterValidator, Field

from data_prep.jets.chunk import NO_CLASS, SEVERAL_CLASSES
from data_prep.jets.expressions import BranchName, Expression, ExpressionText, members
from data_prep.settings import Settings


class Condition(Settings):
    """A further condition on an integer branch, as on the PDG id that tells quark from gluon jets."""

    branch: BranchName
    """The branch."""
    absolute: tuple[Annotated[int, Field(ge=0, le=10_000_000_000)], ...] = Field(min_length=1)
    """The accepted absolute values (antiparticles have negative PDG ids)."""


class ClassSettings(Settings):
    """One class of jets."""

    name: str = Field(pattern="^[A-Za-z][A-Za-z0-9_]*$", max_length=32)
    """The name in plots, tables and firmware outputs."""
    label: ExpressionText
    """What holds for jets of this class: a branch that is non-zero for them (float, bool or integer; -1 is non-zero,
    NaN is of no class), or an expression such as `FatJet_nBHadrons >= 2`, `is_signal_new == 0` or, where the file
    alone tells, `1`."""
    where: Condition | None = None
    """A further condition."""
    files: str | None = Field(default=None, min_length=1)
    """A pattern such as `*QCD*`: only jets of files with such a name are of this class."""

    def __str__(self) -> str:
        """The definition in words, for messages."""
        text = self.label
        if self.where:
            text += f", |{self.where.branch}| in {list(self.where.absolute)}"
        return text + (f", files {self.files}" if self.files else "")


def _require_distinct(classes: tuple[ClassSettings, ...]) -> tuple[ClassSettings, ...]:
    names = [jet_class.name for jet_class in classes]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"the class '{name}' is given twice")
    return classes


Classes = Annotated[tuple[ClassSettings, ...], Field(min_length=2, max_length=100), AfterValidator(_require_distinct)]
"""The classes of a configuration, in the order of their labels."""


def branches_of(classes: Sequence[ClassSettings]) -> tuple[str, ...]:
    """The branches that define the classes, each once."""
    names = [name for jet_class in classes for name in Expression(jet_class.label).names]
    return tuple(dict.fromkeys([*names, *(jet_class.where.branch for jet_class in classes if jet_class.where)]))


def labels_of(
    classes: Sequence[ClassSettings], columns: Mapping[str, npt.NDArray[Any]], jets: int, file: Path | None = None
) -> npt.NDArray[np.uint8]:
    """The label of each jet.

    Args:
        classes: the classes; a jet's label is its class's position here.
        columns: `branches_of(classes)` by name, numbers or bools [jets].
        jets: the number of jets.
        file: the file they are from, for classes that depend on its name, and for messages.

    Returns:
        uint8 [jets]; `NO_CLASS` where no class fits, `SEVERAL_CLASSES` where more than one does.

    Raises:
        InputFileError: a label uses `&` or `|` on numbers that are not integers.
    """
    label = np.full(jets, NO_CLASS, np.uint8)
    for index, jet_class in enumerate(classes):
        if jet_class.files and (file is None or not fnmatchcase(file.name, jet_class.files)):
            continue
        member = members(Expression(jet_class.label), columns, jets, file)
        if jet_class.where:
            member = member & np.isin(np.abs(columns[jet_class.where.branch]), jet_class.where.absolute)
        label[member] = np.where(label[member] == NO_CLASS, index, SEVERAL_CLASSES)
    return label
