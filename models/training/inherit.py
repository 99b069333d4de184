"""Weights from a network that was trained to one of another size: the taps, channels and units that both have.

A search trains hundreds of networks that differ in a few numbers. One that starts from what a similar one has learned
(as in Wei et al., "Network Morphism", arXiv:1603.01670, though here the function is only roughly kept) needs a fraction
of the epochs.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt
from tensorflow import keras

from data_prep.errors import InputFileError
from data_prep.system.whole import whole_file

Array = npt.NDArray[np.float32]


@dataclass(frozen=True)
class NetworkWeights:
    """The weights of a network.

    Attributes:
        arrays: by layer and number, `block1/0`, as Keras orders them.
        map: rows, columns and channels of the map that is flattened; none where it is no map.
    """

    arrays: dict[str, Array]
    map: tuple[int, ...] | None

    @classmethod
    def of(cls, model: keras.Model) -> Self:
        """The weights of a network as they are trained, not as they are quantized."""
        arrays = {
            f"{layer.name}/{number}": np.array(array)
            for layer in model.layers
            for number, array in enumerate(layer.get_weights())
        }
        return cls(arrays, flattened(model))

    def save(self, path: Path) -> None:
        """Write one file, whole or not at all."""
        with whole_file(path) as partial, partial.open("wb") as file:
            np.savez(file, map=np.array(json.dumps(self.map)), **self.arrays)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read it.

        Raises:
            InputFileError: no such file, or a damaged one.
        """
        try:
            with np.load(path, allow_pickle=False) as found:
                shape = json.loads(str(found["map"]))
                arrays = {name: found[name] for name in found.files if name != "map"}
        except (OSError, EOFError, ValueError, KeyError, BadZipFile) as error:
            raise InputFileError(f"holds no weights: {error}", file=path) from None
        return cls(arrays, None if shape is None else tuple(shape))


def flattened(model: keras.Model) -> tuple[int, ...] | None:
    """Rows, columns and channels of the map that a network flattens; none where it flattens none."""
    for layer in model.layers:
        if isinstance(layer, keras.layers.Flatten) and len(layer.input_shape) == 4:
            return tuple(int(size) for size in layer.input_shape[1:])
    return None


def shared(target: NetworkWeights, source: NetworkWeights) -> float:
    """The share of the target's weights that the source has too, from 0 to 1; 1 says that it has them all.

    >>> one = NetworkWeights({"dense1/0": np.zeros((4, 2), np.float32)}, None)
    >>> shared(one, NetworkWeights({"dense1/0": np.zeros((2, 8), np.float32)}, None))
    0.5
    """
    total = sum(array.size for array in target.arrays.values())
    common = 0
    for name in target.arrays:
        places = _places(name, target, source)
        if places is not None:
            common += int(np.prod([each.stop - each.start for each in places[0]]))
    return common / max(total, 1)


def inherit(model: keras.Model, source: NetworkWeights) -> None:
    """Copy the weights that both have into a network; the others keep their initial values."""
    target = NetworkWeights.of(model)
    for name, array in target.arrays.items():
        places = _places(name, target, source)
        if places is None:
            continue
        to, of, shape, source_shape = *places, *_as_maps(name, target, source)
        array.reshape(shape)[to] = source.arrays[name].reshape(source_shape)[of]
    for layer in model.layers:
        if layer.weights:
            layer.set_weights([target.arrays[f"{layer.name}/{number}"] for number in range(len(layer.weights))])


Slices = tuple[slice, ...]


def _places(name: str, target: NetworkWeights, source: NetworkWeights) -> tuple[Slices, Slices] | None:
    """Where in the target's array the source's values go, and which; none where they do not fit.

    Kernels are aligned at their centres; channels and units are counted from the first.
    """
    if name not in source.arrays:
        return None
    wide, narrow = _as_maps(name, target, source)
    on_map = len(wide) == 4 and name.startswith(_behind_map(target))
    if len(wide) != len(narrow) or (on_map and wide[:2] != narrow[:2]):
        return None
    to, of = [], []
    kernel = len(wide) == 4 and not on_map
    for axis, (a, b) in enumerate(zip(wide, narrow, strict=True)):
        size = min(a, b)
        first, second = ((a - size) // 2, (b - size) // 2) if kernel and axis < 2 else (0, 0)
        to.append(slice(first, first + size))
        of.append(slice(second, second + size))
    return tuple(to), tuple(of)


def _as_maps(name: str, target: NetworkWeights, source: NetworkWeights) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The shapes of both arrays; those of the layer behind the flattened map by its rows, columns and channels."""
    shapes: list[Any] = []
    for each in (target, source):
        shape = each.arrays[name].shape
        on_map = each.map is not None and name == f"{_behind_map(each)}0" and shape[0] == int(np.prod(each.map))
        shapes.append((*each.map, *shape[1:]) if on_map and each.map is not None else shape)
    return shapes[0], shapes[1]


def _behind_map(each: NetworkWeights) -> str:
    """The start of the names of the first dense layer's arrays."""
    return "dense1/" if "dense1/0" in each.arrays else "logits/"
