"""The mass closure: exact steps keep the mass, the others change it as they must, the sums are those of the jets."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import vector

from benchmarks.mock import mock_jets, write_mock_file
from data_prep.closure.mass import MassClosure
from data_prep.closure.result import ABS_ETA_EDGES, DELTA_R_EDGES, MassClosureSums, Shift
from data_prep.closure.variants import KEEPING_ENERGY, NORMS, constituent_variants, pixel_variants, window_of
from data_prep.errors import InputFileError
from data_prep.grids.hexagonal import HexagonalGrid
from data_prep.grids.square import SquareGrid
from data_prep.grids.towers import TowerGrid
from data_prep.images.jets import ImagesSettings
from data_prep.jets.chunk import STORED_FEATURES, JetChunk
from data_prep.readers.layouts.jetclass import JetClassReader
from data_prep.steps.centre import Centre
from data_prep.steps.order import sensible_order
from data_prep.steps.program import Program, moved_constituents
from data_prep.steps.roll import Roll

SETTINGS = ImagesSettings.model_validate(
    {
        "classes": [{"name": "w", "label": "label_Wqq"}, {"name": "t", "label": "label_Tbqq"}],
        "grid": {"pixels": 16, "half_width": 0.8},
        "steps": [{"step": "centre"}, {"step": "roll"}, {"step": "normalise", "norm": "l1"}],
        "split": {"train": 1.0, "validation": 0.0, "test": 0.0},
    }
)
VARIANTS = constituent_variants()
PROGRAMS = {variant.name: Program.of(variant.steps) for variant in VARIANTS}


@pytest.fixture(scope="module")
def chunk(tmp_path_factory: pytest.TempPathFactory) -> JetChunk:
    """Mock W jets, 200."""
    file = tmp_path_factory.mktemp("jets") / "w.root"
    write_mock_file(file, mock_jets("w", 200, seed=2))
    return JetClassReader(SETTINGS.options).read(file, 0, 200)


def chunk_of(jets: list[tuple[float, float, Any]], label: int = 0) -> JetChunk:
    """Jets given as η and φ of the axis, and pT, η, φ of the constituents."""
    parts = np.concatenate([np.float32(jet[2]) for jet in jets], axis=1)
    count = len(jets)
    of_jets = np.zeros(count, np.float32)
    return JetChunk(
        offsets=np.cumsum([0, *(np.shape(jet[2])[1] for jet in jets)]),
        pt=parts[0].copy(),
        eta=parts[1].copy(),
        phi=parts[2].copy(),
        energy=parts[0] * np.cosh(parts[1]),
        charge=None,
        particle_kind=None,
        jet_pt=of_jets + 600,
        jet_eta=np.float32([jet[0] for jet in jets]),
        jet_phi=np.float32([jet[1] for jet in jets]),
        jet_mass=of_jets,
        stored=dict.fromkeys(STORED_FEATURES, of_jets),
        label=np.full(count, label, np.uint8),
        event=np.arange(count, dtype=np.uint64),
        weight=of_jets + 1,
    )


def vector_masses(offsets: npt.NDArray[np.int64], *components: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """The masses of massless constituents, by scikit-hep vector in float64."""
    pt, eta, phi = (component.astype(np.float64) for component in components)
    momenta = vector.array({"pt": pt, "eta": eta, "phi": phi, "mass": np.zeros_like(pt)})
    return np.array([momenta[first:last].sum().mass for first, last in pairwise(offsets)])


def closure_of(*chunks: JetChunk, settings: ImagesSettings = SETTINGS) -> MassClosureSums:
    sums = MassClosure(settings)
    for chunk in chunks:
        sums.add(chunk)
    return sums.result()


@pytest.mark.parametrize("name", [variant.name for variant in VARIANTS if variant.exact])
def test_exact_steps_keep_the_mass_in_float32(chunk: JetChunk, name: str) -> None:
    before = vector_masses(chunk.offsets, chunk.pt, chunk.eta, chunk.phi)
    after = vector_masses(chunk.offsets, *moved_constituents(chunk, PROGRAMS[name]))
    np.testing.assert_allclose(after, before, rtol=1e-5)


@pytest.mark.parametrize("name", [variant.name for variant in VARIANTS if not variant.exact])
def test_the_other_steps_do_not(chunk: JetChunk, name: str) -> None:
    before = vector_masses(chunk.offsets, chunk.pt, chunk.eta, chunk.phi)
    after = vector_masses(chunk.offsets, *moved_constituents(chunk, PROGRAMS[name]))
    assert np.median(np.abs(after / before - 1)) > 1e-3


def test_all_variants_are_sensible_and_have_names_of_their_own() -> None:
    variants = [*VARIANTS, *pixel_variants(0.8)]
    for variant in variants:
        assert sensible_order(variant.steps) == variant.steps
    assert len({variant.name for variant in variants}) == len(variants)
    pitches = [2 * v.grid.half_width / v.grid.pixels for v in variants if isinstance(v.grid, SquareGrid)]
    assert {round(pitch, 6) for pitch in pitches} == {0.1, 0.05, 0.025}
    assert {round(v.grid.half_width, 6) for v in variants if isinstance(v.grid, SquareGrid)} == {0.8, 1.2}
    # every hexagon holds the circle of the window: its flat sides are √3/2 of its corners away
    assert all(v.grid.rings * v.grid.pitch * 3**0.5 / 2 > 0.8 for v in variants if isinstance(v.grid, HexagonalGrid))


def test_the_window_is_that_of_the_configuration() -> None:
    assert window_of(SquareGrid(pixels=8, half_width=0.4)) == 0.4
    assert window_of(HexagonalGrid(kind="hexagonal", rings=4, pitch=0.1)) == pytest.approx(0.4)
    assert window_of(TowerGrid(kind="towers")) == 0.8


def test_keeping_the_energy_gives_the_mass_of_other_momenta() -> None:
    # at η = 1, E = pT cosh η; moved by -1 the same E has pT = E / cosh(η - 1), which is larger
    jet = [100, 100], [0.8, 1.2], [0.1, -0.1]
    energy = 100 * np.cosh([0.8, 1.2])
    first_energy, second_energy = energy / np.cosh(0.2)
    moved = np.sqrt(2 * first_energy * second_energy * (np.cosh(0.4) - np.cos(0.2)))
    true = np.sqrt(2 * 100 * 100 * (np.cosh(0.4) - np.cos(0.2)))
    closure = closure_of(chunk_of([(1.0, 0.0, jet)]))
    index = next(i for i, variant in enumerate(closure.variants) if variant.name == KEEPING_ENERGY)
    shift = closure.by_class(index, 0)
    assert shift is not None
    assert shift.mean == pytest.approx(moved - true, rel=1e-4)
    assert closure.by_class(index, 1) is None


def test_a_turn_in_the_plane_to_eta_makes_the_mass_larger_and_to_phi_smaller() -> None:
    # two prongs at a right angle to η, apart by d: 2 (1 - cos d) becomes 2 (cosh d - 1), and back
    d = 0.6
    chunk = chunk_of([(0.0, 0.0, ([100, 100], [0, 0], [d / 2, -d / 2]))])
    pt, eta, phi = moved_constituents(chunk, Program.of((Centre(), Roll(method="in_plane"))))
    along_eta, along_phi = 100 * np.sqrt(2 * (np.cosh(d) - 1)), 100 * np.sqrt(2 * (1 - np.cos(d)))
    assert vector_masses(chunk.offsets, pt, eta, phi)[0] == pytest.approx(along_eta, rel=1e-5)
    assert vector_masses(chunk.offsets, pt, phi, eta)[0] == pytest.approx(along_phi, rel=1e-5)
    assert along_phi < along_eta


def test_the_sums_are_those_of_the_jets(chunk: JetChunk) -> None:
    closure = closure_of(chunk)
    assert closure.jets.tolist() == [200, 0]
    index = next(i for i, variant in enumerate(closure.variants) if variant.name == KEEPING_ENERGY)
    before = vector_masses(chunk.offsets, chunk.pt, chunk.eta, chunk.phi)
    difference = vector_masses(chunk.offsets, *moved_constituents(chunk, PROGRAMS[KEEPING_ENERGY])) - before
    shift = closure.by_class(index, 0)
    assert shift is not None
    # masses are float32
    assert shift.weight == 200
    assert shift.mean == pytest.approx(difference.mean(), rel=1e-4)
    assert shift.rms == pytest.approx(difference.std(), rel=1e-4)
    assert shift.mean_error == pytest.approx(difference.std() / np.sqrt(200), rel=1e-4)
    eta = np.abs(chunk.jet_eta)
    for index_eta, (low, high) in enumerate(pairwise(ABS_ETA_EDGES)):
        inside = difference[(eta >= low) & (eta < high)]
        shift_in_bin = closure.by_abs_eta(index, 0)[index_eta]
        assert (shift_in_bin.mean if shift_in_bin else None) == (
            pytest.approx(inside.mean(), rel=1e-4) if inside.size else None
        )
    weights = [shift_in_bin.weight for shift_in_bin in closure.by_delta_r(index, 0) if shift_in_bin]
    assert sum(weights) == 200
    assert len(closure.by_delta_r(index, 0)) == DELTA_R_EDGES.size - 1


def test_jets_are_in_the_bin_of_the_separation_of_their_subjets() -> None:
    jets = [(0.0, 0.0, ([100, 90], [0, d], [0, 0])) for d in (0.05, 0.25, 0.7)]
    shifts = closure_of(chunk_of(jets)).by_delta_r(0, 0)
    assert [shift.weight if shift else 0 for shift in shifts] == [1, 0, 1, 0, 0, 1]


def test_chunks_add_up(chunk: JetChunk) -> None:
    whole, parts = closure_of(chunk), closure_of(*(_part(chunk, start, start + 50) for start in range(0, 200, 50)))
    for name in ("moments", "norms", "ratio"):
        np.testing.assert_allclose(getattr(parts, name), getattr(whole, name), rtol=1e-12)
    for name in ("jets", "imaged", "largest"):
        np.testing.assert_array_equal(getattr(parts, name), getattr(whole, name))


def _part(chunk: JetChunk, start: int, stop: int) -> JetChunk:
    first, last = chunk.offsets[start], chunk.offsets[stop]
    of_parts = {name: getattr(chunk, name)[first:last] for name in ("pt", "eta", "phi", "energy")}
    names = ("jet_pt", "jet_eta", "jet_phi", "jet_mass", "label", "event", "weight")
    of_jets = {name: getattr(chunk, name)[start:stop] for name in names}
    stored = {name: values[start:stop] for name, values in chunk.stored.items()}
    offsets = chunk.offsets[start : stop + 1] - first
    return replace(
        chunk, offsets=offsets, **of_parts, **of_jets, stored=stored, stated_pt=None, stated_mass=None, entries=None
    )


def test_weights_count_jets(chunk: JetChunk) -> None:
    weight = np.where(np.arange(200) < 100, 2, 0).astype(np.float32)
    weighted, half = closure_of(replace(chunk, weight=weight)), closure_of(_part(chunk, 0, 100))
    weighted_shift, half_shift = weighted.by_class(-1, 0), half.by_class(-1, 0)
    assert weighted_shift is not None
    assert half_shift is not None
    assert (weighted_shift.mean, weighted_shift.rms, weighted_shift.mean_error) == pytest.approx(
        (half_shift.mean, half_shift.rms, half_shift.mean_error), rel=1e-9
    )
    assert weighted_shift.weight == 2 * half_shift.weight


def test_jets_without_an_image_and_jets_that_are_not_finite_are_counted() -> None:
    good = (0.0, 0.0, ([100, 90], [0, 0.3], [0, 0]))
    outside = (0.0, 0.0, ([100, 90], [1, 1.1], [0, 0]))
    broken = (0.0, 0.0, ([100, np.nan], [0, 0.3], [0, 0]))
    closure = closure_of(chunk_of([good, outside, broken]))
    assert closure.jets.tolist() == [2, 0]
    assert np.isfinite(closure.moments).all()
    imaged = {variant.name: int(closure.imaged[i, 0]) for i, variant in enumerate(closure.variants)}
    assert imaged["centre on the jet axis"] == 2
    assert imaged["centre; ±0.8, pixels of 0.1"] == 1
    assert imaged["centre; ±1.2, pixels of 0.1"] == 2
    assert closure.to_json()["variants"][-1]["by_class"]["w"]["without_image"] == 1


def test_what_norms_keep_is_what_division_by_them_leaves() -> None:
    # two prongs of any pT, sharing and distance
    rng = np.random.default_rng(0)
    pt = rng.uniform(300, 1200, 500) * np.stack([share := rng.uniform(0.05, 0.5, 500), 1 - share])
    apart = rng.uniform(0.3, 0.8, 500)
    closure = closure_of(chunk_of([(0.0, 0.0, (pt[:, i], [0, apart[i]], [0, 0])) for i in range(500)]))
    mass = np.sqrt(2 * pt[0] * pt[1] * (np.cosh(apart) - 1))
    total = pt.sum(axis=0)
    divisors = {
        "none": np.ones(500),
        "l1": total,
        "l2": np.sqrt((pt**2).sum(axis=0)),
        "power_of_two": 2 ** np.floor(np.log2(total)),
    }
    expected = [[np.corrcoef(mass / divisors[norm], mass / by)[0, 1] for by in (np.ones(500), total)] for norm in NORMS]
    correlations = [
        [closure.correlation(i, over_pt=over, label=0) for over in (False, True)] for i in range(len(NORMS))
    ]
    # the images are of pixels of 0.05
    np.testing.assert_allclose(np.array(correlations, float), expected, atol=0.0075)
    assert np.ptp(np.array(expected)[[1, 2]], axis=0).min() > 2 * 0.0075, "the norms could not be told apart"
    assert closure.correlation(0, over_pt=False, label=1) is None


def test_the_lecture_notes_ratio_is_that_of_narrow_jets() -> None:
    # narrow jets: 1 / (√2 cosh² η)
    jets = [(eta, 0.0, ([300, 300], [eta, eta], [0.01, -0.01])) for eta in (0.25, 1.75)]
    closure = closure_of(chunk_of(jets))
    assert closure.median_ratio([0], 0) == pytest.approx(1 / (np.sqrt(2) * np.cosh(0.25) ** 2), abs=1e-3)
    assert closure.median_ratio([0], 3) == pytest.approx(1 / (np.sqrt(2) * np.cosh(1.75) ** 2), abs=1e-3)
    assert closure.median_ratio([0], 1) is None


def test_no_jets_are_an_error(chunk: JetChunk) -> None:
    with pytest.raises(InputFileError, match="no jet passes the selection"):
        closure_of(settings=SETTINGS)
    nothing = SETTINGS.model_copy(update={"selection": SETTINGS.selection.model_copy(update={"pt_min": 1e6})})
    with pytest.raises(InputFileError, match="no jet passes the selection"):
        closure_of(chunk, settings=nothing)


def test_no_weight_is_no_shift() -> None:
    assert Shift.of(np.zeros(4)) is None
    # weights 1 and 3, differences 0 and 4: mean 3, variance 3; error² = 3 · (1 + 9) / 16
    shift = Shift.of(np.array([4.0, 10.0, 12.0, 48.0]))
    assert shift == Shift(4, 3, pytest.approx(np.sqrt(30 / 16)), pytest.approx(np.sqrt(3)))
