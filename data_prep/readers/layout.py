"""What a known layout of files is: one object, `LAYOUT`, in a file of its own in `data_prep/readers/layouts/`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator

from data_prep.readers import ClusteringReader, Options, Reader
from data_prep.registry import Registry

AUTO = "auto"
"""A file's layout is recognised by its trees and branches."""


@dataclass(frozen=True)
class Layout:
    """One layout.

    Attributes:
        title: in words.
        container: `root` or `hdf5`.
        tree: where jets or events usually are; of two trees that fit, this one is meant where the layout is named.
        signature: what makes a tree one of this layout: branches (`a|b`: one of them), or for HDF5 data sets and, where
            a row is a record, its columns.
        entry: what an entry of the tree is.
        reader: makes the reader, given the options and the tree.
        labels: usual classes with their labels, for a first look at a file; not all need be there.
        particles: whether it has charge and kind of the constituents.
        puppi: whether it may have PUPPI weights of the constituents.
        collections: whether it has several collections of jets, of which `jets:` names one.
        columns: gives what labels can use in a file, where its trees do not tell.
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
        """Whether its files hold no jets, and the reader makes them."""
        return isinstance(self.reader, type) and issubclass(self.reader, ClusteringReader)

    def missing(self, names: frozenset[str]) -> list[str]:
        """The parts of the signature that a tree with branches of these names lacks."""
        return [part for part in self.signature if not names.intersection(part.split("|"))]


LAYOUTS = Registry("data_prep.readers.layouts", "LAYOUT", Layout)
"""All layouts, by their names in images.yaml. None comes before another: a file that two of them fit is an error."""


def _known(name: str) -> str:
    if name != AUTO and name not in LAYOUTS:
        raise ValueError(f"must be one of {', '.join((AUTO, *LAYOUTS))}")
    return name


LayoutName = Annotated[str, AfterValidator(_known)]
"""What `layout:` may name in images.yaml, besides a layout of one's own."""
