"""`convert`: lowered model → HLS project."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hls_projects.settings import HardwareSettings
from pipeline import configuration
from pipeline.artefact import artefact
from pipeline.console import done
from pipeline.lineage import upstream

if TYPE_CHECKING:
    from hls_projects.jet_finder import JetFinder
    from hls_projects.model_types import ModelTypes


def run(
    lowered: Annotated[Path, typer.Argument(help="Folder made by `lower`.")],
    config: Annotated[Path, typer.Option(help="hardware.yaml")],
    out: Annotated[Path, typer.Option(help="Folder to make.")],
    images: Annotated[
        Path | None,
        typer.Option(help="Folder made by `images`: the project builds those of candidates, and finds jets in events."),
    ] = None,
) -> None:
    """Write the hls4ml project of a lowered model, with the proven type of every tensor set explicitly."""
    settings = configuration.load(config, HardwareSettings)
    inputs = {"lower": lowered, "images": images}
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
        finder = _finder(lowered, images, types) if images and not of_jets else None
        convert(load_model(lowered / "model.h5"), types, settings.name, settings.hls, space.path, builder, finder)
    hls = settings.hls
    source = f" from {builder.candidates.number} candidates" if builder else ""
    target = f" to {finder.jets} jets" if finder else ""
    done(
        "convert",
        f"{out}: {settings.name}{source}{target}, {hls.backend}, {hls.io_type}, {hls.part} at {hls.clock_period} ns",
    )


def _finder(lowered: Path, images: Path, types: ModelTypes) -> JetFinder | None:
    """What finds the jets in the outputs of a network that was trained for that; the manifests say how."""
    from data_prep.event_dataset import open_event_dataset
    from hls_projects.jet_finder import JetFinder
    from models.event_settings import EventModelSettings

    trained = next((found for found in upstream([lowered]).values() if found.stage == "train"), None)
    if trained is None:
        return None
    settings = EventModelSettings.model_validate(trained.configuration["model"])
    wrap = open_event_dataset(images).metadata.grid.wrap
    return JetFinder.of(settings.task, settings.detection, types.outputs, wrap)
