"""Branches as flat numpy arrays: one number, a list of numbers or a list of lists for each entry."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import awkward as ak
import numpy as np
import numpy.typing as npt

from data_prep.errors import InputFileError
from data_prep.readers.faults import DAMAGED, faults

Arrays = dict[str, ak.Array]
"""Some entries of some branches, by name."""


def jagged(arrays: Arrays, branch: str, file: Path) -> tuple[npt.NDArray[np.int64], npt.NDArray[Any]]:
    """A list of numbers by entry, `vector<T>` or `T[n]`: offsets int64 [entries + 1] from 0, and the flat numbers.

    Raises:
        InputFileError: the branch holds anything else.
    """
    with faults(file):
        layout = ak.to_layout(arrays[branch])
        text = layout.parameter("__array__") is not None
        numbers = layout.is_list and layout.content.is_numpy and layout.content.purelist_depth == 1
        if text or layout.is_regular or not numbers:
            raise InputFileError(
                f"the branch {branch} does not hold a list of numbers for each entry, but {_in_words(layout)}",
                file=file,
                remedy="write lists of any length, `vector<float>` or `float[n]`, or name another branch",
            )
        layout = layout.to_ListOffsetArray64(True)
        offsets = np.asarray(layout.offsets.data, dtype=np.int64)
        return offsets, np.asarray(layout.content.data)[: offsets[-1]]


def aligned(
    arrays: Arrays, branch: str, file: Path, offsets: npt.NDArray[np.int64], reference: str
) -> npt.NDArray[Any]:
    """The numbers of a list that must be as long as another list in every entry.

    Args:
        arrays: the branches.
        branch: the list.
        file: for the message.
        offsets: of the other list.
        reference: the name of the other list, for the message.

    Raises:
        InputFileError: the branch holds no lists of numbers, or of other lengths.
    """
    own_offsets, values = jagged(arrays, branch, file)
    if not np.array_equal(own_offsets, offsets):
        raise InputFileError(
            f"the branches {reference} and {branch} hold lists of different lengths",
            file=file,
            remedy=f"name a branch of the collection of {reference} in its place",
        )
    return values


def flat(arrays: Arrays, branch: str, file: Path) -> npt.NDArray[Any]:
    """One number by entry.

    Raises:
        InputFileError: the branch holds anything else.
    """
    with faults(file):
        layout = ak.to_layout(arrays[branch])
        if not layout.is_numpy or layout.purelist_depth != 1:
            raise InputFileError(
                f"the branch {branch} does not hold one number for each entry, but {_in_words(layout)}",
                file=file,
                remedy="write one number for each entry, or name another branch; classes can also be given by `files:`",
            )
        return np.asarray(layout.data)


def integers(values: npt.NDArray[Any], branch: str, file: Path) -> npt.NDArray[np.int64]:
    """Values of counters and indices: int64, whatever number type the branch has.

    Raises:
        InputFileError: a value is no whole number.
    """
    if values.dtype.kind in "iu":
        return values.astype(np.int64)
    with np.errstate(invalid="ignore"):
        rounded = values.astype(np.int64)
    if values.dtype.kind not in "bf" or not np.array_equal(rounded, values):
        raise InputFileError(
            f"the branch {branch} does not hold whole numbers, which counters and indices must be",
            file=file,
            remedy="name a branch of integers, or write this one as integers",
        )
    return rounded


def depth(values: ak.Array) -> int:
    """How deep numbers are nested: 1 for one number by entry, 2 for a list, 3 for a list of lists; 0 for other types.

    >>> depth(ak.Array([1, 2])), depth(ak.Array([[1], []])), depth(ak.Array([[[1]]])), depth(ak.Array(["a"]))
    (1, 2, 3, 0)
    """
    layout, lists = ak.to_layout(values), 1
    while layout.is_list and not layout.is_regular and layout.parameter("__array__") is None:
        layout, lists = layout.content, lists + 1
    return lists if layout.is_numpy and layout.purelist_depth == 1 else 0


def _in_words(layout: Any) -> str:
    """An entry of a branch, described in words."""
    if layout.parameter("__array__") in ("string", "bytestring"):
        return "text"
    if layout.is_record:
        return "records"
    if layout.is_option:
        return "values of which some are missing"
    if layout.is_numpy and layout.purelist_depth == 1:
        return "one number"
    if layout.is_regular or layout.is_numpy:
        size = layout.size if layout.is_regular else layout.inner_shape[0]
        return f"a fixed array of {size} values"
    if layout.is_list:
        content = layout.content
        return (
            "a list of numbers"
            if content.is_numpy and content.purelist_depth == 1
            else f"a list whose items are {_in_words(content)}"
        )
    return "objects"


def lists_of_lists(
    array: ak.Array, branch: str, file: Path
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[Any]]:
    """A list of lists of numbers by entry: outer offsets [entries + 1], inner offsets [lists + 1], the flat numbers.

    Raises:
        InputFileError: the branch holds anything else.
    """
    with faults(file):
        if array.ndim != 3:
            raise InputFileError(
                f"the branch {branch} does not hold a list of lists of numbers", file=file, remedy=DAMAGED
            )
        outer = np.concatenate([[0], np.cumsum(ak.to_numpy(ak.num(array, axis=1)))]).astype(np.int64)
        inner_sizes = ak.to_numpy(ak.flatten(ak.num(array, axis=2)))
        inner = np.concatenate([[0], np.cumsum(inner_sizes)]).astype(np.int64)
        return outer, inner, np.asarray(ak.to_numpy(ak.flatten(array, axis=None)))
