"""`convert`: lowered model → HLS project."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hls_projects.settings import HardwareSettings
from pipeline import configuration
from pipeline.artefact import artefact
from pipeline.console import done


def run(
    lowered: Annotated[Path, typer.Argument(help="Folder made by `lower`.")],
    config: Annotated[Path, typer.Option(help="hardware.yaml")],
    out: Annotated[Path, typer.Option(help="Folder to make.")],
    images: Annotated[
        Path | None,
        typer.Option(help="Folder made by `images`; where they are built of candidates, the project builds them too."),
    ] = None,
) -> None:
    """Write the hls4ml project of a lowered model, with the proven type of every tensor set explicitly."""
    settings = configuration.load(config, HardwareSettings)
    inputs = [lowered, *([images] if images else [])]
    with artefact(out, "convert", settings={"hardware": settings}, inputs=inputs) as space:
        from data_prep.dataset import open_dataset
        from data_prep.event_dataset import holds_events
        from hls_projects.convert import convert
        from hls_projects.image_builder import ImageBuilder
        from hls_projects.model_types import ModelTypes
        from models.load import load_model

        types = ModelTypes.load(lowered / "types.json")
        of_jets = images is not None and not holds_events(images)
        builder = ImageBuilder.of_images(open_dataset(images).metadata) if images and of_jets else None
        convert(load_model(lowered / "model.h5"), types, settings.name, settings.hls, space.path, builder)
    hls = settings.hls
    source = f" from {builder.candidates.number} candidates" if builder else ""
    done(
        "convert", f"{out}: {settings.name}{source}, {hls.backend}, {hls.io_type}, {hls.part} at {hls.clock_period} ns"
    )
