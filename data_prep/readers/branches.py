"""Branch names to branches: one name, one branch, or an error with the paths that can be given instead.

A branch is meant by its full path (`Jet/Jet.PT` in a TTree, `jet.pt` in an RNTuple), or by its own name where no other
branch has the same one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from data_prep.errors import InputFileError

_SHOWN = 30
"""Paths that a message names."""


def index_of(keys: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """The full paths that every name may mean.

    Args:
        keys: the full paths of all branches.

    Returns:
        by full path that path alone, once for every branch that has it; by the last part of a path, and by what follows
        each point of a nested RNTuple field, all paths that end so.

    >>> index_of(["a", "a.pt", "b", "b.pt"])["pt"]
    ('a.pt', 'b.pt')
    >>> index_of(["Jet", "Jet/Jet.PT"])["Jet.PT"]
    ('Jet/Jet.PT',)
    """
    paths: dict[str, list[str]] = {}
    ends: dict[str, list[str]] = {}
    listed = list(keys)
    known = set(listed)
    for key in listed:
        paths.setdefault(key, []).append(key)
        head, slash, last = key.rpartition("/")
        if slash and head in known:
            ends.setdefault(last, []).append(key)
        # a field of an RNTuple record: its parents are branches themselves
        at = key.find(".")
        while at >= 0:
            if key[:at] in known:
                ends.setdefault(key[at + 1 :], []).append(key)
            at = key.find(".", at + 1)
    return {name: tuple(found) for name, found in (ends | paths).items()}


def path_of(index: Mapping[str, tuple[str, ...]], name: str, file: Path) -> str | None:
    """The full path of the branch that a name means, None where there is none.

    Args:
        index: `index_of` the tree's branches.
        name: a full path, or a branch's own name.
        file: for the message.

    Raises:
        InputFileError: the name is that of several branches; their full paths are named.
    """
    found = index.get(name, ())
    if len(found) > 1:
        shown = list(dict.fromkeys(found))
        if len(shown) == 1:
            raise InputFileError(
                f"has {len(found)} branches of the same path '{name}'",
                file=file,
                remedy="it is not clear which one is meant: write the file with different names",
            )
        more = f" and {len(shown) - _SHOWN} more" if len(shown) > _SHOWN else ""
        raise InputFileError(
            f"has {len(shown)} branches of the name {name}: {', '.join(shown[:_SHOWN])}{more}",
            file=file,
            remedy=f'give the full path of one, in an expression in back-quotes: "`{shown[0]}`"',
        )
    return found[0] if found else None
