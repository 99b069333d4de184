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
from data_prep.readers.unknown_layout import Contents, explain_unknown

LayoutSetting = Annotated[
    Annotated[LayoutName, Tag("name")] | Annotated[OwnLayout, Tag("own")],
    Discriminator(lambda value: "name" if isinstance(value, str) else "own"),
]
"""The value of `layout:` in images.yaml: a name, or the description of the user's own layout."""


@dataclass(frozen=True)
class DetectedLayout:
    """A layout, and the tree that has it.

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
    """Files of two layouts are given together."""


def contents(file: Path) -> Contents:
    """The trees or data sets of a file.

    Raises:
        InputFileError: no such file, an empty or damaged one, neither ROOT nor HDF5.
    """
    if container(file) == "hdf5":
        sets = hdf5.datasets(file)
        records = {name: value for name, value in sets.items() if value[1]}
        rows = max((count for count, _ in sets.values()), default=0)
        return Contents("hdf5", {"": (rows, frozenset(sets)), **records})
    return Contents("root", root.trees(file))


def detect_layout(file: Path, name: LayoutName = AUTO, tree: str | None = None) -> DetectedLayout:
    """The layout of a file.

    Args:
        file: the file.
        name: `auto`, or the layout that it must have.
        tree: the path of the tree that it must be in; None for any.

    Raises:
        InputFileError: it cannot be read, has no known layout (the message says what is missing), or several trees that
            have one.
    """
    content = contents(file)
    if tree is not None:
        if not tree or tree not in content.trees:
            tree_names = ", ".join(f"'{layout_name}'" for layout_name in content.trees if layout_name) or "none"
            raise InputFileError(
                f"holds no tree '{tree}', it has {tree_names}",
                file=file,
                remedy="name one of them by `tree:` in images.yaml",
            )
        content = Contents(content.container, {tree: content.trees[tree]})
    candidates = list(LAYOUTS) if name == AUTO else [name]
    matches = [
        DetectedLayout(layout_name, path)
        for layout_name in candidates
        for layout in [LAYOUTS[layout_name]]
        if layout.container == content.container
        for path, (_, names) in content.trees.items()
        if not layout.missing(names)
    ]
    if name != AUTO and len(matches) > 1:
        matches = [match for match in matches if match.tree == match.layout.tree] or matches
    if len(matches) > 1:
        ambiguity = "several trees" if len({match.tree for match in matches}) > 1 else "several layouts"
        trees = ", ".join(f"'{match.tree}' ({match.name})" for match in matches)
        key = "tree" if ambiguity == "several trees" else "layout"
        raise InputFileError(
            f"holds {ambiguity} of jets: {trees}", file=file, remedy=f"name one by `{key}:` in images.yaml"
        )
    if not matches:
        reason, remedy = explain_unknown(content, candidates, name)
        raise InputFileError(reason, file=file, remedy=remedy)
    return matches[0]


def detect(file: Path) -> str:
    """The name of a file's layout, as in images.yaml.

    Raises:
        InputFileError: as `find`.
    """
    return detect_layout(file).name


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
        unusable: called for a file that cannot be used, which is then left out; without it, such a file is an error.

    Returns:
        the reader, the entries of each file, and whether an entry is a jet or an event.

    Raises:
        InputFileError: a file that cannot be used, files of two layouts (naming one of each), no usable file, or
            a layout without charge and kind of the constituents where the options need them.
    """
    if not files:
        raise InputFileError("there is no input file", remedy="give files, folders, patterns or URLs")
    counts: dict[Path, int] = {}
    first_file: tuple[Path, DetectedLayout] | None = None
    reader: Reader | None = OwnReader(layout, options) if isinstance(layout, OwnLayout) else None
    entry: Literal["jet", "event"] = layout.entry if isinstance(layout, OwnLayout) else "jet"
    first_error: InputFileError | None = None
    for file in files:
        try:
            detected = None if isinstance(layout, OwnLayout) else detect_layout(file, layout, options.tree)
            if detected is not None and reader is None:
                first_file, reader = (file, detected), detected.layout.reader(options, detected.tree)
                entry = detected.layout.entry
            elif detected is not None and first_file is not None and detected != first_file[1]:
                file_before, layout_before = first_file
                raise MixedLayoutsError(
                    f"has the layout {detected.name} (tree '{detected.tree}'), but {file_before} has "
                    f"{layout_before.name} (tree '{layout_before.tree}')",
                    file=file,
                    remedy="make images from the files of one layout at a time",
                )
            if reader is None:
                raise AssertionError("a layout was found or given")
            _require_possible(options, None if detected is None else detected.layout, file)
            entries = reader.count(file)
            reader.read(file, entries, entries)  # reads no entry, but checks the type of every branch
            counts[file] = entries
        except MixedLayoutsError:
            raise
        except InputFileError as error:
            error.file = error.file or str(file)
            if unusable is None:
                raise
            unusable(error, file)
            first_error = first_error or error
    if first_error is not None and not counts:
        raise first_error
    if reader is None:
        raise AssertionError("there is at least one file")
    return reader, counts, entry


def _require_possible(options: Options, layout: Layout | None, file: Path) -> None:
    """Check that a layout (None: one of the user's) has what the options need; otherwise they would have no effect.

    Raises:
        InputFileError: naming what is missing, and the key of images.yaml.
    """
    if options.particles and not (layout is not None and layout.particles):
        raise InputFileError(
            "has no charge and kind of the constituents, which channels but pt and multiplicity need",
            file=file,
            remedy="take the channels pt and multiplicity in images.yaml",
        )
    if options.puppi == "apply" and not (layout is not None and layout.puppi):
        reason = "has no PUPPI weights" if layout is not None else "has no PUPPI weights but those its layout names"
        hint = ", or name them by `weight:` of the constituents" if layout is None else ""
        raise InputFileError(reason, file=file, remedy=f"take `puppi: apply` out of images.yaml{hint}")
    if options.jets is not None and not (layout is not None and layout.collections):
        raise InputFileError(
            f"has one collection of jets, and none called '{options.jets}'",
            file=file,
            remedy=f"take `jets: {options.jets}` out of images.yaml",
        )
