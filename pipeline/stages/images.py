"""The stage `images`: ROOT files to a dataset of sparse images of jets, or of whole events."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline import console
from pipeline.artefacts.artefact import artefact, recorded_inputs
from pipeline.artefacts.door import is_readable
from pipeline.artefacts.earlier_losses import losses_allowed
from pipeline.artefacts.json_file import write_json
from pipeline.configuration import load, load_kind
from pipeline.options import Workers, result, settings_file
from pipeline.stage import Stage


def run(
    config: Annotated[Path, settings_file("images.yaml")],
    out: Annotated[Path, result("a folder, build/<run>/20_images")],
    inputs: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="INPUT",
            help="ROOT or HDF5 files, folders, patterns, https:// or root:// URLs; none: the same as last time.",
            show_default=False,
        ),
    ] = None,
    workers: Workers = 0,
    scheduler: Annotated[
        str | None, typer.Option(help="Address of a Dask scheduler to use instead, tcp://host:8786.")
    ] = None,
    cluster: Annotated[
        Path | None, typer.Option(help="Batch system to use instead: a YAML file as in docs/scale.md.")
    ] = None,
    retries: Annotated[int, typer.Option(min=0, help="How often a chunk that failed is tried again.")] = 2,
    strict: Annotated[bool, typer.Option("--strict", help="Stop when the first chunk is lost.")] = False,
    allow_lost: Annotated[
        float, typer.Option(min=0, max=1, help="Fraction of the jets or events that may be lost.")
    ] = 0.0,
) -> None:
    """Make jet or event images from ROOT files.

    Writes a Parquet dataset, split by event into train, validation and test, and accounts for every entry. The result
    does not depend on the number and kind of workers. If it is interrupted, or more is lost than --allow-lost, give the
    same command again: finished chunks are kept.
    """
    from data_prep.events.settings import EventImagesSettings
    from data_prep.images.jets import ImagesSettings
    from data_prep.readers.detect import reader_of
    from data_prep.readers.files import input_files
    from data_prep.streams.executors.choice import executor_of
    from data_prep.streams.executors.dask_cluster import BatchSettings
    from data_prep.streams.jet_images import JetImages
    from data_prep.streams.losses import Loss, Tolerance
    from data_prep.streams.production import make_images
    from pipeline.plots.images import draw_images

    settings_by_kind: dict[str, type[ImagesSettings | EventImagesSettings]] = {
        "jets": ImagesSettings,
        "events": EventImagesSettings,
    }
    settings = load_kind(config, settings_by_kind)
    without_inputs = not inputs
    inputs = inputs or recorded_inputs(out, "images", {"images": settings})
    batch = load(cluster, BatchSettings) if cluster else None
    tolerance = Tolerance(retries=retries, strict=strict, allow_lost=allow_lost)
    if isinstance(settings, EventImagesSettings):
        from pipeline.event_images import run_events

        with losses_allowed(out, None if without_inputs else allow_lost):
            run_events(inputs, settings, out, workers=workers, scheduler=scheduler, batch=batch, tolerance=tolerance)
        return
    lost: list[Loss] = []
    paths = input_files(inputs, console.warn)
    reader, files, entry = reader_of(
        paths,
        settings.options,
        settings.layout,
        None
        if strict or not (allow_lost or without_inputs)
        else lambda error, file: lost.append(Loss.of(error, str(file))),
    )
    for loss in lost:
        console.warn(str(loss))
    total = sum(files.values())
    # A file that is lost as a whole is an input too, as it enters the cutflow.
    readable = [path for path in paths if path in files or is_readable(path)]
    with (
        losses_allowed(out, None if without_inputs else allow_lost),
        artefact(out, "images", settings={"images": settings}, inputs={"files": readable}) as space,
    ):
        with (
            executor_of(total, workers, scheduler, batch) as executor,
            console.progress("images", total, f"{entry}s") as advance,
        ):
            cutflow, summary = make_images(
                files,
                JetImages.of(reader, settings),
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
    image_count = int(cutflow.kept.sum())
    missing = f"; lost {cutflow.losses.fraction:.2%} of the {entry}s, see cutflow.json" if cutflow.losses.all else ""
    console.done(
        "images", f"{out}: {image_count:,} images of {rows} × {columns} pixels from {cutflow.read:,} jets{missing}"
    )


STAGE = Stage(
    run,
    place=20,
    example=r"""
python -m pipeline images --config configs/demo/images.yaml \
  build/demo/10_root --out build/demo/20_images
""",
    artefact="20_images",
    inputs=("generate",),
    in_every_run=True,
)
