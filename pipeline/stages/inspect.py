"""The command `inspect`: what a file holds, and whether images can be made from it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline import console
from pipeline.configuration import load


def run(
    file: Annotated[Path, typer.Argument(help="A ROOT or HDF5 file.")],
    config: Annotated[
        Path | None, typer.Option(help="A configuration, configs/<run>/images.yaml: its layout and classes are used.")
    ] = None,
) -> None:
    """Say what a file holds: layout, jets, classes, whether constituents sum to jets, and what is missing."""
    from data_prep.errors import InputFileError
    from data_prep.readers import Options
    from data_prep.readers.detect import contents
    from data_prep.readers.inspection import inspect
    from data_prep.readers.layouts import LayoutName
    from data_prep.readers.own import OwnLayout

    options: Options = Options()
    layout: LayoutName | OwnLayout = "auto"
    if config:
        from data_prep.images import ImagesSettings

        settings = load(config, ImagesSettings)
        options, layout = settings.options, settings.layout
    held = contents(file)
    trees = [
        (f"{name or 'data sets'}", f"{count:,} entries, {len(names)} names")
        for name, (count, names) in held.trees.items()
    ]
    console.rows(f"{file} ({held.container})", trees)
    found = inspect(file, options, layout)
    chunk = found.chunk
    looked = f"{chunk.jets:,} jets in the first {chunk.entries_read:,} {found.entry}s"
    sizes = chunk.multiplicity
    console.rows(
        "jets",
        [
            (
                "layout",
                f"{found.layout}: {found.title}, in '{found.tree}'" if found.tree else f"{found.layout}: {found.title}",
            ),
            ("size", f"{found.entries:,} {found.entry}s" + ("" if found.entry == "jet" else f", {looked}")),
            ("constituents", f"{sizes.mean():.1f} a jet, at most {sizes.max():,}" if sizes.size else "none"),
        ],
    )
    if found.classes:
        console.rows(f"classes of {looked}", [(name, f"{count:,}  ({what})") for name, what, count in found.classes])
    ratios = (("pT", found.closure.pt), ("mass", found.closure.mass))
    console.rows(
        "sum of the constituents over the stated jet: median ± spread",
        [(name, f"{ratio}  ({ratio.jets:,} jets)" if ratio else "the file states none") for name, ratio in ratios],
    )
    for problem in found.closure.problems:
        console.warn(problem)
    if not chunk.jets:
        raise InputFileError("holds no jets", file=file, remedy="give a file with jets")
    console.done("inspect", f"{file}: can be used as {found.layout}")
