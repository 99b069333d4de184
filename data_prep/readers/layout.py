"""The declaration of a layout of files: an object `LAYOUT` in a module in `data_prep/readers/layouts/`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator

from data_prep.readers import ClusteringReader, Options, Reader
from data_prep.registry import Registry

AUTO = "auto"
"""Name for a layout that is recognised by the trees and branches of the file."""


@dataclass(frozen=True)
class Layout:
    """One layout.

    Attributes:
        title: in words.
        container: `root` or `hdf5`.
        tree: the usual tree of the jets or events; of two trees of the layout it is taken where the layout is named.
        signature: the branches that a tree of this layout has (`a|b`: one of them); for HDF5 the data sets and, where a
            row is a record, its columns.
        entry: whether an entry of the tree is a jet or an event.
        reader: makes the reader from the options and the tree.
        labels: usual classes with their labels, for `inspect`; a file need not have all of them.
        particles: whether it has charge and kind of the constituents.
        puppi: whether it may have PUPPI weights of the constituents.
        collections: whether it has several collections of jets, of which `jets:` names one.
        columns: gives the columns of a file that labels can use, where they are not branches of its trees.
    """

    title: str
    container: Literal["root", "hdf5"]
    tree: str
    signature: tuple[str, ...]
    entry: Literal["jet", "event"]
    reader: Callable[[Options, str], Reader]
    labels: tuple[tuple[str, str], ...] = ()
    particles: bool = True
    puppi: bool = False
    collections: bool = False
    columns: Callable[[Path], frozenset[str]] | None = None

    @property
    def clusters(self) -> bool:
        """Whether its files hold no jets, and the reader clusters them."""
        return isinstance(self.reader, type) and issubclass(self.reader, ClusteringReader)

    def missing(self, names: frozenset[str]) -> list[str]:
        """The parts of the signature that a tree with branches of these names lacks."""
        return [part for part in self.signature if not names.intersection(part.split("|"))]


LAYOUTS = Registry("data_prep.readers.layouts", "LAYOUT", Layout)
"""All layouts, by their names in images.yaml. There is no order: a file that has two layouts is an error."""


def _require_known(name: str) -> str:
    if name != AUTO and name not in LAYOUTS:
        raise ValueError(f"must be one of {', '.join((AUTO, *LAYOUTS))}")
    return name


LayoutName = Annotated[str, AfterValidator(_require_known)]
"""A name in `layout:` of images.yaml."""
