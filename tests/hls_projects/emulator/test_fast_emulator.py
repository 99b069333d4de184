"""The fast emulator gives the integers of the slow reference, however it is given its images."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from data_prep.images.batch import FEATURES, ImageBatch
from hls_projects.emulator.fast_emulator import CHUNK, FastEmulator
from hls_projects.network import integer_model
from hls_projects.network.network import Network
from hls_projects.proof.vectors import made_vectors


def test_every_zoo_model_gives_the_integers_of_the_reference(network: Network, cache: Path) -> None:
    emulator = FastEmulator(network, cache)
    ports = network.graph.inputs
    for vectors in made_vectors([(port.shape, port.type) for port in ports], 501, seed=3):
        raw = [port.type.quantize(x) for port, x in zip(ports, vectors.inputs, strict=True)]
        wanted = integer_model.outputs(network, raw)
        doubles = [x.astype(np.float64) for x in vectors.inputs]
        runs = {
            "one thread": emulator.run(vectors.inputs, threads=1),
            "three threads": emulator.run(vectors.inputs, threads=3),
            "raw": emulator.run(raw, raw=True),
            "doubles": emulator.run(doubles),
        }
        for how, results in runs.items():
            for expected, given in zip(wanted, results, strict=True):
                np.testing.assert_array_equal(given, expected, f"{vectors.kind}, {how}")


@pytest.mark.parametrize("count", [0, 1, 15, 16, 17, CHUNK + 1])
def test_any_number_of_images_on_any_number_of_threads(
    tagger: Network, cache: Path, rng: np.random.Generator, count: int
) -> None:
    images = rng.random((count, 8, 8, 1), np.float32)
    emulator = FastEmulator(tagger, cache)
    (one,), (many,) = emulator.run(images, threads=1), emulator.run(images, threads=5)
    wanted = integer_model.outputs(tagger, [tagger.graph.inputs[0].type.quantize(images)])[0]
    np.testing.assert_array_equal(one, wanted)
    np.testing.assert_array_equal(many, wanted)


def sparse(images: np.ndarray) -> ImageBatch:
    lit = images.reshape(len(images), -1) != 0
    offsets = np.concatenate([[0], np.cumsum(lit.sum(axis=1))]).astype(np.int64)
    pixel = np.nonzero(lit)[1].astype(np.uint16)
    count = len(images)
    return ImageBatch(
        images.shape[1:],
        offsets,
        pixel,
        images.reshape(count, -1)[lit],
        np.zeros(count, np.uint8),
        np.ones(count, np.float32),
        np.arange(count, dtype=np.uint64),
        {name: np.zeros(count, np.float32) for name in FEATURES},
    )


def test_sparse_images_are_dense_ones(tagger: Network, cache: Path, rng: np.random.Generator) -> None:
    images = rng.random((1000, 8, 8, 1), np.float32) * (rng.random((1000, 8, 8, 1)) < 0.1)
    images[7] = 0
    emulator = FastEmulator(tagger, cache)
    np.testing.assert_array_equal(emulator.run(sparse(images))[0], emulator.run(images)[0])
    np.testing.assert_array_equal(emulator.run(sparse(images).slice(3, 99))[0], emulator.run(images[3:99])[0])


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_is_no_number_is_refused(tagger: Network, cache: Path, value: float) -> None:
    emulator = FastEmulator(tagger, cache)
    for position in (0, 63, 40 * 64 - 1):
        images = np.ones((40, 8, 8, 1), np.float32)
        images.reshape(-1)[position] = value
        for form in (images, images.astype(np.float64), sparse(images)):
            with pytest.raises(ValueError, match="NaN and infinite"):
                emulator.run(form)


def test_wrong_inputs_are_refused(tagger: Network, cache: Path) -> None:
    emulator = FastEmulator(tagger, cache)
    with pytest.raises(ValueError, match="not \\(3, 8, 9, 1\\)"):
        emulator.run(np.zeros((3, 8, 9, 1)))
    with pytest.raises(ValueError, match="1 inputs, not 2"):
        emulator.run([np.zeros((3, 8, 8, 1))] * 2)
    with pytest.raises(ValueError, match="outside of ap_ufixed"):
        emulator.run(np.full((3, 8, 8, 1), 256), raw=True)
    with pytest.raises(ValueError, match="outside of ap_ufixed"):
        emulator.run(np.full((3, 8, 8, 1), -1), raw=True)
    with pytest.raises(ValueError, match="integers, not float64"):
        emulator.run(np.zeros((3, 8, 8, 1)), raw=True)
    outside = sparse(np.ones((3, 8, 8, 1), np.float32))
    outside.pixel[5] = 64
    with pytest.raises(ValueError, match="pixel lies outside"):
        emulator.run(outside)
