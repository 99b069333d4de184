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
) -> None:
    """Write the hls4ml project of a lowered model, with the proven type of every tensor set explicitly."""
    settings = configuration.load(config, HardwareSettings)
    with artefact(out, "convert", settings={"hardware": settings}, inputs=[lowered]) as space:
        from hls_projects.convert import convert
        from hls_projects.model_types import ModelTypes
        from models.load import load_model

        types = ModelTypes.load(lowered / "types.json")
        convert(load_model(lowered / "model.h5"), types, settings.name, settings.hls, space.path)
    hls = settings.hls
    done("convert", f"{out}: {settings.name}, {hls.backend}, {hls.io_type}, {hls.part} at {hls.clock_period} ns")
