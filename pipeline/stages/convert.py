"""`convert`: lowered model → HLS project."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hls_projects.settings import HardwareSettings
from pipeline import configuration
from pipeline.artefacts.artefact import artefact
from pipeline.console import done
from pipeline.options import Hardware, Images, result
from pipeline.proving import description_of, require_images_of
from pipeline.stage import Stage

if TYPE_CHECKING:
    from hls_projects.blocks.jet_finder import JetFinder
    from hls_projects.network.network import Network


def run(
    lowered: Annotated[Path, typer.Argument(help="Network: a folder made by `lower`.")],
    config: Hardware,
    out: Annotated[Path, result("a folder, build/<run>/50_hls")],
    images: Images = None,
) -> None:
    """Write the HLS project of a network.

    The hls4ml project, with the proven type of every tensor. With --images it also makes the images from candidates,
    or finds the jets of an event, if the network was trained for that.
    """
    settings = configuration.load(config, HardwareSettings)
    inputs = {"lower": lowered, "images": images}
    with artefact(out, "convert", settings={"hardware": settings}, inputs=inputs) as space:
        from hls_projects.blocks.image_builder import ImageBuilder
        from hls_projects.hls.convert import convert
        from hls_projects.network.network import Network
        from models.files.load import load_model

        network = Network.load(lowered)
        if images is not None:
            require_images_of(network, images)
        builder = ImageBuilder.of_images(description_of(images)) if images else None
        finder = _finder(network) if images else None
        model, types, meaning = load_model(lowered / "model.h5"), network.graph, network.meaning
        convert(model, types, settings.name, settings.hls, space.path, builder, finder, meaning)
    hls = settings.hls
    source = f" from {builder.candidates.number} candidates" if builder else ""
    target = f" to {finder.jets} jets" if finder else ""
    done(
        "convert",
        f"{out}: {settings.name}{source}{target}, {hls.backend}, {hls.io_type}, {hls.part} at {hls.clock_period} ns",
    )


def _finder(network: Network) -> JetFinder | None:
    """The jet finder behind a network that was trained for detection, with the settings of its training."""
    from data_prep.events.settings import EventDescription
    from hls_projects.blocks.jet_finder import JetFinder

    meaning = network.meaning
    if meaning is None or meaning.task is None or meaning.detection is None:
        return None
    if not isinstance(meaning.images, EventDescription):
        return None
    return JetFinder.of(meaning.task, meaning.detection, network.graph.outputs, meaning.images.grid.wrap)


STAGE = Stage(
    run,
    place=50,
    example=r"""
python -m pipeline convert --config configs/demo/hardware.yaml \
  --images build/demo/20_images \
  build/demo/40_lowered --out build/demo/50_hls
""",
    artefact="50_hls",
    inputs=("images", "lower"),
    in_every_run=True,
)
