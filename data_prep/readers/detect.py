"""Which layout a file has, from the names of its trees and branches alone; no jet is read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Discriminator, Tag

from data_prep.errors import InputFileError
from data_prep.readers import Options, Reader, hdf5, root
from data_prep.readers.file_kinds import container
from data_prep.readers.layout import AUTO, LAYOUTS, Layout, LayoutName
from data_prep.readers.layouts.own import OwnLayout, OwnReader
from data_prep.readers.unknown_layout import Contents, lacks

LayoutSetting = Annotated[
    Annotated[LayoutName, Tag("name")] | Annotated[OwnLayout, Tag("own")],
    Discriminator(lambda value: "name" if isinstance(value, str) else "own"),
]
"""What `layout:` may be in images.yaml: a name, or the description of a layout of one's own."""


@dataclass(frozen=True)
class Found:
    """A layout, and where in the file it is.

    Attributes:
        name: of the layout, as in images.yaml.
        tree: the path of its tree.
    """

    name: str
    tree: str

    @property
    def layout(self) -> Layout:
        """The layout."""
        return LAYOUTS[self.name]


class MixedLayoutsError(InputFileError):
    """Files of two layouts."""


def contents(file: Path) -> Contents:
    """List a file.

    Raises:
        InputFileError: no such file, an empty or damaged one, neither ROOT nor HDF5.
    """
    if container(file) == "hdf5":
        sets = hdf5.datasets(file)
        records = {name: value for name, value in sets.items() if value[1]}
        rows = max((count for count, _ in sets.values()), default=0)
        return Contents("hdf5", {"": (rows, frozenset(sets)), **records})
    return Contents("root", root.trees(file))


def find(file: Path, name: LayoutName = AUTO, tree: str | None = None) -> Found:
    """The layout of a file.

    Args:
        file: the file.
        name: `auto`, or the layout that it must have.
        tree: the path of the tree that it must be in; None for any.

    Raises:
        InputFileError: it cannot be read, has no known layout (naming what it lacks), or several trees that fit.
    """
    held = contents(file)
    if tree is not None:
        if not tree or tree not in held.trees:
            has = ", ".join(f"'{each}'" for each in held.trees if each) or "none"
            raise InputFileError(
                f"holds no tree '{tree}', it has {has}", file=file, remedy="name one of them by `tree:` in images.yaml"
            )
        held = Contents(held.container, {tree: held.trees[tree]})
    candidates = list(LAYOUTS) if name == AUTO else [name]
    fits = [
        Found(each, path)
        for each in candidates
        for layout in [LAYOUTS[each]]
        if layout.container == held.container
        for path, (_, names) in held.trees.items()
        if not layout.missing(names)
    ]
    if name != AUTO and len(fits) > 1:
        fits = [found for found in fits if found.tree == found.layout.tree] or fits
    if len(fits) > 1:
        several = "several trees" if len({found.tree for found in fits}) > 1 else "several layouts"
        trees = ", ".join(f"'{found.tree}' ({found.name})" for found in fits)
        key = "tree" if several == "several trees" else "layout"
        raise InputFileError(
            f"holds {several} of jets: {trees}", file=file, remedy=f"name one by `{key}:` in images.yaml"
        )
    if not fits:
        what, remedy = lacks(held, candidates, name)
        raise InputFileError(what, file=file, remedy=remedy)
    return fits[0]


def detect(file: Path) -> str:
    """The name of a file's layout, as in images.yaml.

    Raises:
        InputFileError: as `find`.
    """
    return find(file).name


def reader_of(
    files: Sequence[Path],
    options: Options,
    layout: LayoutName | OwnLayout = AUTO,
    unusable: Callable[[InputFileError, Path], None] | None = None,
) -> tuple[Reader, dict[Path, int], Literal["jet", "event"]]:
    """The reader of some files, which must have one layout.

    Args:
        files: the files.
        options: what the user chose.
        layout: `auto`, a known layout's name, or a layout of the user's.
        unusable: told of a file that cannot be used, which is then left out; without it, such a file is an error.

    Returns:
        the reader, the entries of each file, and what an entry is.

    Raises:
        InputFileError: a file that cannot be used, files of two layouts (naming one of each), no usable file, or
            a layout without charge and kind of the constituents where the options ask for them.
    """
    if not files:
        raise InputFileError("there is no input file", remedy="give files, folders, patterns or URLs")
    counts: dict[Path, int] = {}
    first: tuple[Path, Found] | None = None
    reader: Reader | None = OwnReader(layout, options) if isinstance(layout, OwnLayout) else None
    entry: Literal["jet", "event"] = layout.entry if isinstance(layout, OwnLayout) else "jet"
    failed: InputFileError | None = None
    for file in files:
        try:
            found = None if isinstance(layout, OwnLayout) else find(file, layout, options.tree)
            if found is not None and reader is None:
                first, reader = (file, found), found.layout.reader(options, found.tree)
                entry = found.layout.entry
            elif found is not None and first is not None and found != first[1]:
                other, known = first
                raise MixedLayoutsError(
                    f"has the layout {found.name} (tree '{found.tree}'), but {other} has {known.name} "
                    f"(tree '{known.tree}')",
                    file=file,
                    remedy="make images from the files of one layout at a time",
                )
            if reader is None:
                raise AssertionError("a layout was found or given")
            _require_possible(options, None if found is None else found.layout, file)
            entries = reader.count(file)
            reader.read(file, entries, entries)  # no entry and no bytes of any, but the type of every branch
            counts[file] = entries
        except MixedLayoutsError:
            raise
        except InputFileError as error:
            error.file = error.file or str(file)
            if unusable is None:
                raise
            unusable(error, file)
            failed = failed or error
    if failed is not None and not counts:
        raise failed
    if reader is None:
        raise AssertionError("there is at least one file")
    return reader, counts, entry


def _require_possible(options: Options, layout: Layout | None, file: Path) -> None:
    """Check that a layout (None: one of the user's) has what the options ask for, which would be left undone else.

    Raises:
        InputFileError: naming what it has not, and the key of images.yaml.
    """
    if options.particles and not (layout is not None and layout.particles):
        raise InputFileError(
            "has no charge and kind of the constituents, which channels but pt and multiplicity need",
            file=file,
            remedy="take the channels pt and multiplicity in images.yaml",
        )
    if options.puppi == "apply" and not (layout is not None and layout.puppi):
        which = "has no PUPPI weights" if layout is not None else "has no PUPPI weights but those its layout names"
        own = ", or name them by `weight:` of the constituents" if layout is None else ""
        raise InputFileError(which, file=file, remedy=f"take `puppi: apply` out of images.yaml{own}")
    if options.jets is not None and not (layout is not None and layout.collections):
        raise InputFileError(
            f"has one collection of jets, and none called '{options.jets}'",
            file=file,
            remedy=f"take `jets: {options.jets}` out of images.yaml",
        )
