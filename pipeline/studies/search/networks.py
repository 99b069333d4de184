"""The networks of trials: built from a point, kept in files, and as hardware has them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from data_prep.errors import ConfigurationError, PipelineError
from pipeline.studies.search.files import Files

if TYPE_CHECKING:
    from models.training.short_training import Jets


class RefusedError(PipelineError):
    """A design that is there already, that cannot be built, or that is much too large."""


def hardware_network(model: Any, files: Files) -> Any:
    """The lowered network, behind the image builder where images are made of candidates.

    Raises:
        UnsupportedModelError: what cannot be built.
    """
    from hls_projects.blocks.compose import compose
    from hls_projects.blocks.image_builder import ImageBuilder
    from hls_projects.lowering.lower import lower
    from hls_projects.lowering.types import prove_network

    network = prove_network(lower(model))
    builder = ImageBuilder.of_images(files.images.description)
    return network if builder is None else compose(builder, network)


def model_file(work: Path, number: int) -> Path:
    """The quantized network of a trial."""
    return work / "networks" / f"{number}.h5"


def weights_file(work: Path, number: int) -> Path:
    """Its weights as they were trained."""
    return work / "networks" / f"{number}.npz"


def quantized_network(files: Files, jets: Jets) -> Any:
    """The quantized network of a point, not trained.

    Raises:
        RefusedError: one that does not fit the images.
    """
    from models.architectures.registry import HARDWARE, networks

    network = next(
        candidate for candidate in networks(files.model, files.images.grid.kind) if candidate.name == HARDWARE
    )
    try:
        return network.build(files.model, tuple(jets.images.shape[1:]), len(jets.classes))
    except ConfigurationError as error:
        raise RefusedError(error.problem) from None
