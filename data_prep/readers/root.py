"""The interface to uproot: trees and branches of ROOT files as flat numpy arrays, every error as one line.

A tree is a TTree or its successor, an RNTuple, whose fields are branches here.

A damaged file may raise any exception in uproot (it may decompress garbage, seek beyond the end or build an impossible
array), so that any exception while reading becomes an error that names the file.

Readers read one range of entries after another. Therefore the last file of a thread stays open, and the baskets that
were decompressed last are kept: a basket that several ranges share is decompressed once.
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
from data_prep.readers.flat_arrays import Arrays, aligned, depth, flat, integers, jagged, lists_of_lists
from data_prep.readers.remote import RemoteFile

__all__ = [
    "PUPPI_REMEDY",
    "Arrays",
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
"""The remedy for a missing PUPPI weight."""

MOST_BYTES = 1 << 28
"""Largest size of baskets that are kept (bytes)."""


@dataclass(frozen=True)
class _Baskets:
    """The baskets that were decompressed last: the entries `start` to `stop - 1` of some branches."""

    tree: str
    start: int
    stop: int
    arrays: Arrays


_held = threading.local()


def _open(file: Path) -> Any:
    """The opened ROOT file: the one that is still open, if it is the same and unchanged."""
    with faults(file):
        state: tuple[int | str, ...]
        if isinstance(file, RemoteFile):
            state = (file.content_hash,)
        else:
            try:
                status = file.stat()
            except OSError:
                require_container(file, "root")  # raises an error with the reason
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
    """Close the file that is still open."""
    key, opened = getattr(_held, "key", None), getattr(_held, "opened", None)
    _held.key = _held.opened = _held.trees = _held.baskets = _held.index = None
    if key is not None and opened is not None and key[0] == os.getpid():
        opened.close()


@contextmanager
def opened_anew() -> Iterator[None]:
    """Closes the file when reading fails, so that the next attempt opens it again."""
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
    cached: dict[str, tuple[int, frozenset[str]]] | None = getattr(_held, "trees", None)
    if cached is not None:
        return cached
    by_path = {}
    with faults(file):
        for name in dict.fromkeys(opened.keys(filter_classname=TREES, cycle=False)):
            tree = opened[name]
            keys = tree.keys()
            by_path[name] = int(tree.num_entries), frozenset([*keys, *(key.rsplit("/", 1)[-1] for key in keys)])
    _held.trees = by_path
    return by_path


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
            listing = f"it has {', '.join(sorted(set(names)))}" if names else "it has none"
            remedy = "name the tree of the jets in `layout:` in images.yaml" if names else "give files that hold trees"
            raise InputFileError(f"holds no tree '{name}', {listing}", file=file, remedy=remedy)
        tree = opened[name]
        _ = tree.num_entries  # an RNTuple reads its header and footer at its first use
    yield tree


def require(
    tree: Any, file: Path, branches: Sequence[str], layout: str, remedies: Mapping[str, str] = MappingProxyType({})
) -> None:
    """Check that all branches exist, that each name is that of one branch, and that they are as long as the tree.

    Args:
        tree: an opened tree.
        file: for the message.
        branches: their names.
        layout: in words, for the message.
        remedies: by branch, the remedy where it is missing, for branches that not every file of the layout has.

    Raises:
        InputFileError: naming the branches that fail.
    """
    with faults(file):
        paths = [_path(tree, branch, file) for branch in branches]
        missing = [branch for branch, path in zip(branches, paths, strict=True) if path is None]
        if missing:
            names = [key.rsplit("/", 1)[-1] for key in tree.keys()]  # noqa: SIM118 - a tree is no dict
            similar = [hint for name in missing for hint in get_close_matches(name, names, 1, 0.75)]
            hint = f"; it has {', '.join(dict.fromkeys(similar))}" if similar else ""
            layout_remedy = (
                f"give files of the layout {layout}, and in images.yaml labels and weight by branches they have"
            )
            default = [PUPPI_REMEDY if "puppiw" in name.lower() else layout_remedy for name in missing]
            raise InputFileError(
                f"the tree '{tree.name}' lacks the branch{'es' * (len(missing) > 1)} {', '.join(missing)}{hint}",
                file=file,
                remedy="; ".join(dict.fromkeys(map(remedies.get, missing, default))),
            )
        if _has_baskets(tree):
            for path in paths:
                _check_length(tree, tree[path], file)


def _path(tree: Any, name: str, file: Path) -> str | None:
    """The full path of the branch of a name, None where there is none; see `path_of`."""
    cached: tuple[Any, dict[str, tuple[str, ...]]] | None = getattr(_held, "index", None)
    if cached is None or cached[0] is not tree:
        cached = _held.index = tree, index_of(tree.keys())
    return path_of(cached[1], name, file)


def _has_baskets(tree: Any) -> bool:
    """Whether each branch has its own baskets, as in a TTree; an RNTuple has clusters common to all branches."""
    return isinstance(tree, uproot.TTree)


def _check_length(tree: Any, branch: Any, file: Path) -> None:
    """Check that the header of a branch, its baskets and the header of the tree state the same number of entries."""
    borders = branch.entry_offsets
    if branch.num_entries != tree.num_entries or borders[-1] != tree.num_entries or sorted(borders) != list(borders):
        raise InputFileError(
            f"the branch {branch.name} has {borders[-1]} entries, its tree {tree.num_entries}",
            file=file,
            remedy=DAMAGED,
        )


def read(tree: Any, file: Path, branches: Sequence[str], start: int, stop: int) -> Arrays:
    """The entries `start` to `stop - 1` of branches.

    Raises:
        InputFileError: a damaged file, fewer entries than its header states, or a name of several branches.
    """
    names = list(dict.fromkeys(branches))
    with faults(file):
        paths = {name: _path(tree, name, file) or name for name in names}
        full_paths = list(dict.fromkeys(paths.values()))
        if _has_baskets(tree):
            by_path = _through_baskets(tree, full_paths, start, stop)
        else:
            by_path = _decompressed(tree, full_paths, start, stop)
        arrays = {name: by_path[path] for name, path in paths.items()}
        for name in names:
            if len(arrays[name]) != stop - start:
                raise InputFileError(
                    f"the branch {name} gave {len(arrays[name])} of the {stop - start} entries from {start}",
                    file=file,
                    remedy=DAMAGED,
                )
    return arrays


def _through_baskets(tree: Any, names: list[str], start: int, stop: int) -> Arrays:
    """The entries, read in whole baskets, of which the last ones are kept."""
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
    ranges: list[Arrays] = []
    if held is not None and held.tree == tree.object_path and list(held.arrays) == names:
        if held.start <= start and stop <= held.stop:
            return {name: values[start - held.start : stop - held.start] for name, values in held.arrays.items()}
        if held.start <= start < held.stop:
            ranges.append({name: values[start - held.start :] for name, values in held.arrays.items()})
            start = low = held.stop
    decompressed = _decompressed(tree, names, low, high)
    _held.baskets = _Baskets(tree.object_path, low, high, decompressed)
    ranges.append({name: values[start - low : stop - low] for name, values in decompressed.items()})
    if len(ranges) == 1:
        return ranges[0]
    return {name: ak.concatenate([values_of[name] for values_of in ranges]) for name in names}


def _decompressed(tree: Any, names: list[str], start: int, stop: int) -> Arrays:
    if start != stop and all(name.isidentifier() for name in names):
        arrays: Arrays = tree.arrays(names, entry_start=start, entry_stop=stop, library="ak", how=dict)
        return {name: arrays[name] for name in names}
    return {name: tree[name].array(entry_start=start, entry_stop=stop, library="ak") for name in names}


def depths(tree: Any, file: Path, branches: Sequence[str]) -> dict[str, int]:
    """How deep the numbers of branches are nested, see `flat_arrays.depth`, by branch; no jets are read.

    Raises:
        InputFileError: a damaged file.
    """
    arrays = read(tree, file, branches, 0, 0)
    untyped = [name for name, values in arrays.items() if "unknown" in str(ak.type(values))]
    if untyped and tree.num_entries:  # objects whose type is known only after reading one
        arrays |= read(tree, file, untyped, 0, 1)
    return {name: depth(values) for name, values in arrays.items()}
