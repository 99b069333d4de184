"""`emulate`: images or ROOT files through the exact arithmetic of the firmware, into a Parquet file of scores."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Literal

import typer

from data_prep.errors import ConfigurationError
from pipeline.artefact import artefact
from pipeline.configuration import load
from pipeline.console import done, progress


def run(
    model: Annotated[Path, typer.Argument(help="Firmware bundle, folder made by `lower`, or Keras model file.")],
    inputs: Annotated[
        list[str], typer.Argument(metavar="INPUT...", help="A folder made by `images`, or files of constituents.")
    ],
    out: Annotated[Path, typer.Option(help="Scores to write (.parquet).")],
    split: Annotated[
        Literal["train", "validation", "test", "all"], typer.Option(help="Which jets of the dataset.")
    ] = "all",
    images_config: Annotated[
        Path | None, typer.Option(help="images.yaml, where the inputs are files of constituents.")
    ] = None,
) -> None:
    """Give every jet the integers of the firmware, bit for bit, with scores by class; TensorFlow is not needed."""
    from data_prep.images import ImagesSettings
    from hls_projects.emulator.fast_emulator import FastEmulator
    from hls_projects.emulator.open import open_network
    from pipeline.emulation import from_dataset, from_files, write_scores

    if images_config is None:
        if len(inputs) != 1:
            raise ConfigurationError(
                "several inputs are files of constituents, which need a configuration", remedy="add --images-config"
            )
        settings, files = {}, [Path(inputs[0])]
        source = from_dataset(files[0], None if split == "all" else split)
    else:
        if split != "all":
            raise ConfigurationError("files of constituents have no splits", remedy="leave --split out")
        settings = {"images": load(images_config, ImagesSettings)}
        source, files = from_files(inputs, settings["images"])
    with artefact(
        out, "emulate", settings=settings, options={"split": split}, inputs={"files": [model, *files]}, folder=False
    ) as space:
        emulator = FastEmulator(open_network(model))
        start = time.perf_counter()
        with progress("emulating", source.total, source.unit) as advance:
            jets = write_scores(emulator, source, space.path, advance)
        rate = jets / (time.perf_counter() - start)
    done("emulate", f"{out}: {jets:,} jets, {rate:,.0f} a second")
