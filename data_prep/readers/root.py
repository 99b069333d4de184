"""The door to uproot: trees and branches of ROOT files as flat numpy arrays, every fault as one line.

What a damaged file does inside uproot cannot be listed (it may decompress garbage, seek beyond the end or build an
impossible array), so here, and only here, any exception while reading becomes an error that names the file.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import awkward as ak
import numpy as np
import numpy.typing as npt
import uproot

from data_prep.errors import InputFileError, PipelineError

_DAMAGED = "the file is damaged or cut short: copy or make it again"


@contextmanager
def open_tree(file: Path, name: str) -> Iterator[Any]:
    """Open one TTree of a ROOT file.

    Raises:
        InputFileError: no such file, an empty one, no ROOT file, a damaged one, or no such tree in it.
    """
    if not file.exists():
        raise InputFileError("no such file", file=file, remedy="check the path")
    with _faults(file):
        if file.stat().st_size == 0:
            raise InputFileError("is empty", file=file, remedy="copy or make it again")
        with file.open("rb") as raw:
            if raw.read(4) != b"root":
                raise InputFileError("is no ROOT file", file=file, remedy="give files that ROOT or uproot wrote")
        opened = uproot.open(file)
    with opened:
        with _faults(file):
            trees = opened.keys(filter_classname="TTree", cycle=False)
            if name not in trees:
                has = f"it has {', '.join(sorted(set(trees)))}" if trees else "it has none"
                raise InputFileError(f"holds no TTree '{name}', {has}", file=file)
            tree = opened[name]
        yield tree


def require(tree: Any, file: Path, branches: Sequence[str]) -> None:
    """Check that all branches are there.

    Raises:
        InputFileError: naming those that are not.
    """
    missing = [branch for branch in branches if branch not in tree]
    if missing:
        plural = "es" if len(missing) > 1 else ""
        raise InputFileError(
            f"TTree '{tree.name}' lacks the branch{plural} {', '.join(missing)}",
            file=file,
            remedy="give files of the JetClass layout; the label branches are named in images.yaml",
        )


def iterate(tree: Any, file: Path, branches: Sequence[str], size: int) -> Iterator[dict[str, ak.Array]]:
    """The branches in pieces of at most `size` entries, in order.

    Raises:
        InputFileError: a damaged file, or fewer entries than its header says.
    """
    entries = 0
    with _faults(file):
        pieces = iter(tree.iterate(list(branches), step_size=size, library="ak", how=dict))
    while True:
        with _faults(file):
            piece = next(pieces, None)
        if piece is None:
            break
        entries += len(piece[branches[0]])
        yield piece
    if entries != tree.num_entries:
        raise InputFileError(f"gave {entries} of its {tree.num_entries} jets", file=file, remedy=_DAMAGED)


def jagged(piece: dict[str, ak.Array], branch: str, file: Path) -> tuple[npt.NDArray[np.int64], npt.NDArray[Any]]:
    """A list of numbers by entry, `vector<T>` or `T[n]`: offsets int64 [entries + 1] from 0, and the flat numbers.

    Raises:
        InputFileError: the branch holds anything else.
    """
    with _faults(file):
        layout = ak.to_layout(piece[branch])
        text = layout.parameter("__array__") is not None
        numbers = layout.is_list and layout.content.is_numpy and layout.content.purelist_depth == 1
        if text or layout.is_regular or not numbers:
            raise InputFileError(f"the branch {branch} does not hold a list of numbers for each jet", file=file)
        layout = layout.to_ListOffsetArray64(True)
        offsets = np.asarray(layout.offsets.data, dtype=np.int64)
        return offsets, np.asarray(layout.content.data)[: offsets[-1]]


def flat(piece: dict[str, ak.Array], branch: str, file: Path) -> npt.NDArray[Any]:
    """One number by entry.

    Raises:
        InputFileError: the branch holds anything else.
    """
    with _faults(file):
        layout = ak.to_layout(piece[branch])
        if not layout.is_numpy or layout.purelist_depth != 1:
            raise InputFileError(f"the branch {branch} does not hold one number for each jet", file=file)
        return np.asarray(layout.data)


@contextmanager
def _faults(file: Path) -> Iterator[None]:
    try:
        yield
    except PipelineError:
        raise
    except PermissionError:
        raise InputFileError("may not be read", file=file, remedy="change its permissions") from None
    except Exception as error:  # noqa: BLE001 - see the top of this file
        lines = str(error).strip().splitlines()
        reason = f"{type(error).__name__}: {lines[0][:200]}" if lines else type(error).__name__
        raise InputFileError(f"cannot be read ({reason})", file=file, remedy=_DAMAGED) from None
