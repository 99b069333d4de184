"""The stage `images`: ROOT files to a dataset of sparse images of jets, or of whole events."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline import console
from pipeline.artefact import artefact, made_from
from pipeline.configuration import load, load_kind
from pipeline.door import is_readable
from pipeline.earlier_losses import losses_allowed
from pipeline.json_file import write_json


def run(
    config: Annotated[Path, typer.Option(help="The configuration, configs/<run>/images.yaml.")],
    out: Annotated[Path, typer.Option(help="The dataset to write, build/<run>/20_images.")],
    inputs: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="INPUT...",
            help="Files, folders of them, patterns, or https:// and root:// URLs; none: those of before.",
            show_default=False,
        ),
    ] = None,
    workers: Annotated[
        int, typer.Option(min=0, help="Processes; 0: one a core, or none where there is little to do.")
    ] = 0,
    scheduler: Annotated[str | None, typer.Option(help="A Dask scheduler instead, as tcp://host:8786.")] = None,
    cluster: Annotated[
        Path | None, typer.Option(help="Jobs of a batch system instead: a YAML file, see docs/scale.md.")
    ] = None,
    retries: Annotated[int, typer.Option(min=0, help="How often a chunk that fails is tried again.")] = 2,
    strict: Annotated[bool, typer.Option("--strict", help="Stop at the first chunk that fails for good.")] = False,
    allow_lost: Annotated[
        float, typer.Option(min=0, max=1, help="Fraction of the entries that may be lost; else the stage fails.")
    ] = 0.0,
) -> None:
    """Make jet or event images from ROOT files: a Parquet dataset, split by event, with the account of every entry.

    The result depends neither on who does the work nor on the chunks. A run that was interrupted, or that lost more
    than is allowed, goes on from its finished chunks when the same command is given again.
    """
    from data_prep.event_settings import EventImagesSettings
    from data_prep.executors.choice import executor_of
    from data_prep.executors.dask_cluster import BatchSettings
    from data_prep.image_stream import make_images
    from data_prep.images import ImagesSettings
    from data_prep.losses import Loss, Tolerance
    from data_prep.readers.detect import reader_of
    from data_prep.readers.files import input_files
    from pipeline.plots.images import draw_images

    kinds: dict[str, type[ImagesSettings | EventImagesSettings]] = {
        "jets": ImagesSettings,
        "events": EventImagesSettings,
    }
    settings = load_kind(config, kinds)
    again = not inputs
    inputs = inputs or made_from(out, "images", {"images": settings})
    batch = load(cluster, BatchSettings) if cluster else None
    tolerance = Tolerance(retries=retries, strict=strict, allow_lost=allow_lost)
    if isinstance(settings, EventImagesSettings):
        from pipeline.event_images import run_events

        with losses_allowed(out, None if again else allow_lost):
            run_events(inputs, settings, out, workers=workers, scheduler=scheduler, batch=batch, tolerance=tolerance)
        return
    lost: list[Loss] = []
    given = input_files(inputs, console.warn)
    reader, files, entry = reader_of(
        given,
        settings.options,
        settings.layout,
        None if strict or not (allow_lost or again) else lambda error, file: lost.append(Loss.of(error, str(file))),
    )
    for loss in lost:
        console.warn(str(loss))
    total = sum(files.values())
    # A file that is lost as a whole is an input too: another one that is lost makes another account.
    read = [path for path in given if path in files or is_readable(path)]
    with (
        losses_allowed(out, None if again else allow_lost),
        artefact(out, "images", settings={"images": settings}, inputs={"files": read}) as space,
    ):
        with (
            executor_of(total, workers, scheduler, batch) as executor,
            console.progress("images", total, f"{entry}s") as advance,
        ):
            cutflow, summary = make_images(
                files,
                reader,
                settings,
                space.path,
                advance,
                console.warn,
                executor=executor,
                work=space.work,
                tolerance=tolerance,
                lost=lost,
            )
        write_json(space.path / "cutflow.json", cutflow.to_json())
        summary.save(space.path / "summary.npz")
        draw_images(summary, settings.description, space.path / "plots")
    rows, columns, _ = settings.description.shape
    kept = int(cutflow.kept.sum())
    missing = f"; lost {cutflow.losses.fraction:.2%} of the {entry}s, see cutflow.json" if cutflow.losses.all else ""
    console.done("images", f"{out}: {kept:,} images of {rows} × {columns} pixels from {cutflow.read:,} jets{missing}")
