"""Check of a user's layout: branches are numbers or lists as the layout requires.

Numpy would silently repeat a number for every jet or constituent, so that this is checked before any jet is read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from data_prep.errors import InputFileError

_HOLDS = {
    0: "holds neither numbers nor lists of numbers (text, a fixed array or a record)",
    1: "holds one number for each entry",
    2: "holds a list for each entry",
}
_AXIS = ("pt", "eta", "phi")
_MOMENTA = (*_AXIS, "px", "py", "pz", "energy")


@dataclass(frozen=True)
class BranchUse:
    """The branches of a layout by their use.

    Attributes:
        entry: whether an entry is a jet or an event.
        constituents: by key of `constituents:`, the branches of its expression; keys that are not given are left out.
        jet: likewise for `jet:`.
        labels: the branches of labels and weight.
        event: the branches that identify the event.
        index: the branch of the jet index.
    """

    entry: Literal["jet", "event"]
    constituents: Mapping[str, Sequence[str]]
    jet: Mapping[str, Sequence[str]]
    labels: Sequence[str]
    event: Sequence[str]
    index: str | None


def check_nesting(use: BranchUse, depth: Mapping[str, int], file: Path) -> None:
    """Check the nesting of all branches.

    Args:
        use: the branches.
        depth: of each, see `flat_arrays.depth`.
        file: for messages.

    Raises:
        InputFileError: the nesting of a branch differs from the layout.
    """
    for name in use.event:
        if depth[name] != 1:
            raise _nesting_error(
                f"the branch {name}, which names the event,", depth[name], file, "name integers of the entry"
            )
    numbers = [name for names in use.jet.values() for name in names] + list(use.labels)
    if use.entry == "jet":
        _numbers_of_jets(numbers, depth, file)
    else:
        _lists_of_jets(use, numbers, depth, file)
    _constituents(use, set(numbers), depth, file)


def _numbers_of_jets(numbers: Sequence[str], depth: Mapping[str, int], file: Path) -> None:
    for name in numbers:
        if depth[name] != 1:
            raise _nesting_error(
                f"the branch {name} must hold one number for each jet, but",
                depth[name],
                file,
                "where each row is an event with several jets, write `entry: event`, with a jet_index"
                if depth[name] == 2
                else "name a branch of plain numbers",
            )


def _lists_of_jets(use: BranchUse, numbers: Sequence[str], depth: Mapping[str, int], file: Path) -> None:
    for name in numbers:
        if depth[name] not in (1, 2):
            raise _nesting_error(f"the branch {name}", depth[name], file, "name lists with one number a jet")
    for key, names in use.jet.items():
        # a mass may be a constant, an axis may not: the lists of the axis give the number of jets
        if (names or key in _AXIS) and not any(depth[name] == 2 for name in names):
            held = f"{', '.join(names)}, one number an event" if names else "a constant"
            raise InputFileError(
                f"jets of an event need lists, not numbers: `jet: {key}` is {held}",
                file=file,
                remedy="where each row is one jet, write `entry: jet` and leave jet_index out; else name lists with "
                "one number a jet",
            )
    if use.index is not None and depth[use.index] != 2:
        raise _nesting_error(
            f"the branch {use.index} of jet_index",
            depth[use.index],
            file,
            "name the list with the jet of each constituent",
        )


def _constituents(use: BranchUse, numbers: set[str], depth: Mapping[str, int], file: Path) -> None:
    for key, names in use.constituents.items():
        for name in names:
            if depth[name] not in (1, 2):
                raise _nesting_error(
                    f"the branch {name}",
                    depth[name],
                    file,
                    "constituents need one list of numbers for each entry; for several jets write one list of all "
                    "constituents, and a jet_index",
                )
        if key in _MOMENTA and not any(depth[name] == 2 and name not in numbers for name in names):
            reason = (
                f"{', '.join(names)} does not hold a list of numbers" if names else "a constant is no list of numbers"
            )
            raise InputFileError(
                f"`constituents: {key}` needs a list for each entry: {reason} of the constituents",
                file=file,
                remedy="name the branch with one number a constituent",
            )


def _nesting_error(reason: str, depth: int, file: Path, remedy: str) -> InputFileError:
    held = _HOLDS.get(depth, "holds lists of lists")
    return InputFileError(f"{reason} {held}", file=file, remedy=remedy)
