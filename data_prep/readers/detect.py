"""Which layout a file has, from the names of its trees and branches alone; no jet is read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Discriminator, Tag

from data_prep.errors import InputFileError
from data_prep.readers import Options, Reader, event_tree, hdf5, root
from data_prep.readers.faults import faults
from data_prep.readers.l1_units import hardware_names
from data_prep.readers.layouts import BY_NAME, LAYOUTS, Layout, LayoutName
from data_prep.readers.own import OwnLayout, OwnReader

_NANO = frozenset(("luminosityBlock", "event", "Jet_pt"))
"""Branches that every NanoAOD has."""
_REMEDY = "give a file of a known layout (docs/data_flow.md), or describe this one under `layout:` in images.yaml"

LayoutSetting = Annotated[
    Annotated[LayoutName, Tag("name")] | Annotated[OwnLayout, Tag("own")],
    Discriminator(lambda value: "name" if isinstance(value, str) else "own"),
]
"""What `layout:` may be in images.yaml: a name, or the description of a layout of one's own."""


@dataclass(frozen=True)
class Contents:
    """What a file holds.

    Attributes:
        container: `root` or `hdf5`.
        trees: entries and branch names by path; for HDF5 the data sets of records, and as "" the names of all.
    """

    container: Literal["root", "hdf5"]
    trees: dict[str, tuple[int, frozenset[str]]]


@dataclass(frozen=True)
class Found:
    """A layout, and where in the file it is.

    Attributes:
        layout: the layout.
        tree: the path of its tree.
    """

    layout: Layout
    tree: str


class MixedLayoutsError(InputFileError):
    """Files of two layouts."""


def contents(file: Path) -> Contents:
    """List a file.

    Raises:
        InputFileError: no such file, an empty or damaged one, neither ROOT nor HDF5.
    """
    if not file.exists():
        raise InputFileError("no such file", file=file, remedy="check the path")
    with faults(file), file.open("rb") as raw:
        magic = raw.read(len(hdf5.MAGIC))
    if magic == hdf5.MAGIC:
        sets = hdf5.datasets(file)
        records = {name: value for name, value in sets.items() if value[1]}
        rows = max((count for count, _ in sets.values()), default=0)
        return Contents("hdf5", {"": (rows, frozenset(sets)), **records})
    if magic and magic[:4] != b"root":
        raise InputFileError("is neither a ROOT nor an HDF5 file", file=file, remedy=_REMEDY)
    return Contents("root", root.trees(file))


def find(file: Path, name: LayoutName = "auto") -> Found:
    """The layout of a file.

    Args:
        file: the file.
        name: `auto`, or the layout that it must have.

    Raises:
        InputFileError: it cannot be read, has no known layout (naming what it lacks), or several trees that fit.
    """
    held = contents(file)
    candidates = [layout for layout in LAYOUTS if name in ("auto", layout.name)]
    fits = [
        Found(layout, tree)
        for layout in candidates
        if layout.container == held.container
        for tree, (_, names) in held.trees.items()
        if not layout.missing(names)
    ]
    if name != "auto" and len(fits) > 1:
        fits = [found for found in fits if found.tree == found.layout.tree] or fits
    if len(fits) > 1:
        trees = ", ".join(f"'{found.tree}' ({found.layout.name})" for found in fits)
        raise InputFileError(
            f"holds several trees of jets: {trees}", file=file, remedy="name one by `layout:` in images.yaml"
        )
    if not fits:
        raise InputFileError(_lacks(held, candidates, name), file=file, remedy=_REMEDY)
    return fits[0]


def detect(file: Path) -> str:
    """The name of a file's layout, as in images.yaml.

    Raises:
        InputFileError: as `find`.
    """
    return find(file).layout.name


def reader_of(
    files: Sequence[Path],
    options: Options,
    layout: LayoutName | OwnLayout = "auto",
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
        raise InputFileError("there is no input file")
    counts: dict[Path, int] = {}
    first: tuple[Path, Found] | None = None
    reader: Reader | None = OwnReader(layout, options) if isinstance(layout, OwnLayout) else None
    entry: Literal["jet", "event"] = layout.entry if isinstance(layout, OwnLayout) else "jet"
    failed: InputFileError | None = None
    for file in files:
        try:
            found = None if isinstance(layout, OwnLayout) else find(file, layout)
            if found is not None and reader is None:
                first, reader = (file, found), found.layout.reader(options, found.tree)
                entry = found.layout.entry
            elif found is not None and first is not None and found != first[1]:
                other, known = first
                raise MixedLayoutsError(
                    f"has the layout {found.layout.name} (tree '{found.tree}'), but {other} has {known.layout.name} "
                    f"(tree '{known.tree}')",
                    file=file,
                    remedy="make images from the files of one layout at a time",
                )
            if reader is None:
                raise AssertionError("a layout was found or given")
            if options.particles and not (found is not None and found.layout.particles):
                raise InputFileError(
                    "has no charge and kind of the constituents, which channels but pt and multiplicity need",
                    file=file,
                    remedy="take the channels pt and multiplicity in images.yaml",
                )
            counts[file] = reader.count(file)
        except MixedLayoutsError:
            raise
        except InputFileError as error:
            if unusable is None:
                raise
            unusable(error, file)
            failed = failed or error
    if failed is not None and not counts:
        raise failed
    if reader is None:
        raise AssertionError("there is at least one file")
    return reader, counts, entry


def _lacks(held: Contents, candidates: Sequence[Layout], name: str) -> str:
    """Why a file has no layout: its nearest one, and what it lacks for that."""
    if not held.trees or not any(names for _, names in held.trees.values()):
        return "holds no tree with branches" if held.container == "root" else "holds no data set"
    trees = ", ".join(f"'{tree}'" for tree in held.trees if tree) or "no data set of records"
    plain = next((tree for tree, (_, names) in held.trees.items() if names >= _NANO), None)
    if plain is not None and name == "auto":
        return (
            f"is an event tree without constituents: '{plain}' has NanoAOD's jets, but lacks FatJetPFCands_jetIdx with "
            "FatJetPFCands_pt (PFNano v1) or FatJetPFCands_pFCandsIdx and PFCands_pt (PFNano v2)"
        )
    if event_tree.recognises(held.trees):
        return f"holds whole events with truth in '{event_tree.TREE}', which need `kind: events` in images.yaml"
    for tree, (_, names) in held.trees.items():
        hardware = hardware_names(names)
        if hardware and name == "auto":
            return (
                f"has values in the units of the trigger's hardware in '{tree}' ({', '.join(hardware)}), and none in "
                "GeV and rad that this project knows (a step is 0.25 GeV of pT, π/720 of η and φ)"
            )
    scores = [
        (len(missing) / len(layout.signature), layout.tree != tree, layout.name, tree, missing)
        for layout in candidates
        for tree, (_, names) in held.trees.items()
        if layout.container == held.container
        for missing in [layout.missing(names)]
    ]
    if not scores:
        return f"is of the other container than the layout {name}"
    share, _, nearest, tree, missing = min(scores, key=lambda score: score[:2])
    if share == 1:
        return f"holds no constituents of jets that this project knows (it has {trees})"
    where = f"'{tree}'" if tree else "the file"
    return f"has no known layout (it has {trees}); nearest is {nearest}, for which {where} lacks " + ", ".join(
        part.replace("|", " or ") for part in missing
    )


__all__ = ["BY_NAME", "Contents", "Found", "contents", "detect", "find", "reader_of"]
