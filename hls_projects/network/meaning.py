"""Whether a network fits the description of its inputs and outputs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from data_prep.errors import InputFileError
from data_prep.store.jet_images import ImageDescription
from hls_projects.blocks.image_builder import ImageBuilder
from hls_projects.network.graph import Graph
from models.files.meaning import Meaning

_OTHER = "use it with the network that it was written for, or make it again with `train` and `lower`"


def require_fitting(
    meaning: Meaning, graph: Graph, file: Path, *, of_images: str = _OTHER, of_classes: str = _OTHER
) -> None:
    """Make sure that a network takes the images of its description, and gives a number for each of its classes.

    Args:
        meaning: the description.
        graph: the network; one that starts from candidates builds the images itself.
        file: of the description, for messages.
        of_images: the remedy for other images, for messages.
        of_classes: the remedy for another number of classes.

    Raises:
        InputFileError: images of another shape, another image builder, or another number of classes or
            targets.
    """
    first = next(iter(graph.layers), None)
    builder = None if first is None else first.builder
    taken = [port.shape for port in graph.inputs] if builder is None else [builder.shape]
    if taken != [meaning.image_shape]:
        reason = f"says that the network takes images of {_size(meaning.image_shape)}, it takes {_sizes(taken)}"
        raise InputFileError(reason, file=file, remedy=of_images)
    if builder is not None and ImageBuilder.of_images(meaning.images) != builder:
        raise InputFileError(
            "describes other images than the network makes from its candidates", file=file, remedy=of_images
        )
    if meaning.regression is not None:
        names = [target.name for target in meaning.regression.targets]
        if graph.outputs[-1].shape != (len(names),):
            reason = f"names {len(names)} numbers of a jet ({', '.join(names)}), the last output of the network gives "
            raise InputFileError(reason + _sizes([graph.outputs[-1].shape]), file=file, remedy=_OTHER)
    if not meaning.classes or not isinstance(meaning.images, ImageDescription):
        return
    given = [port.shape for port in graph.outputs]
    if given[0] != (len(meaning.classes),):
        reason = (
            f"names {len(meaning.classes)} classes ({', '.join(meaning.classes)}), the network gives {_sizes(given)}"
        )
        raise InputFileError(f"{reason} numbers", file=file, remedy=of_classes)


def _size(shape: Sequence[int]) -> str:
    return " x ".join(map(str, shape))


def _sizes(shapes: Sequence[Sequence[int]]) -> str:
    return " and ".join(map(_size, shapes))
