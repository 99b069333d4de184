"""Base of the readers of one tree: its branches are checked, read for a range of entries, and made into a chunk."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

from data_prep.jets.chunk import JetChunk
from data_prep.readers import DEFAULTS, Options, root
from data_prep.readers.faults import faults
from data_prep.readers.float_warnings import without_float_warnings


@dataclass(frozen=True)
class TreeReader(ABC):
    """Reads files of one layout, a `data_prep.readers.Reader`; subclasses choose the branches and make the chunk.

    Attributes:
        options: see there.
        tree: the path of the tree.
        title: the layout in words, for messages.
    """

    options: Options = DEFAULTS
    tree: str = ""
    title: ClassVar[str]

    @abstractmethod
    def branches(self, tree: Any, file: Path) -> tuple[str, ...]:
        """The branches to be read from a tree.

        Raises:
            InputFileError: a required branch is missing or not as long as the tree.
        """

    @abstractmethod
    def chunk(self, arrays: root.Arrays, file: Path, start: int) -> JetChunk:
        """The jets of some entries.

        Args:
            arrays: the branches.
            file: the file they are from.
            start: the first entry, for messages.

        Raises:
            InputFileError: a branch has the wrong type, or an index is out of range.
        """

    def count(self, file: Path) -> int:
        """Check the file; the number of entries in it.

        Raises:
            InputFileError: the file cannot be read or lacks a branch.
        """
        with root.open_tree(file, self.tree) as tree:
            self.branches(tree, file)
            return int(tree.num_entries)

    @without_float_warnings
    def read(self, file: Path, start: int, stop: int) -> JetChunk:
        """The jets of the entries `start` to `stop - 1`.

        Raises:
            InputFileError: the file cannot be read, lacks a branch, is damaged or an index is out of range.
        """
        with root.open_tree(file, self.tree) as tree:
            arrays = root.read(tree, file, self.branches(tree, file), start, stop)
        return self.chunk(arrays, file, start)


@dataclass(frozen=True)
class NamedBranchesReader(TreeReader):
    """Reads files of a layout whose branches have the same names in all of them."""

    @property
    @abstractmethod
    def required(self) -> tuple[str, ...]:
        """The branches a file must have."""

    @property
    def _remedies(self) -> dict[str, str]:
        """By branch, the remedy where the options need it and it is missing."""
        changes: tuple[tuple[dict[str, Any], str], ...] = (
            (
                {"particles": False},
                "take the channels pt and multiplicity in images.yaml, which need no kind of particle",
            ),
            ({"puppi": "ignore"}, root.PUPPI_REMEDY),
            ({"classes": (), "weight": None}, "name branches of the file in the classes and the weight of images.yaml"),
        )
        remedies: dict[str, str] = {}
        for change, remedy in changes:
            without = replace(self, options=replace(self.options, **change)).required
            remedies |= dict.fromkeys(set(self.required) - set(without), remedy)
        return remedies

    @property
    def optional(self) -> tuple[str, ...]:
        """The branches that are read where they exist."""
        return ()

    def branches(self, tree: Any, file: Path) -> tuple[str, ...]:
        """The branches to be read from a tree; see `TreeReader.branches`."""
        root.require(tree, file, self.required, self.title, self._remedies)
        with faults(file):
            return *self.required, *(name for name in self.optional if name in tree)
