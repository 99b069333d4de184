"""The integer reference gives the numbers of QKeras, and its file is checked."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from tensorflow import keras

from data_prep.errors import InputFileError
from hls_projects.lowering.lower import lower
from hls_projects.lowering.types import prove_network
from hls_projects.network import integer_model
from hls_projects.network.integer_ops import same_padding
from hls_projects.network.network import Network
from hls_projects.proof.vectors import made_vectors


def test_every_layer_gives_the_numbers_of_qkeras(
    make: Callable[[str], keras.Model], zoo_name: str, tmp_path: Path
) -> None:
    lowered = lower(make(zoo_name))
    prove_network(lowered).save(tmp_path)
    network = Network.load(tmp_path)
    names = [layer.name for layer in network.graph.layers]
    reference = keras.Model(lowered.model.inputs, [lowered.model.get_layer(name).output for name in names])
    ports = network.graph.inputs
    for vectors in made_vectors([(port.shape, port.type) for port in ports], 300, seed=2):
        raw = [port.type.quantize(x) for port, x in zip(ports, vectors.inputs, strict=True)]
        tensors = integer_model.run(network, raw)
        expected = reference(list(vectors.inputs) if len(vectors.inputs) > 1 else vectors.inputs[0], training=False)
        for name, values in zip(names, expected, strict=True):
            layer = network.graph.layer(name)
            np.testing.assert_array_equal(layer.result.to_float(tensors[name]), np.asarray(values, np.float64), name)


@pytest.mark.parametrize("size", range(1, 9))
@pytest.mark.parametrize("kernel", [1, 2, 3, 5])
@pytest.mark.parametrize("stride", [1, 2, 3])
def test_same_padding_is_that_of_tensorflow(size: int, kernel: int, stride: int) -> None:
    (before, _), _ = same_padding((size, size), (kernel, kernel), (stride, stride))
    # Filters that pick one tap each show where the window of the first output lies.
    taps = np.eye(kernel)[:, None, None, :]
    image = np.arange(1.0, size + 1)[None, :, None, None]
    picked = keras.backend.conv2d(image, taps, (stride, 1), "same").numpy()[0, 0, 0]
    assert list(picked) == [i - before + 1 if 0 <= i - before < size else 0 for i in range(kernel)]


@pytest.mark.parametrize("damage", ["missing", "cut", "foreign", "out of type"])
def test_weights_that_do_not_fit_are_refused(make: Callable[[str], keras.Model], tmp_path: Path, damage: str) -> None:
    network = prove_network(lower(make("separable")))
    network.save(tmp_path)
    path = tmp_path / "weights.npz"
    if damage == "missing":
        path.unlink()
    elif damage == "cut":
        path.write_bytes(path.read_bytes()[:-100])
    else:
        arrays = dict(np.load(path))
        name = next(iter(arrays))
        arrays["nobody.kernel" if damage == "foreign" else name] = arrays[name] + 2**40
        np.savez(path, **arrays)
    with pytest.raises(InputFileError, match="weights.npz"):
        Network.load(tmp_path)
