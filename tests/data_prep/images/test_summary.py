"""Sums over the dataset, against numpy and whatever the batches."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from data_prep.errors import InputFileError
from data_prep.grids.square import SquareGrid
from data_prep.images.batch import FEATURES, ImageBatch
from data_prep.images.summary import Summary, SummaryBuilder
from data_prep.steps.centre import Centre
from data_prep.store.jet_images import ImageDescription

DESCRIPTION = ImageDescription(classes=("q", "t"), grid=SquareGrid(pixels=4, half_width=1), steps=(Centre(),))


def images(rng: np.random.Generator, jets: int) -> ImageBatch:
    lit = rng.integers(1, 10, jets)
    return ImageBatch(
        shape=(4, 4, 1),
        offsets=np.concatenate([[0], np.cumsum(lit)]),
        pixel=np.concatenate([np.sort(rng.permutation(16)[:n]) for n in lit]).astype(np.uint16),
        value=rng.random(lit.sum()).astype(np.float32),
        label=rng.integers(0, 2, jets).astype(np.uint8),
        weight=rng.uniform(0.5, 2, jets).astype(np.float32),
        event=np.arange(jets, dtype=np.uint64),
        features={name: np.zeros(jets, np.float32) for name in FEATURES},
    )


def test_against_numpy(rng: np.random.Generator, tmp_path: Path) -> None:
    batch = images(rng, 500)
    masses = rng.uniform(0, 450, (2, 500)).astype(np.float32)
    builder = SummaryBuilder(DESCRIPTION)
    builder.add(batch, masses[0], masses[1])
    builder.result().save(tmp_path / "summary.npz")
    summary = Summary.load(tmp_path / "summary.npz")
    dense, lit = batch.dense(), np.diff(batch.offsets)
    for label in range(2):
        chosen = batch.label == label
        weight = batch.weight[chosen].astype(np.float64)
        np.testing.assert_allclose(summary.weight[label], weight.sum())
        mean = np.average(dense[chosen].astype(np.float64), axis=0, weights=weight)
        np.testing.assert_allclose(summary.mean_image[label], mean, rtol=1e-12)
        np.testing.assert_allclose(summary.occupancy[label], np.bincount(lit[chosen], weight, 17))
        np.testing.assert_allclose(summary.occupancy_squares[label], np.bincount(lit[chosen], weight**2, 17))
        sums = (summary.mass_constituents, summary.mass_image)
        squares = (summary.mass_constituents_squares, summary.mass_image_squares)
        for found, error, mass in zip(sums, squares, masses, strict=True):
            for values, power in ((found, 1), (error, 2)):
                expected = np.histogram(mass[chosen], summary.mass_edges, weights=weight**power)[0]
                np.testing.assert_allclose(values[label], expected, rtol=1e-12)


def test_the_sums_do_not_depend_on_the_batches(rng: np.random.Generator) -> None:
    batch = images(rng, 500)
    mass = rng.uniform(0, 450, 500).astype(np.float32)
    results = []
    for pieces in (1, 13):
        builder = SummaryBuilder(DESCRIPTION)
        for rows in np.array_split(np.arange(500), pieces):
            builder.add(batch.take(rows), mass[rows], mass[rows])
        results.append(vars(builder.result()))
    for name, values in results[0].items():
        np.testing.assert_array_equal(values, results[1][name], err_msg=name)


def test_a_class_without_jets_has_an_empty_mean_image() -> None:
    summary = SummaryBuilder(DESCRIPTION).result()
    np.testing.assert_array_equal(summary.mean_image, np.zeros((2, 4, 4, 1)))


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "summary.npz").write_bytes(b"nothing")
    with pytest.raises(InputFileError, match="summary.npz: cannot be read"):
        Summary.load(tmp_path / "summary.npz")
