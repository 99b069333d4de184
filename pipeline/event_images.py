"""The stage `images` for whole events: images of towers with their truth."""

from __future__ import annotations

from pathlib import Path

from data_prep.events.settings import EventImagesSettings
from data_prep.streams.executors.choice import executor_of
from data_prep.streams.executors.dask_cluster import BatchSettings
from data_prep.streams.losses import Loss, Tolerance
from pipeline import console
from pipeline.artefacts.artefact import artefact
from pipeline.artefacts.door import is_readable
from pipeline.artefacts.json_file import write_json


def run_events(
    inputs: list[str],
    settings: EventImagesSettings,
    out: Path,
    *,
    workers: int,
    scheduler: str | None,
    batch: BatchSettings | None,
    tolerance: Tolerance,
) -> None:
    """Make event images from ROOT files; see `pipeline.stages.images.run`."""
    from data_prep.events.batch import QUARK_GLUON, TOP, TOWER_CLASSES, TRUTH_CLASSES
    from data_prep.readers import event_tree
    from data_prep.readers.files import input_files
    from data_prep.store.event_images import open_event_dataset
    from data_prep.streams.event_images import EventImages
    from data_prep.streams.production import make_images
    from pipeline.plots.events import draw_events

    lost: list[Loss] = []
    skip_damaged = tolerance.allow_lost and not tolerance.strict
    paths = input_files(inputs, console.warn)
    files = event_tree.counts(
        paths,
        (lambda error, file: lost.append(Loss.of(error, str(file)))) if skip_damaged else None,
    )
    for loss in lost:
        console.warn(str(loss))
    total = sum(files.values())
    readable = [path for path in paths if path in files or is_readable(path)]
    with artefact(out, "images", settings={"images": settings}, inputs={"files": readable}) as space:
        with (
            executor_of(total, workers, scheduler, batch) as executor,
            console.progress("images", total, "events") as advance,
        ):
            cutflow, summary = make_images(
                files,
                EventImages(settings),
                space.path,
                advance,
                console.warn,
                executor=executor,
                work=space.work,
                tolerance=tolerance,
                lost=lost,
            )
        towers = dict(zip(TRUTH_CLASSES, summary.towers.astype(int).tolist(), strict=True))
        jets = dict(
            zip(
                TOWER_CLASSES[QUARK_GLUON:],
                summary.jet_pt.sum(axis=1)[QUARK_GLUON : TOP + 1].astype(int).tolist(),
                strict=True,
            )
        )
        names = ("in pixels", "below pixel_min", "outside the grid")
        energy = dict(zip(names, summary.account.round(3).tolist(), strict=True))
        write_json(
            space.path / "cutflow.json",
            cutflow.to_json() | {"towers_by_class": towers, "jets_by_kind": jets, "energy": energy},
        )
        summary.save(space.path / "summary.npz")
        draw_events(summary, open_event_dataset(space.path), space.path / "plots")
    rows, columns, _ = settings.description.shape
    image_count = int(cutflow.kept.sum())
    missing = f"; lost {cutflow.losses.fraction:.2%} of the events, see cutflow.json" if cutflow.losses.all else ""
    console.done(
        "images", f"{out}: {image_count:,} images of {rows} × {columns} towers from {cutflow.read:,} events{missing}"
    )
