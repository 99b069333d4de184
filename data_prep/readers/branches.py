"""Branches by name: a name stands for one branch, or is an error that lists the full paths to choose from.

A branch is named by its full path (`Jet/Jet.PT` in a TTree, `jet.pt` in an RNTuple), or by its own name where no other
branch has the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from data_prep.errors import InputFileError

_SHOWN = 30
"""Largest number of paths in a message."""


def index_of(keys: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """The full paths of the branches that every name may stand for.

    Args:
        keys: the full paths of all branches.

    Returns:
        for a full path that path, once for every branch that has it; for the last part of a path, and for the part of
        a nested RNTuple field after each point, all paths that end in it.

    >>> index_of(["a", "a.pt", "b", "b.pt"])["pt"]
    ('a.pt', 'b.pt')
    >>> index_of(["Jet", "Jet/Jet.PT"])["Jet.PT"]
    ('Jet/Jet.PT',)
    """
    paths: dict[str, list[str]] = {}
    ends: dict[str, list[str]] = {}
    full_paths = list(keys)
    distinct_paths = set(full_paths)
    for key in full_paths:
        paths.setdefault(key, []).append(key)
        head, slash, own_name = key.rpartition("/")
        if slash and head in distinct_paths:
            ends.setdefault(own_name, []).append(key)
        # a field of an RNTuple record: its parents are branches too
        point = key.find(".")
        while point >= 0:
            if key[:point] in distinct_paths:
                ends.setdefault(key[point + 1 :], []).append(key)
            point = key.find(".", point + 1)
    return {name: tuple(matches) for name, matches in (ends | paths).items()}


def path_of(index: Mapping[str, tuple[str, ...]], name: str, file: Path) -> str | None:
    """The full path of the branch of a name, None where there is none.

    Args:
        index: `index_of` the tree's branches.
        name: a full path, or a branch's own name.
        file: for the message.

    Raises:
        InputFileError: several branches have the name; the message lists their full paths.
    """
    matches = index.get(name, ())
    if len(matches) > 1:
        distinct = list(dict.fromkeys(matches))
        if len(distinct) == 1:
            raise InputFileError(
                f"has {len(matches)} branches of the same path '{name}'",
                file=file,
                remedy="it is not clear which one is meant: write the file with different names",
            )
        omitted = f" and {len(distinct) - _SHOWN} more" if len(distinct) > _SHOWN else ""
        raise InputFileError(
            f"has {len(distinct)} branches of the name {name}: {', '.join(distinct[:_SHOWN])}{omitted}",
            file=file,
            remedy=f'give the full path of one, in an expression in back-quotes: "`{distinct[0]}`"',
        )
    return matches[0] if matches else None
