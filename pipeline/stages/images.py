"""The stage `images`: ROOT files to a dataset of sparse jet images."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline import console
from pipeline.artefact import artefact, write_json
from pipeline.configuration import load


def run(
    inputs: Annotated[list[str], typer.Argument(metavar="INPUT...", help="Files, folders of them, or patterns.")],
    config: Annotated[Path, typer.Option(help="The configuration, configs/<run>/images.yaml.")],
    out: Annotated[Path, typer.Option(help="The dataset to write, build/<run>/20_images.")],
) -> None:
    """Make jet images from ROOT files: a Parquet dataset, split by event, with the account of every jet."""
    from data_prep.images import ImagesSettings, make_images
    from data_prep.readers.detect import reader_of
    from data_prep.readers.files import input_files
    from pipeline.plots.images import draw_images

    settings = load(config, ImagesSettings)
    reader, files, entry = reader_of(input_files(inputs), settings.options, settings.layout)
    with artefact(out, "images", settings={"images": settings}, inputs=list(files)) as space:
        with console.progress("images", sum(files.values()), f"{entry}s") as advance:
            cutflow, summary = make_images(files, reader, settings, space.path, advance, console.warn)
        write_json(space.path / "cutflow.json", cutflow.to_json())
        summary.save(space.path / "summary.npz")
        draw_images(summary, settings.description, space.path / "plots")
    rows, columns, _ = settings.description.shape
    kept = int(cutflow.kept.sum())
    console.done("images", f"{out}: {kept:,} images of {rows} × {columns} pixels from {cutflow.read:,} jets")
