"""Whether the branches of a user's layout are nested as it says: numbers and lists where each is needed.

Numpy would repeat a number for every jet or constituent without a word, so that what must be a list is asked for here,
before any jet is read.
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
class Needed:
    """The branches of a layout by what needs them.

    Attributes:
        entry: what an entry is.
        constituents: by key of `constituents:`, the branches of its expression; keys that are not given are left out.
        jet: likewise for `jet:`.
        labels: the branches of labels and weight.
        event: the branches that name the event.
        index: the branch of the jet index.
    """

    entry: Literal["jet", "event"]
    constituents: Mapping[str, Sequence[str]]
    jet: Mapping[str, Sequence[str]]
    labels: Sequence[str]
    event: Sequence[str]
    index: str | None


def check_nesting(needed: Needed, depth: Mapping[str, int], file: Path) -> None:
    """Check the nesting of all branches.

    Args:
        needed: the branches.
        depth: of each, see `flat_arrays.depth`.
        file: for messages.

    Raises:
        InputFileError: a branch that is nested otherwise than the layout says.
    """
    for name in needed.event:
        if depth[name] != 1:
            raise _wrong(f"the branch {name}, which names the event,", depth[name], file, "name integers of the entry")
    numbers = [name for names in needed.jet.values() for name in names] + list(needed.labels)
    if needed.entry == "jet":
        _numbers_of_jets(numbers, depth, file)
    else:
        _lists_of_jets(needed, numbers, depth, file)
    _constituents(needed, set(numbers), depth, file)


def _numbers_of_jets(numbers: Sequence[str], depth: Mapping[str, int], file: Path) -> None:
    for name in numbers:
        if depth[name] != 1:
            raise _wrong(
                f"the branch {name} must hold one number for each jet, but",
                depth[name],
                file,
                "where each row is an event with several jets, write `entry: event`, with a jet_index"
                if depth[name] == 2
                else "name a branch of plain numbers",
            )


def _lists_of_jets(needed: Needed, numbers: Sequence[str], depth: Mapping[str, int], file: Path) -> None:
    for name in numbers:
        if depth[name] not in (1, 2):
            raise _wrong(f"the branch {name}", depth[name], file, "name lists with one number a jet")
    for key, names in needed.jet.items():
        # a mass may be a constant, an axis may not: the lists of the axis tell how many jets there are
        if (names or key in _AXIS) and not any(depth[name] == 2 for name in names):
            held = f"{', '.join(names)}, one number an event" if names else "a constant"
            raise InputFileError(
                f"jets of an event need lists, not numbers: `jet: {key}` is {held}",
                file=file,
                remedy="where each row is one jet, write `entry: jet` and leave jet_index out; else name lists with "
                "one number a jet",
            )
    if needed.index is not None and depth[needed.index] != 2:
        raise _wrong(
            f"the branch {needed.index} of jet_index",
            depth[needed.index],
            file,
            "name the list with the jet of each constituent",
        )


def _constituents(needed: Needed, numbers: set[str], depth: Mapping[str, int], file: Path) -> None:
    for key, names in needed.constituents.items():
        for name in names:
            if depth[name] not in (1, 2):
                raise _wrong(
                    f"the branch {name}",
                    depth[name],
                    file,
                    "constituents need one list of numbers for each entry; those of several jets stand in one list, "
                    "with a jet_index",
                )
        if key in _MOMENTA and not any(depth[name] == 2 and name not in numbers for name in names):
            what = (
                f"{', '.join(names)} does not hold a list of numbers" if names else "a constant is no list of numbers"
            )
            raise InputFileError(
                f"`constituents: {key}` needs a list for each entry: {what} of the constituents",
                file=file,
                remedy="name the branch with one number a constituent",
            )


def _wrong(what: str, depth: int, file: Path, remedy: str) -> InputFileError:
    held = _HOLDS.get(depth, "holds lists of lists")
    return InputFileError(f"{what} {held}", file=file, remedy=remedy)
