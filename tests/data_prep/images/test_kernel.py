"""The fused kernel against numpy's histogram and scikit-hep vector, and what becomes of jets that have no image."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import vector
from hypothesis import assume, given
from hypothesis import strategies as st

from data_prep.grids.grid import Grid
from data_prep.grids.hexagonal import HexagonalGrid
from data_prep.grids.pixels import pixels_of
from data_prep.grids.square import SquareGrid
from data_prep.grids.towers import TowerGrid
from data_prep.images.batch import densify
from data_prep.images.kernel import SparseImages, pixelise
from data_prep.jets.chunk import STORED_FEATURES, JetChunk, ParticleKind
from data_prep.steps.centre import Centre
from data_prep.steps.flip import Flip
from data_prep.steps.normalise import Normalise
from data_prep.steps.program import Program, moved_constituents
from data_prep.steps.roll import Roll
from data_prep.steps.step import Step
from data_prep.steps.zoom import Zoom
from data_prep.streams.cutflow import Fate

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
        particle_kind=None,
        jet_pt=ones * 600,
        jet_eta=ones * np.float32(axis[0]),
        jet_phi=ones * np.float32(axis[1]),
        jet_mass=ones,
        stored=dict.fromkeys(STORED_FEATURES, ones),
        label=np.zeros(len(jets), np.uint8),
        event=np.arange(len(jets), dtype=np.uint64),
        weight=ones,
    )


def run(chunk: JetChunk, *steps: Step, grid: Grid = GRID, channels: tuple[str, ...] = ("pt",)) -> SparseImages:
    return pixelise(chunk, np.zeros(chunk.jets, np.uint8), grid, Program.of(steps, channels))


def dense(images: SparseImages, grid: Grid = GRID) -> npt.NDArray[np.float32]:
    return densify(images.offsets, images.pixel, images.value, (grid.rows, grid.columns, 1))[..., 0]


def pixels_in(grid: Grid, eta: Any, phi: Any) -> npt.NDArray[np.int32]:
    index = np.empty(eta.size, np.int32)
    pixels_of(grid.code, grid.parameters, eta, phi, index)
    return index


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


HEXAGONAL = HexagonalGrid(kind="hexagonal", rings=8, pitch=0.1)
TOWERS = TowerGrid(kind="towers")
CENTRES = (
    Centre(),
    Centre(on="centroid"),
    Centre(on="leading_constituent"),
    Centre(on="leading_subjet", radius=0.2),
    Centre(keep="energy"),
)
EVERY = [
    (centre, roll, Flip(), Zoom(reference=600), Normalise(norm=norm))
    for centre, roll, norm in product(CENTRES, (Roll(), Roll(method="in_plane")), ("l1", "l2", "power_of_two"))
]


def random_jets(rng: np.random.Generator, jets: int, axis: tuple[float, float] = (0.0, 0.0)) -> list[Any]:
    sizes = rng.integers(3, 60, jets)
    return [
        (rng.exponential(20, n) + 0.1, axis[0] + rng.normal(0, 0.25, n), axis[1] + rng.normal(0, 0.25, n))
        for n in sizes
    ]


@given(st.integers(0, 10**6), st.floats(-2, 2), st.floats(-3, 3), st.floats(-3.1, 3.1), st.booleans(), st.booleans())
def test_how_the_jet_was_turned_is_forgotten(
    seed: int, eta: float, phi: float, turn: float, up: bool, right: bool
) -> None:
    """Boosted along the beam, rotated about it and about the jet axis and mirrored: the same constituents."""
    pt, old_eta, old_phi = random_jets(np.random.default_rng(seed), 1)[0]
    jet = vector.array({"pt": pt, "eta": old_eta, "phi": old_phi, "mass": np.zeros_like(pt)})
    across = np.stack([jet.py, jet.pz]) / np.sqrt(jet.p)
    low, high = np.linalg.eigvalsh(across @ across.T)
    assume((high - low) / (high + low) > 0.05)  # the axis of an almost round jet is not well defined
    moved = jet.rotateX(turn)
    moved = vector.array(
        {"pt": moved.pt, "eta": moved.eta * (1 - 2 * up), "phi": moved.phi * (1 - 2 * right), "mass": np.zeros_like(pt)}
    )
    moved = moved.boostZ(beta=np.tanh(eta)).rotateZ(phi)
    program = Program.of((Centre(), Roll(), Flip()))
    one = moved_constituents(chunk_of([(pt, old_eta, old_phi)]), program)
    other = moved_constituents(chunk_of([(moved.pt, moved.eta, moved.phi)], (eta, phi)), program)
    halves = [abs((one[0] * np.sign(angle)).sum()) / one[0].sum() for angle in one[1:]]
    # of equally hard halves either may be up, and so may one that a constituent on the axis decides
    nearest = [one[0][np.abs(angle) < 1e-3].sum() / one[0].sum() for angle in one[1:]]
    assume(all(half > 1e-3 + 2 * near for half, near in zip(halves, nearest, strict=True)))
    np.testing.assert_allclose(np.array(other), np.array(one), rtol=2e-4, atol=2e-4)


@pytest.mark.parametrize("steps", EVERY)
def test_images_are_the_moved_constituents(steps: tuple[Step, ...], rng: np.random.Generator) -> None:
    """Every combination of options, on both window grids: the kernel fills what the steps give."""
    chunk = chunk_of(random_jets(rng, 12, (1.2, 3.0)), (1.2, 3.0))
    pt, eta, phi = moved_constituents(chunk, Program.of(steps))
    for grid in (GRID, HEXAGONAL):
        images = run(chunk, *steps, grid=grid)
        assert (images.fate == Fate.KEPT).all()
        found = dense(images, grid).reshape(12, -1) * images.scale[:, np.newaxis]
        for jet in range(12):
            part = slice(chunk.offsets[jet], chunk.offsets[jet + 1])
            pixel = pixels_in(grid, eta[part], phi[part])
            expected = np.bincount(pixel + 1, pt[part], found.shape[1] + 1)[1:]
            np.testing.assert_allclose(found[jet], expected, rtol=1e-5, atol=1e-3)


@pytest.mark.parametrize("grid", [GRID, SquareGrid(pixels=17, half_width=0.8), HEXAGONAL], ids=str)
@pytest.mark.parametrize("steps", EVERY)
def test_one_constituent_and_one_place_are_images_of_one_pixel(steps: tuple[Step, ...], grid: Grid) -> None:
    middle = pixels_in(grid, np.float32([0]), np.float32([0]))[0]
    for n in (1, 40):
        images = run(chunk_of([[[8.0] * n, [1.5] * n, [-3.0] * n]], (1.5, -3.0)), *steps, grid=grid)
        assert images.pixel.tolist() == [middle]
        energy = np.cosh(1.5) if isinstance(steps[0], Centre) and steps[0].keep == "energy" else 1
        np.testing.assert_allclose(images.value * images.scale, [8.0 * n * energy], rtol=2e-6)


@pytest.mark.parametrize("axis", [np.pi, -np.pi, 3.1415, -3.1415])
def test_jets_across_the_seam_of_phi_are_as_any_other(axis: float, rng: np.random.Generator) -> None:
    pt, eta, phi = random_jets(rng, 1)[0]
    turned = (phi + axis + np.pi) % (2 * np.pi) - np.pi
    for steps in EVERY:
        here, there = (
            np.array(moved_constituents(chunk, Program.of(steps)))
            for chunk in (chunk_of([(pt, eta, phi)]), chunk_of([(pt, eta, turned)], (0.0, axis)))
        )
        np.testing.assert_allclose(there, here, rtol=1e-4, atol=1e-4)


def test_towers_see_across_the_seam(rng: np.random.Generator) -> None:
    jets = random_jets(rng, 20, (0.0, np.pi))
    images = run(chunk_of([(pt, eta, (phi + np.pi) % (2 * np.pi) - np.pi) for pt, eta, phi in jets]), grid=TOWERS)
    found = dense(images, TOWERS)
    np.testing.assert_allclose(found.sum(axis=(1, 2)), [pt.sum() for pt, _, _ in jets], rtol=1e-5)
    assert (found[:, :, :4].sum(axis=(1, 2)) > 0).all()
    assert (found[:, :, -4:].sum(axis=(1, 2)) > 0).all()
    # turned by half a turn, the same image with its halves exchanged; a constituent on a border may change sides
    inner = run(chunk_of([(pt, eta, phi - np.pi) for pt, eta, phi in jets]), grid=TOWERS)
    differ = np.abs(np.roll(dense(inner, TOWERS), 36, axis=2) - found).max(axis=(1, 2)) > 1e-3
    assert differ.sum() <= 1


KINDS = [ParticleKind.CHARGED_HADRON, ParticleKind.PHOTON, ParticleKind.NEUTRAL_HADRON, ParticleKind.UNKNOWN]


@pytest.mark.parametrize("norm", [None, "l1", "l2", "power_of_two"])
@pytest.mark.parametrize("grid", [GRID, HEXAGONAL], ids=["square", "hexagonal"])
def test_channels_are_histograms_of_their_kinds(norm: Any, grid: Grid, rng: np.random.Generator) -> None:
    chunk = chunk_of(random_jets(rng, 20))
    charge, kind = (np.array(values)[rng.integers(0, 4, chunk.pt.size)] for values in ((0, 0, 1, -1), KINDS))
    chunk = replace(chunk, charge=charge.astype(np.int8), particle_kind=kind.astype(np.uint8))
    channels = ("multiplicity", "photon", "pt", "neutral", "charged")
    steps = (Centre(),) if norm is None else (Centre(), Normalise(norm=norm))
    images = run(chunk, *steps, grid=grid, channels=channels)
    shape = (grid.rows, grid.columns, 5)
    found = densify(images.offsets, images.pixel, images.value, shape).reshape(20, -1, 5)
    plain = run(chunk, *steps, grid=grid)
    np.testing.assert_array_equal(plain.scale, images.scale)
    np.testing.assert_array_equal(dense(plain, grid).reshape(20, -1), found[..., 2])
    is_photon = (charge == 0) & (kind == ParticleKind.PHOTON)
    wanted = (None, is_photon, charge < 9, (charge == 0) & ~is_photon, charge != 0)
    for jet in range(20):
        part = slice(chunk.offsets[jet], chunk.offsets[jet + 1])
        pixel = pixels_in(grid, chunk.eta[part], chunk.phi[part])
        for index, chosen in enumerate(wanted):
            weight = np.ones(pixel.size) if chosen is None else chunk.pt[part] * chosen[part] / images.scale[jet]
            expected = np.bincount(pixel + 1, weight, found.shape[1] + 1)[1:]
            np.testing.assert_allclose(found[jet, :, index], expected, rtol=1e-5, atol=1e-6)


def test_images_whose_norm_is_zero_are_empty() -> None:
    chunk = chunk_of([[[1], [0], [0]], [[2], [0], [0]]])
    chunk = replace(
        chunk, charge=np.int8([0, 1]), particle_kind=np.uint8([ParticleKind.PHOTON, ParticleKind.CHARGED_HADRON])
    )
    images = run(chunk, Centre(), Normalise(), channels=("charged", "multiplicity"))
    assert images.fate.tolist() == [Fate.EMPTY_IMAGE, Fate.KEPT]
    assert images.value.tolist() == [1, 1]
    assert images.scale.tolist() == [2]
    images = run(chunk, Centre(), channels=("charged",))
    assert images.fate.tolist() == [Fate.EMPTY_IMAGE, Fate.KEPT]


def test_channels_without_charge_and_kind_are_refused() -> None:
    with pytest.raises(ValueError, match="need charge and kind"):
        run(chunk_of([[[1], [0], [0]]]), Centre(), channels=("charged",))
