"""Augmentation: lattice turns against numpy and against turned jets, any angle against scipy's interpolation."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.ndimage import map_coordinates

from data_prep.grids.hexagonal import HexagonalGrid
from data_prep.grids.square import SquareGrid
from data_prep.grids.towers import TowerGrid
from data_prep.images.augment import AugmentationSettings, augmented, lattice_turned, order, turned
from data_prep.images.batch import FEATURES, ImageBatch

HEXAGONAL = HexagonalGrid(kind="hexagonal", rings=4, pitch=0.1)
SQUARE = SquareGrid(pixels=8, half_width=0.8)
ODD = SquareGrid(pixels=9, half_width=0.8)
GRIDS = [SQUARE, ODD, HEXAGONAL]
Floats = npt.NDArray[np.float64]


def batch_of(dense: npt.NDArray[np.float32]) -> ImageBatch:
    """Sparse images of dense ones [n, rows, columns, channels]."""
    flat = dense.reshape(len(dense), -1)
    image, pixel = np.nonzero(flat)
    n = len(dense)
    return ImageBatch(
        shape=dense.shape[1:],
        offsets=np.concatenate([[0], np.cumsum(np.bincount(image, minlength=n))]),
        pixel=pixel.astype(np.uint16),
        value=flat[image, pixel],
        label=np.zeros(n, np.uint8),
        weight=np.ones(n, np.float32),
        event=np.arange(n, dtype=np.uint64),
        features={name: np.zeros(n, np.float32) for name in FEATURES},
    )


def images_on(grid: SquareGrid | HexagonalGrid, rng: np.random.Generator, n: int = 5) -> npt.NDArray[np.float32]:
    """Random images of two channels, lit in a third of the pixels that the grid has."""
    shape = (n, grid.rows, grid.columns, 2)
    lit = (rng.random(shape) < 0.3) & grid.mask()[..., np.newaxis]
    return (rng.random(shape) * lit).astype(np.float32)


@pytest.mark.parametrize("grid", [SQUARE, ODD])
@pytest.mark.parametrize("mirrored", [False, True])
def test_square_turns_are_numpys(grid: SquareGrid, mirrored: bool, rng: np.random.Generator) -> None:
    dense = images_on(grid, rng)
    seen = dense[:, :, ::-1] if mirrored else dense
    for turns in range(4):
        ours = lattice_turned(batch_of(dense), grid, np.full(5, turns), np.full(5, mirrored))
        # numpy's positive turn is from the first axis to the second
        np.testing.assert_array_equal(ours, np.rot90(seen, turns, axes=(1, 2)))


@pytest.mark.parametrize("grid", GRIDS)
@pytest.mark.parametrize("mirrored", [False, True])
def test_pixels_go_where_their_centres_go(
    grid: SquareGrid | HexagonalGrid, mirrored: bool, rng: np.random.Generator
) -> None:
    dense = images_on(grid, rng)
    eta, phi = grid.centres()
    moments = eta + 1j * phi * (-1 if mirrored else 1)
    before = np.tensordot(dense.astype(np.float64), moments, axes=([1, 2], [0, 1]))
    for turns in range(order(grid)):
        after = lattice_turned(batch_of(dense), grid, np.full(5, turns), np.full(5, mirrored)).astype(np.float64)
        expected = before * np.exp(2j * np.pi * turns / order(grid))
        np.testing.assert_allclose(np.tensordot(after, eta + 1j * phi, axes=([1, 2], [0, 1])), expected, atol=1e-9)
        assert not after[:, ~grid.mask()].any()
        np.testing.assert_array_equal(np.sort(after.ravel()), np.sort(dense.ravel()))


@pytest.mark.parametrize("grid", GRIDS)
def test_any_angle_is_the_lattice_turn_at_its_angles(
    grid: SquareGrid | HexagonalGrid, rng: np.random.Generator
) -> None:
    batch = batch_of(images_on(grid, rng))
    mirrored = rng.random(5) < 0.5
    for turns in range(order(grid)):
        exact = lattice_turned(batch, grid, np.full(5, turns), mirrored)
        shared = turned(batch, grid, np.full(5, 2 * np.pi * turns / order(grid)), mirrored)
        np.testing.assert_allclose(shared, exact, atol=1e-6)


@given(st.integers(0, 10**6), st.floats(0, 2 * np.pi), st.booleans(), st.sampled_from([ODD, HEXAGONAL]))
def test_any_angle_keeps_sums_and_centroids(
    seed: int, angle: float, mirrored: bool, grid: SquareGrid | HexagonalGrid
) -> None:
    rng = np.random.default_rng(seed)
    eta, phi = grid.centres()
    inner = np.hypot(eta, phi) < 0.25  # what stays inside at every angle, its neighbours too
    dense = images_on(grid, rng) * inner[..., np.newaxis].astype(np.float32)
    after = turned(batch_of(dense), grid, np.full(5, angle), np.full(5, mirrored)).astype(np.float64)
    np.testing.assert_allclose(after.sum(axis=(1, 2)), dense.sum(axis=(1, 2)), rtol=1e-5, atol=1e-6)
    moments = np.tensordot(dense, eta + 1j * phi * (-1 if mirrored else 1), axes=([1, 2], [0, 1]))
    # linear interpolation keeps first moments
    found = np.tensordot(after, eta + 1j * phi, axes=([1, 2], [0, 1]))
    np.testing.assert_allclose(found, moments * np.exp(1j * angle), atol=1e-5)
    assert (after >= 0).all()


def test_any_angle_on_the_square_is_the_transpose_of_bilinear_interpolation(rng: np.random.Generator) -> None:
    # <turned x, y> = <x, y interpolated at the turned centres>: scipy's map_coordinates is the right-hand side
    x, y = np.zeros((2, 9, 9))
    x[2:7, 2:7], y[...] = rng.random((5, 5)), rng.random((9, 9))
    angle = 0.7
    row, column = np.meshgrid(np.arange(9) - 4, np.arange(9) - 4, indexing="ij")
    at = [
        np.cos(angle) * row - np.sin(angle) * column + 4,
        np.sin(angle) * row + np.cos(angle) * column + 4,
    ]
    expected = (x * map_coordinates(y, at, order=1)).sum()
    batch = batch_of(x.astype(np.float32)[np.newaxis, ..., np.newaxis])
    found = (turned(batch, ODD, np.array([angle]), np.zeros(1, np.bool_))[0, ..., 0] * y).sum()
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_a_corner_that_is_turned_out_of_the_window_is_lost() -> None:
    dense = np.zeros((1, 9, 9, 1), np.float32)
    dense[0, 0, 0, 0], dense[0, 4, 0, 0] = 1, 2
    after = turned(batch_of(dense), ODD, np.array([np.pi / 4]), np.zeros(1, np.bool_))
    np.testing.assert_allclose(after.sum(), 2, rtol=1e-6)


@pytest.mark.parametrize("grid", GRIDS)
@pytest.mark.parametrize("rotation", ["none", "lattice", "any"])
@pytest.mark.parametrize("flip", [False, True])
def test_choices_are_seeded_and_all_are_made(
    grid: SquareGrid | HexagonalGrid, rotation: str, flip: bool, rng: np.random.Generator
) -> None:
    dense = np.repeat(images_on(grid, rng, 1), 400, axis=0)
    settings = AugmentationSettings.model_validate({"rotation": rotation, "flip": flip})
    one, two = (augmented(batch_of(dense), grid, settings, np.random.default_rng(3)) for _ in range(2))
    np.testing.assert_array_equal(one, two)
    assert settings.active == (rotation != "none" or flip)
    different = len(np.unique(one.reshape(400, -1), axis=0))
    expected = {"none": 1, "lattice": order(grid), "any": 400}[rotation]
    assert different == (expected if rotation == "any" else expected * (1 + flip))


def test_towers_are_not_turned(rng: np.random.Generator) -> None:
    grid = TowerGrid(kind="towers", rows=4, columns=4)
    with pytest.raises(ValueError, match="cannot be rotated about a centre"):
        augmented(batch_of(np.ones((1, 4, 4, 1), np.float32)), grid, AugmentationSettings(rotation="any"), rng)
