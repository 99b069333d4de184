"""`convert`: lowered model → HLS project."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hls_projects.settings import HardwareSettings
from pipeline import configuration
from pipeline.artefact import artefact
from pipeline.console import done
from pipeline.proving import description_of, require_images_of

if TYPE_CHECKING:
    from hls_projects.jet_finder import JetFinder
    from hls_projects.network import Network


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
        from hls_projects.convert import convert
        from hls_projects.image_builder import ImageBuilder
        from hls_projects.network import Network
        from models.load import load_model

        network = Network.load(lowered)
        if images is not None:
            require_images_of(network, images)
        builder = ImageBuilder.of_images(description_of(images)) if images else None
        finder = _finder(network) if images else None
        model, types, meaning = load_model(lowered / "model.h5"), network.types, network.meaning
        convert(model, types, settings.name, settings.hls, space.path, builder, finder, meaning)
    hls = settings.hls
    source = f" from {builder.candidates.number} candidates" if builder else ""
    target = f" to {finder.jets} jets" if finder else ""
    done(
        "convert",
        f"{out}: {settings.name}{source}{target}, {hls.backend}, {hls.io_type}, {hls.part} at {hls.clock_period} ns",
    )


def _finder(network: Network) -> JetFinder | None:
    """What finds the jets in the outputs of a network that was trained for that, as its training says."""
    from data_prep.event_settings import EventDescription
    from hls_projects.jet_finder import JetFinder

    meaning = network.meaning
    if meaning is None or meaning.task is None or meaning.detection is None:
        return None
    if not isinstance(meaning.images, EventDescription):
        return None
    return JetFinder.of(meaning.task, meaning.detection, network.types.outputs, meaning.images.grid.wrap)
