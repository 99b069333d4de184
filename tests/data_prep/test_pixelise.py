"""The fused kernel against numpy's histogram and scikit-hep vector, and what becomes of jets that have no image."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import vector

from data_prep.constituents import STORED_FEATURES, JetChunk
from data_prep.cutflow import Fate
from data_prep.grid import SquareGrid
from data_prep.image_batch import densify
from data_prep.pixelise import SparseImages, pixelise
from data_prep.preprocess import Program, Step
from data_prep.steps.centre import Centre
from data_prep.steps.flip import Flip
from data_prep.steps.normalise import Normalise
from data_prep.steps.roll import Roll

GRID = SquareGrid(pixels=16, half_width=0.8)
ALL = (Centre(), Roll(), Flip(), Normalise())
Floats = npt.NDArray[np.float64]


def chunk_of(jets: list[Any], axis: tuple[float, float] = (0.0, 0.0)) -> JetChunk:
    """A chunk of jets given as pT, η, φ by constituent."""
    sizes = [len(jet[0]) for jet in jets]
    pt, eta, phi = (np.concatenate([np.asarray(jet[k], np.float32) for jet in jets]) for k in range(3))
    ones = np.ones(len(jets), np.float32)
    return JetChunk(
        offsets=np.concatenate([[0], np.cumsum(sizes)]),
        pt=pt,
        eta=eta,
        phi=phi,
        energy=np.where(np.isfinite(eta), pt, 1).astype(np.float32),
        charge=None,
        kind=None,
        jet_pt=ones * 600,
        jet_eta=ones * np.float32(axis[0]),
        jet_phi=ones * np.float32(axis[1]),
        jet_mass=ones,
        stored=dict.fromkeys(STORED_FEATURES, ones),
        label=np.zeros(len(jets), np.uint8),
        event=np.arange(len(jets), dtype=np.uint64),
        weight=ones,
    )


def run(chunk: JetChunk, *steps: Step, grid: SquareGrid = GRID) -> SparseImages:
    return pixelise(chunk, np.zeros(chunk.jets, np.uint8), grid, Program.of(steps))


def dense(images: SparseImages, grid: SquareGrid = GRID) -> npt.NDArray[np.float32]:
    return densify(images.offsets, images.pixel, images.value, (grid.rows, grid.columns, 1))[..., 0]


def reference(pt: Floats, eta: Floats, phi: Floats, axis: tuple[float, float]) -> tuple[Floats, Floats, Floats]:
    """Centre, roll and flip in float64 by other means: Lorentz transformations of vector, eigenvectors of numpy."""
    jet = vector.array({"pt": pt, "eta": eta, "phi": phi, "mass": np.zeros_like(pt)})
    jet = jet.boostZ(beta=-np.tanh(axis[0])).rotateZ(-axis[1])
    transverse = np.stack([jet.py, jet.pz])
    axis_y, axis_z = np.linalg.eigh(transverse / jet.p @ transverse.T)[1][:, -1]
    jet = jet.rotateX(np.arctan2(axis_y, axis_z))
    up, right = (1 if (jet.pt * np.sign(angle)).sum() >= 0 else -1 for angle in (jet.eta, jet.phi))
    return jet.pt, up * jet.eta, right * jet.phi


@pytest.mark.parametrize("pixels", [16, 33])
def test_all_steps_fused_are_the_same_physics(pixels: int, rng: np.random.Generator) -> None:
    grid, axis = SquareGrid(pixels=pixels, half_width=0.8), (1.3, -3.0)
    jets, expected = [], []
    while len(jets) < 60:
        n = int(rng.integers(3, 60))
        pt, eta, phi = rng.exponential(20, n), axis[0] + rng.normal(0, 0.3, n), axis[1] + rng.normal(0, 0.3, n)
        moved = reference(pt, eta, phi, axis)
        # float32 may put a constituent that lies on a border into the neighbour: leave such jets out
        distance = np.abs(np.stack(moved[1:])[:, :, np.newaxis] - grid.edges()).min()
        if distance > 2e-5:
            jets.append((pt, eta, phi))
            image = np.histogram2d(moved[1], moved[2], bins=[grid.edges(), grid.edges()], weights=moved[0])[0]
            expected.append(image)
    images = run(chunk_of(jets, axis), *ALL, grid=grid)
    sums = np.array([image.sum() for image in expected])
    np.testing.assert_allclose(images.scale, sums, rtol=1e-5)
    np.testing.assert_allclose(dense(images, grid), np.array(expected) / sums[:, None, None], atol=2e-6)
    np.testing.assert_allclose(dense(images, grid).sum(axis=(1, 2)), 1, rtol=1e-6)


def test_pixels_ascend_and_hold_pt_where_nothing_normalises(rng: np.random.Generator) -> None:
    jets = [(rng.exponential(20, 40), rng.normal(0, 0.2, 40), rng.normal(0, 0.2, 40)) for _ in range(50)]
    images = run(chunk_of(jets), Centre())
    for image in range(50):
        pixel = images.pixel[images.offsets[image] : images.offsets[image + 1]].astype(int)
        assert (np.diff(pixel) > 0).all()
    np.testing.assert_array_equal(images.scale, np.ones(50))
    inside = [np.asarray(pt)[(np.abs(eta) < 0.8) & (np.abs(phi) < 0.8)].sum() for pt, eta, phi in jets]
    np.testing.assert_allclose(dense(images).sum(axis=(1, 2)), inside, rtol=1e-6)


BAD = [np.nan, np.inf, -np.inf]


@pytest.mark.parametrize("where", [0, 1, 2])
@pytest.mark.parametrize("value", BAD)
def test_what_is_not_finite_drops_its_jet_alone(where: int, value: float) -> None:
    good: list[list[float]] = [[10, 20], [0.1, -0.1], [0.1, 0.2]]
    bad = [list(column) for column in good]
    bad[where][1] = value
    images = run(chunk_of([good, bad, good]), *ALL)
    assert images.fate.tolist() == [Fate.KEPT, Fate.NOT_FINITE, Fate.KEPT]
    one, two = dense(images)
    np.testing.assert_array_equal(one, two)


def test_sums_beyond_float32_are_not_finite() -> None:
    images = run(chunk_of([[[3e38, 3e38], [0.11, 0.12], [0.1, 0.1]], [[1], [0], [0]]]), *ALL)
    assert images.fate.tolist() == [Fate.NOT_FINITE, Fate.KEPT]
    assert images.offsets.tolist() == [0, 1]


def test_nothing_inside_the_window_is_an_empty_image() -> None:
    outside, null = [[10], [0.9], [0.0]], [[0.0], [0.0], [0.0]]
    images = run(chunk_of([outside, [[1], [0], [0]], null]), Centre(), Normalise())
    assert images.fate.tolist() == [Fate.EMPTY_IMAGE, Fate.KEPT, Fate.EMPTY_IMAGE]
    assert images.offsets.tolist() == [0, 1]


@pytest.mark.parametrize("n", [1, 2, 500])
def test_any_number_of_constituents(n: int) -> None:
    images = run(chunk_of([[[2.0] * n, [0.05] * n, [0.05] * n]]), Centre(), Flip())
    assert images.pixel.tolist() == [8 * 16 + 8]
    assert images.value.tolist() == [2.0 * n]


def test_jets_dropped_before_are_not_looked_at() -> None:
    chunk = chunk_of([[[1], [0], [0]], [[1], [0], [0]]])
    images = pixelise(chunk, np.array([Fate.OUTSIDE_PT, Fate.KEPT], np.uint8), GRID, Program.of(ALL))
    assert images.fate.tolist() == [Fate.OUTSIDE_PT, Fate.KEPT]
    assert images.scale.size == 1
