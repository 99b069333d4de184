"""`types.json`: the proven type of every tensor of a lowered model, as data. Nothing here needs TensorFlow."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from data_prep.settings import Settings
from hls_projects.blocks.image_builder import ImageBuilder
from hls_projects.json_record import JsonRecord
from hls_projects.network.port import LayerName, TypeName
from hls_projects.network.port import Port as Port


class Node(Settings):
    """The types of one layer of the lowered model."""

    name: LayerName
    """Layer of the lowered model."""
    kind: str
    """Its class."""
    source: str
    """Layer of the original model it comes from."""
    inputs: tuple[str, ...]
    """Layers (or inputs) of the lowered model it reads."""
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
    """What an `ImageBuilder` builds; its image is cast to `result`."""


class Graph(JsonRecord):
    """Everything `types.json` holds."""

    format: Literal[2] = 2
    """Version of this file format."""
    inputs: tuple[Port, ...]
    """Inputs in order."""
    outputs: tuple[Port, ...]
    """Outputs in order."""
    layers: tuple[Node, ...]
    """Every layer but the inputs, inputs before users."""

    def layer(self, name: str) -> Node:
        """The entry of one layer."""
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
