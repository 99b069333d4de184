"""The door to uproot: trees and branches of ROOT files as flat numpy arrays, every fault as one line.

A tree is a TTree or its successor, an RNTuple, whose fields are branches here.

What a damaged file does inside uproot cannot be listed (it may decompress garbage, seek beyond the end or build an
impossible array), so here, and only here, any exception while reading becomes an error that names the file.

A reader is asked for one range of entries after another, so the last file stays open, one a thread, and with it the
baskets that were decompressed last: a basket that several ranges share is decompressed once.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from types import MappingProxyType
from typing import Any

import awkward as ak
import uproot

from data_prep.errors import InputFileError
from data_prep.readers.branches import index_of, path_of
from data_prep.readers.faults import DAMAGED, faults
from data_prep.readers.file_kinds import require_container
from data_prep.readers.flat_arrays import Piece, aligned, depth, flat, integers, jagged, lists_of_lists
from data_prep.readers.remote import RemoteFile

__all__ = [
    "PUPPI_REMEDY",
    "Piece",
    "aligned",
    "close",
    "depths",
    "flat",
    "integers",
    "jagged",
    "lists_of_lists",
    "open_tree",
    "opened_anew",
    "read",
    "require",
    "trees",
]

TREES = ("TTree", "ROOT::RNTuple")
"""The classes that hold entries."""

PUPPI_REMEDY = "write `puppi: ignore` in images.yaml if the constituents need no such weight"
"""What to do about a missing PUPPI weight."""

MOST_BYTES = 1 << 28
"""Baskets of more bytes than this are not kept."""


@dataclass(frozen=True)
class _Baskets:
    """What was decompressed last: the entries `start` to `stop - 1` of some branches."""

    tree: str
    start: int
    stop: int
    piece: Piece


_held = threading.local()


def _open(file: Path) -> Any:
    """The opened ROOT file: the one that is held, if it is this one and unchanged."""
    with faults(file):
        state: tuple[int | str, ...]
        if isinstance(file, RemoteFile):
            state = (file.content_hash,)
        else:
            try:
                status = file.stat()
            except OSError:
                require_container(file, "root")  # says why
                raise
            state = (status.st_ino, status.st_mtime_ns, status.st_size)
        # a process that was forked must not share the file position of its parent
        key = (os.getpid(), str(file.absolute()), *state)
        if getattr(_held, "key", None) == key:
            return _held.opened
        close()
        require_container(file, "root")
        if isinstance(file, RemoteFile):
            opened = uproot.open(file.url, array_cache=None, **file.storage_options)
        else:
            opened = uproot.open(file, array_cache=None)
        _held.key, _held.opened = key, opened
        return opened


def close() -> None:
    """Close the file that is held."""
    key, opened = getattr(_held, "key", None), getattr(_held, "opened", None)
    _held.key = _held.opened = _held.trees = _held.baskets = _held.index = None
    if key is not None and opened is not None and key[0] == os.getpid():
        opened.close()


@contextmanager
def opened_anew() -> Iterator[None]:
    """Closes the file that is held when reading fails, so that the next attempt opens it anew."""
    try:
        yield
    except Exception:
        close()
        raise


def trees(file: Path) -> dict[str, tuple[int, frozenset[str]]]:
    """The trees of a file: entries and branch names by path.

    A branch below another is named with and without its parent: `Jet/Jet.PT` and `Jet.PT`.

    Raises:
        InputFileError: no such file, an empty one, no ROOT file, a damaged one.
    """
    opened = _open(file)
    known: dict[str, tuple[int, frozenset[str]]] | None = getattr(_held, "trees", None)
    if known is not None:
        return known
    found = {}
    with faults(file):
        for name in dict.fromkeys(opened.keys(filter_classname=TREES, cycle=False)):
            tree = opened[name]
            keys = tree.keys()
            found[name] = int(tree.num_entries), frozenset([*keys, *(key.rsplit("/", 1)[-1] for key in keys)])
    _held.trees = found
    return found


@contextmanager
def open_tree(file: Path, name: str) -> Iterator[Any]:
    """One tree of a ROOT file.

    Raises:
        InputFileError: no such file, an empty one, no ROOT file, a damaged one, or no such tree in it.
    """
    opened = _open(file)
    with faults(file):
        names = opened.keys(filter_classname=TREES, cycle=False)
        if name not in names:
            has = f"it has {', '.join(sorted(set(names)))}" if names else "it has none"
            remedy = "name the tree of the jets in `layout:` in images.yaml" if names else "give files that hold trees"
            raise InputFileError(f"holds no tree '{name}', {has}", file=file, remedy=remedy)
        tree = opened[name]
        _ = tree.num_entries  # an RNTuple reads its header and footer only when it is asked for something
    yield tree


def require(
    tree: Any, file: Path, branches: Sequence[str], layout: str, remedies: Mapping[str, str] = MappingProxyType({})
) -> None:
    """Check that all branches are there, each name that of one branch, and as long as the tree.

    Args:
        tree: an opened tree.
        file: for the message.
        branches: their names.
        layout: in words, for the message.
        remedies: what to do where a branch is missing that not every file of the layout need have.

    Raises:
        InputFileError: naming those that are not.
    """
    with faults(file):
        paths = [_path(tree, branch, file) for branch in branches]
        missing = [branch for branch, path in zip(branches, paths, strict=True) if path is None]
        if missing:
            names = [key.rsplit("/", 1)[-1] for key in tree.keys()]  # noqa: SIM118 - a tree is no dict
            alike = [near for name in missing for near in get_close_matches(name, names, 1, 0.75)]
            near = f"; it has {', '.join(dict.fromkeys(alike))}" if alike else ""
            other = f"give files of the layout {layout}, and in images.yaml labels and weight by branches they have"
            default = [PUPPI_REMEDY if "puppiw" in name.lower() else other for name in missing]
            raise InputFileError(
                f"the tree '{tree.name}' lacks the branch{'es' * (len(missing) > 1)} {', '.join(missing)}{near}",
                file=file,
                remedy="; ".join(dict.fromkeys(map(remedies.get, missing, default))),
            )
        if _has_baskets(tree):
            for path in paths:
                _check_length(tree, tree[path], file)


def _path(tree: Any, name: str, file: Path) -> str | None:
    """The full path of the branch that a name means, None where there is none; see `path_of`."""
    known: tuple[Any, dict[str, tuple[str, ...]]] | None = getattr(_held, "index", None)
    if known is None or known[0] is not tree:
        known = _held.index = tree, index_of(tree.keys())
    return path_of(known[1], name, file)


def _has_baskets(tree: Any) -> bool:
    """Whether each branch is cut into entries on its own, as in a TTree; an RNTuple has clusters of whole entries."""
    return isinstance(tree, uproot.TTree)


def _check_length(tree: Any, branch: Any, file: Path) -> None:
    """A branch's header and its baskets must tell of as many entries as the tree's header."""
    borders = branch.entry_offsets
    if branch.num_entries != tree.num_entries or borders[-1] != tree.num_entries or sorted(borders) != list(borders):
        raise InputFileError(
            f"the branch {branch.name} has {borders[-1]} entries, its tree {tree.num_entries}",
            file=file,
            remedy=DAMAGED,
        )


def read(tree: Any, file: Path, branches: Sequence[str], start: int, stop: int) -> Piece:
    """The entries `start` to `stop - 1` of branches.

    Raises:
        InputFileError: a damaged file, fewer entries than its header says, or a name of several branches.
    """
    names = list(dict.fromkeys(branches))
    with faults(file):
        paths = {name: _path(tree, name, file) or name for name in names}
        wanted = list(dict.fromkeys(paths.values()))
        if _has_baskets(tree):
            found = _through_baskets(tree, wanted, start, stop)
        else:
            found = _decompressed(tree, wanted, start, stop)
        piece = {name: found[path] for name, path in paths.items()}
        for name in names:
            if len(piece[name]) != stop - start:
                raise InputFileError(
                    f"the branch {name} gave {len(piece[name])} of the {stop - start} entries from {start}",
                    file=file,
                    remedy=DAMAGED,
                )
    return piece


def _through_baskets(tree: Any, names: list[str], start: int, stop: int) -> Piece:
    """The entries, with whole baskets read and the last ones kept."""
    borders = set(tree[names[0]].entry_offsets)
    size = 0
    for name in names:
        branch = tree[name]
        borders &= set(branch.entry_offsets)
        size += branch.uncompressed_bytes
    low = max((border for border in borders if border <= start), default=0)
    high = min((border for border in borders if border >= stop), default=tree.num_entries)
    if start == stop or (low, high) == (start, stop) or size * (high - low) > MOST_BYTES * tree.num_entries:
        return _decompressed(tree, names, start, stop)
    held: _Baskets | None = getattr(_held, "baskets", None)
    parts: list[Piece] = []
    if held is not None and held.tree == tree.object_path and list(held.piece) == names:
        if held.start <= start and stop <= held.stop:
            return {name: values[start - held.start : stop - held.start] for name, values in held.piece.items()}
        if held.start <= start < held.stop:
            parts.append({name: values[start - held.start :] for name, values in held.piece.items()})
            start = low = held.stop
    whole = _decompressed(tree, names, low, high)
    _held.baskets = _Baskets(tree.object_path, low, high, whole)
    parts.append({name: values[start - low : stop - low] for name, values in whole.items()})
    if len(parts) == 1:
        return parts[0]
    return {name: ak.concatenate([part[name] for part in parts]) for name in names}


def _decompressed(tree: Any, names: list[str], start: int, stop: int) -> Piece:
    if start != stop and all(name.isidentifier() for name in names):
        piece: Piece = tree.arrays(names, entry_start=start, entry_stop=stop, library="ak", how=dict)
        return {name: piece[name] for name in names}
    return {name: tree[name].array(entry_start=start, entry_stop=stop, library="ak") for name in names}


def depths(tree: Any, file: Path, branches: Sequence[str]) -> dict[str, int]:
    """How deep the numbers of branches are nested, by branch as `flat_arrays.depth` says, without reading jets.

    Raises:
        InputFileError: a damaged file.
    """
    piece = read(tree, file, branches, 0, 0)
    unknown = [name for name, values in piece.items() if "unknown" in str(ak.type(values))]
    if unknown and tree.num_entries:  # objects whose type is known only by reading one
        piece |= read(tree, file, unknown, 0, 1)
    return {name: depth(values) for name, values in piece.items()}
