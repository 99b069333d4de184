"""The integer network: a lowered model as data, with its weights as integers. Nothing here needs TensorFlow.

Every form of the hardware that is not made by hls4ml (the integer reference, the fast emulator, the RTL) starts from
it. On disk it is `types.json` (the graph with proven types), `weights.npz` (`<layer>.kernel`, `<layer>.bias`,
int64) and, where there is a description of its inputs and outputs, `meaning.json`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from data_prep.errors import InputFileError
from hls_projects.array_files import read_integers
from hls_projects.network.graph import Graph, Node
from hls_projects.network.meaning import require_fitting
from models.files.meaning import MEANING, Meaning

Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Weights:
    """The constants of one layer.

    Attributes:
        kernel: int64 in the layer's weight type: [rows, columns, in, out], [rows, columns, channels, 1] of a depthwise
            convolution, [in, out] of a dense layer.
        bias: int64 [out] in the layer's bias type; none where the layer has none.
    """

    kernel: Integers
    bias: Integers | None


@dataclass(frozen=True)
class Network:
    """A lowered model: its nodes in `graph`, inputs before users, and their weights by name.

    `meaning` describes its inputs and outputs; None where a network came without a description.
    """

    graph: Graph
    weights: Mapping[str, Weights]
    meaning: Meaning | None = None

    def save(self, folder: Path) -> None:
        """Write `types.json`, `weights.npz` and, where there is one, `meaning.json`."""
        self.graph.save(folder / "types.json")
        if self.meaning is not None:
            self.meaning.save(folder / MEANING)
        arrays = {f"{name}.kernel": weights.kernel for name, weights in self.weights.items()}
        arrays |= {
            f"{name}.bias": constants.bias for name, constants in self.weights.items() if constants.bias is not None
        }
        np.savez_compressed(folder / "weights.npz", **arrays)

    @classmethod
    def load(cls, folder: Path) -> Network:
        """Read a network and check that weights, types and meaning belong together.

        Raises:
            InputFileError: when a file is missing, holds something else, or they do not fit each other.
        """
        graph = Graph.load(folder / "types.json")
        path = folder / "weights.npz"
        arrays = read_integers(path, "weights", "make them with `lower`")
        weights = {}
        for node in graph.layers:
            if node.weight is None:
                continue
            kernel, bias = arrays.pop(f"{node.name}.kernel", None), arrays.pop(f"{node.name}.bias", None)
            if kernel is None or (bias is None) != (node.bias is None):
                raise InputFileError(f"holds no weights of layer '{node.name}'", file=path, remedy="run `lower` again")
            _check(node, kernel, bias, path)
            weights[node.name] = Weights(kernel, bias)
        if arrays:
            raise InputFileError(
                f"holds {sorted(arrays)[0]}, which belongs to no layer", file=path, remedy="run `lower` again"
            )
        return cls(graph, weights).with_meaning_of(folder / MEANING)

    def with_meaning_of(self, file: Path) -> Network:
        """The network with the description in a file; unchanged where there is no such file.

        Raises:
            InputFileError: it cannot be read, or describes another network.
        """
        meaning = Meaning.load(file)
        if meaning is None:
            return self
        require_fitting(meaning, self.graph, file)
        return replace(self, meaning=meaning)

    @property
    def fingerprint(self) -> str:
        """SHA-256 over types and weights, hexadecimal: two networks with the same one compute the same numbers."""
        digest = hashlib.sha256(self.graph.model_dump_json().encode())
        for name, constants in sorted(self.weights.items()):
            for array in (constants.kernel, constants.bias):
                digest.update(f"{name}{None if array is None else array.shape}".encode())
                digest.update(b"" if array is None else np.ascontiguousarray(array).tobytes())
        return digest.hexdigest()


def _check(node: Node, kernel: Integers, bias: Integers | None, path: Path) -> None:
    """Refuse weights that their types do not hold."""
    for values, weight_type in ((kernel, node.weight), (bias, node.bias)):
        if values is None or weight_type is None:
            continue
        if values.min(initial=0) < weight_type.raw_min or values.max(initial=0) > weight_type.raw_max:
            raise InputFileError(
                f"a weight of '{node.name}' is not of {weight_type}", file=path, remedy="run `lower` again"
            )
