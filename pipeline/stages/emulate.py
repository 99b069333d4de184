"""`emulate`: images or ROOT files through the exact arithmetic of the firmware, into a file of scores."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from data_prep.errors import ConfigurationError
from pipeline.artefacts.artefact import artefact
from pipeline.artefacts.door import check, enclosing_artefact
from pipeline.artefacts.hashes import Hasher
from pipeline.console import done, progress, warn
from pipeline.options import MaybeImagesConfig, NoClasses, result
from pipeline.scores.statement import Statement
from pipeline.stage import Stage

if TYPE_CHECKING:
    from hls_projects.network.network import Network
    from pipeline.scores.emulation import JetSource


def run(
    model: Annotated[
        Path,
        typer.Argument(help="Network: a firmware bundle, a folder made by `lower`, or a Keras model file."),
    ],
    inputs: Annotated[
        list[str], typer.Argument(metavar="INPUT", help="A folder made by `images`, or files with constituents.")
    ],
    out: Annotated[Path, result("a file of scores, .parquet or .root")],
    split: Annotated[
        Literal["train", "validation", "test", "all"], typer.Option(help="Which jets of a folder made by `images`.")
    ] = "all",
    images_config: MaybeImagesConfig = None,
    no_labels: Annotated[
        bool, typer.Option("--no-labels", help="Do not read labels from files: jets of no class get scores too.")
    ] = False,
    no_classes: NoClasses = False,
) -> None:
    """Score jets with the exact arithmetic of the firmware.

    Every jet gets the integers of the firmware, bit for bit, and scores named after the classes; TensorFlow is not
    needed. Files with constituents need --images-config. Images that differ from those of the training are refused.
    Every jet is written as a row, with the reason if it has no scores.
    """
    from data_prep.store.score_files import require_ending
    from hls_projects.emulator.fast_emulator import FastEmulator
    from hls_projects.open_network import open_network
    from pipeline.scores.emulation import write_scores

    require_ending(out)
    stated = Statement.read(images_config, no_classes=no_classes)
    source, files, images = _source(inputs, None if split == "all" else split, stated, labels=not no_labels)
    options = {"split": split, "labels": not no_labels, "classes": not no_classes}
    inputs_read = {"files": [model, *files]}
    with artefact(
        out, "emulate", settings=stated.configuration, options=options, inputs=inputs_read, folder=False
    ) as space:
        network = stated.complete(open_network(model))
        if network.meaning is not None and images is not None:
            network.meaning.require_same_images(source.description, images)
        for line in (*source.missing, *_without_scores(network)):
            warn(line)
        emulator = FastEmulator(network)
        start = time.perf_counter()
        with progress("emulating", source.total, source.unit) as advance:
            jets, image_count = write_scores(emulator, source, space.path, out, advance)
        rate = jets / (time.perf_counter() - start)
    with_image = f", {image_count:,} of them with an image" if image_count < jets else ""
    done("emulate", f"{out}: {jets:,} jets{with_image}, {rate:,.0f} a second")


def _source(
    inputs: list[str], split: str | None, stated: Statement, *, labels: bool
) -> tuple[JetSource, list[Path], Path | None]:
    """The jets, their files, and the dataset if they are from one."""
    from data_prep.images.jets import ImagesSettings
    from pipeline.scores.emulation import from_dataset, from_files, holds_images

    if stated.settings is None and len(inputs) != 1:
        raise ConfigurationError("it is not known how images of these files are made", remedy="give --images-config")
    if stated.settings is None or holds_images(inputs):
        folder = Path(inputs[0])
        # Its description is read before the stage begins, so damage must be detected here.
        if (enclosing := enclosing_artefact(folder)) is not None:
            check(enclosing, Hasher(remember=True))
        if not labels:
            raise ConfigurationError(
                "--no-labels is for files; a folder made by `images` has labels", remedy="leave out --no-labels"
            )
        return from_dataset(folder, split), [folder], folder
    if split is not None:
        raise ConfigurationError("files with constituents have no splits", remedy="leave out --split")
    if not isinstance(stated.settings, ImagesSettings):
        raise ConfigurationError(
            "'kind: events' is for images of events, which have no scores of jets",
            file=stated.file,
            remedy="give the images.yaml of a run with jets",
        )
    source, files = from_files(inputs, stated.settings, labels=labels)
    return source, files, None


def _without_scores(network: Network) -> list[str]:
    """A message why there are no scores; empty if there are."""
    if network.meaning is None:
        return [
            "the meaning of the network's outputs is not known: integers are written, but no scores "
            "(state it with --images-config)"
        ]
    reason = network.meaning.without_scores
    return [f"there are no scores: {reason}"] if reason else []


STAGE = Stage(
    run,
    place=68,
    example=r"""
python -m pipeline emulate build/demo/40_lowered build/demo/10_root \
  --images-config configs/demo/images.yaml \
  --out build/demo/scores.parquet
""",
    inputs=("generate", "lower"),
)
