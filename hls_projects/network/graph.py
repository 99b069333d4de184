"""`types.json`: the graph of a lowered model, with a proven type for every tensor. Nothing here needs TensorFlow."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from data_prep.settings import Settings
from hls_projects.blocks.image_builder import ImageBuilder
from hls_projects.json_record import JsonRecord
from hls_projects.network.port import LayerName, Port, TypeName


class Node(Settings):
    """One layer of the lowered model: its kind, inputs, geometry and types."""

    name: LayerName
    """Layer of the lowered model."""
    kind: str
    """Its Keras class, which is the `kind` of a plain layer (`layers/`)."""
    source: str
    """Layer of the original model it comes from."""
    inputs: tuple[str, ...]
    """Names of the nodes and ports that it reads."""
    shape: tuple[int, ...]
    """Shape of the output without the batch."""
    result: TypeName
    """Type of the output."""
    weight: TypeName | None = None
    """Type of the kernel."""
    bias: TypeName | None = None
    """Type of the bias."""
    accumulator: TypeName | None = None
    """Type that holds every partial sum."""
    low: float
    """Smallest value the output can take."""
    high: float
    """Largest value the output can take."""
    window: tuple[int, int] = (1, 1)
    """Rows and columns of the kernel, the pool, or one upsampled pixel."""
    strides: tuple[int, int] = (1, 1)
    """Steps of the window along rows and columns."""
    padding: tuple[tuple[int, int], tuple[int, int]] = ((0, 0), (0, 0))
    """Rows of zeros before and after the image, columns of zeros before and after."""
    builder: ImageBuilder | None = None
    """Of the kind `ImageBuilder`: the image builder, whose image is cast to `result`."""


class Graph(JsonRecord):
    """A network without its weights: inputs, outputs and nodes. It is everything that `types.json` holds."""

    format: Literal[2] = 2
    """Version of this file format."""
    inputs: tuple[Port, ...]
    """Inputs in order."""
    outputs: tuple[Port, ...]
    """Outputs in order."""
    layers: tuple[Node, ...]
    """The nodes, each behind those that it reads."""

    def layer(self, name: str) -> Node:
        """The node of this name."""
        return next(node for node in self.layers if node.name == name)

    def save(self, path: Path) -> None:
        """Write `types.json`."""
        self.write(path)

    @classmethod
    def load(cls, path: Path) -> Graph:
        """Read `types.json`.

        Raises:
            InputFileError: when there is no such file or it holds something else.
        """
        return cls.read(path, "types", "lower")
