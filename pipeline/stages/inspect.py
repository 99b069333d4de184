"""The command `inspect`: the content of a file, and whether images can be made from it."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from data_prep.errors import InputFileError
from pipeline import console
from pipeline.options import settings_file
from pipeline.stage import Stage

EVENTS = 200
"""Whole events that are read."""

if TYPE_CHECKING:
    from data_prep.events.chunk import EventChunk
    from data_prep.events.settings import EventImagesSettings
    from data_prep.images.jets import ImagesSettings
    from data_prep.readers.inspection import Inspection
    from data_prep.readers.unknown_layout import Contents


def run(
    inputs: Annotated[
        list[str],
        typer.Argument(
            metavar="INPUT", help="A ROOT or HDF5 file, or its URL; of a folder or several files the first is read."
        ),
    ],
    config: Annotated[Path | None, settings_file("images.yaml")] = None,
) -> None:
    """Show what a file contains, and what is missing.

    Layout, number of jets, classes, and whether the constituents add up to the jets. With --config the layout and the
    classes of that file are used. The exit code is 1 if no images can be made from the file.
    """
    with _without_garbage_collection():
        from data_prep.events.settings import EventImagesSettings
        from data_prep.readers import Options, event_tree
        from data_prep.readers.detect import contents
        from data_prep.readers.files import input_files
        from data_prep.readers.inspection import inspect
        from data_prep.readers.layout import AUTO, LayoutName
        from data_prep.readers.layouts.own import OwnLayout

        options: Options = Options()
        layout: LayoutName | OwnLayout = AUTO
        settings: ImagesSettings | EventImagesSettings | None = None
        if config:
            from data_prep.images.jets import ImagesSettings
            from pipeline.configuration import load_kind

            settings_by_kind: dict[str, type[ImagesSettings | EventImagesSettings]] = {
                "jets": ImagesSettings,
                "events": EventImagesSettings,
            }
            settings = load_kind(config, settings_by_kind)
            if isinstance(settings, ImagesSettings):
                options, layout = settings.options, settings.layout
        files = input_files(inputs, console.warn)
        file = files[0]
        if len(files) > 1:
            console.rows(f"{len(files):,} files; this is the first of them", [])
        file_contents = contents(file)
        _show_contents(file, file_contents)
        if event_tree.recognises(file_contents.trees) and (config is None or isinstance(settings, EventImagesSettings)):
            _show_events(file, settings if isinstance(settings, EventImagesSettings) else None)
            return
        _show_jets(file, inspect(file, options, layout))


@contextmanager
def _without_garbage_collection() -> Iterator[None]:
    """Without Python's search for cyclic garbage, which finds none in imported libraries and the branches of a file.

    During loading and at the end of the process it would take a quarter of the time.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def _show_contents(file: Path, file_contents: Contents) -> None:
    trees = [
        (f"{name or 'data sets'}", f"{count:,} entries, {len(names)} names")
        for name, (count, names) in file_contents.trees.items()
    ]
    console.rows(f"{file} ({file_contents.container})", trees)


def _show_events(file: Path, settings: EventImagesSettings | None) -> None:
    from data_prep.events.batch import TOWER_CLASSES
    from data_prep.events.images import kind_of
    from data_prep.events.truth_cover import require_cover
    from data_prep.readers import event_tree

    entries = event_tree.count(file)
    chunk = event_tree.read(file, 0, min(entries, EVENTS))
    if not chunk.events:
        raise InputFileError("contains no events", file=file, remedy="give a file with events")
    jet_kinds = kind_of(chunk.jet_pid)
    console.rows(
        f"whole events; of the first {chunk.events:,} of {entries:,}",
        [
            ("deposits", f"{chunk.eta.size / chunk.events:.1f} an event"),
            ("pileup", f"{chunk.pileup.mean():.1f} interactions besides the hard one"),
            ("truth jets", _truth(chunk)),
            *(
                (f"jets of {name}", f"{int((jet_kinds == code).sum()):,}")
                for code, name in enumerate(TOWER_CLASSES[2:], 2)
            ),
        ],
    )
    if settings is not None:
        require_cover({file: entries}, settings.description, console.warn)
    console.done("inspect", f"{file}: can be used with `kind: events`")


def _truth(chunk: EventChunk) -> str:
    """The number of truth jets, and their range in pT and η."""
    if not chunk.jet_pt.size:
        return "none"
    mean, widest = chunk.jet_pt.size / chunk.events, float(abs(chunk.jet_eta).max())
    return f"{mean:.1f} an event, pT from {chunk.jet_pt.min():.1f} GeV, |η| up to {widest:.2f}"


def _show_jets(file: Path, inspection: Inspection) -> None:
    chunk = inspection.chunk
    extent = f"the first {chunk.entries_read:,} {inspection.entry}s"
    if inspection.entry == "event":
        extent = f"{chunk.jets:,} jets in {extent}"
    sizes = chunk.multiplicity
    console.rows(
        "jets",
        [
            (
                "layout",
                f"{inspection.layout}: {inspection.title}, in '{inspection.tree}'"
                if inspection.tree
                else f"{inspection.layout}: {inspection.title}",
            ),
            (
                "size",
                f"{inspection.entries:,} {inspection.entry}s" + ("" if inspection.entry == "jet" else f", {extent}"),
            ),
            ("constituents", f"{sizes.mean():.1f} a jet, at most {sizes.max():,}" if sizes.size else "none"),
        ],
    )
    if inspection.classes:
        console.rows(
            f"classes of {extent}",
            [(name, f"{count:,}  ({definition})") for name, definition, count in inspection.classes],
        )
    ratios = (("pT", inspection.closure.pt), ("mass", inspection.closure.mass))
    console.rows(
        "sum of the constituents divided by the jet in the file: median ± spread",
        [(name, f"{ratio}  ({ratio.jets:,} jets)" if ratio else "the file has none") for name, ratio in ratios],
    )
    for problem in inspection.closure.problems:
        console.warn(problem)
    if inspection.without_weights is not None:
        console.warn(str(inspection.without_weights))
    if not chunk.jets:
        raise InputFileError("contains no jets", file=file, remedy="give a file with jets")
    condition = "" if inspection.without_weights is None else " with `puppi: ignore`"
    console.done("inspect", f"{file}: can be used as {inspection.layout}{condition}")


STAGE = Stage(
    run,
    place=5,
    example="python -m pipeline inspect build/demo/10_root",
)
