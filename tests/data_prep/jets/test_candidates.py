"""Candidates against decimal arithmetic, sorted() and the properties of rounding; thresholds against the borders."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal, getcontext
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from data_prep.grids.square import SquareGrid
from data_prep.jets.candidates import Candidates, CandidateSettings, candidates_of, thresholds
from data_prep.jets.chunk import STORED_FEATURES, JetChunk

PI = Decimal("3.14159265358979323846264338327950288")
"""To 35 places."""


def chunk(jets: list[list[tuple[float, float, float]]], axes: list[tuple[float, float]] | None = None) -> JetChunk:
    """Jets of (pT, η, φ)."""
    flat = [constituent for jet in jets for constituent in jet]
    pt, eta, phi = np.array(flat, np.float32).reshape(-1, 3).T.copy()
    axis = np.array(axes or [(0.0, 0.0)] * len(jets), np.float32).reshape(-1, 2)
    zeros = np.zeros(len(jets), np.float32)
    return JetChunk(
        offsets=np.cumsum([0, *map(len, jets)], dtype=np.int64),
        pt=pt,
        eta=eta,
        phi=phi,
        energy=np.abs(pt),
        charge=None,
        particle_kind=None,
        jet_pt=zeros,
        jet_eta=axis[:, 0].copy(),
        jet_phi=axis[:, 1].copy(),
        jet_mass=zeros,
        stored=dict.fromkeys(STORED_FEATURES, zeros),
        label=np.zeros(len(jets), np.uint8),
        event=np.arange(len(jets), dtype=np.uint64),
        weight=np.ones(len(jets), np.float32),
    )


def test_numbers_of_the_cms_level_1_trigger() -> None:
    settings = CandidateSettings()
    assert settings.pt.type.name == "ap_ufixed<14,12,AP_RND_CONV,AP_SAT>"
    assert (settings.pt.type.step, settings.pt.type.maximum) == (0.25, 4095.75)
    assert (settings.eta.width, settings.phi.width, settings.per_pi) == (12, 11, 720)


def test_rounding_to_the_nearest_step_half_to_even() -> None:
    """0.125 GeV lies between 0 and 0.25: to the even 0; 0.375 between 1 and 2 steps: to 2; 0.625 to 2."""
    candidates = candidates_of(
        chunk([[(0.125, 0, 0), (0.375, 0, 0), (0.625, 0, 0), (0.626, 0, 0)]]), CandidateSettings()
    )
    assert candidates.pt[0, :4].tolist() == [3, 2, 2, 0]


@given(st.lists(st.floats(-9, 9, width=32), min_size=1, max_size=20))
def test_angles_are_the_nearest_unit(values: list[float]) -> None:
    """Against decimals: nearest multiple of π/720; η saturates, φ is taken modulo 1440 units."""
    getcontext().prec = 40
    jets_chunk = chunk([[(9, value, value)] for value in values], [(value, value) for value in values])
    candidates = candidates_of(jets_chunk, CandidateSettings(number=1))
    units = [int((Decimal(v) * 720 / PI).to_integral_value(ROUND_HALF_EVEN)) for v in values]
    eta = [max(-2048, min(2047, unit)) for unit in units]
    phi = [(unit + 720) % 1440 - 720 for unit in units]
    assert candidates.eta[:, 0].tolist() == eta == candidates.seed_eta.tolist()
    assert candidates.phi[:, 0].tolist() == phi == candidates.seed_phi.tolist()


def test_at_plus_and_minus_pi() -> None:
    pi = float(np.float32(np.pi))
    candidates = candidates_of(chunk([[(3, 0, pi), (2, 0, -pi), (1, 0, 3 * pi)]]), CandidateSettings(number=3))
    assert candidates.phi.tolist() == [[-720, -720, -720]]


def test_the_largest_values() -> None:
    huge = float(np.finfo(np.float32).max)
    candidates = candidates_of(
        chunk([[(huge, huge, 0), (4095.875, -huge, 0)]], [(huge, 0)]), CandidateSettings(number=2)
    )
    assert candidates.pt.tolist() == [[16383, 16383]]
    assert candidates.eta.tolist() == [[2047, -2048]]
    assert candidates.seed_eta.tolist() == [2047]


@given(st.lists(st.lists(st.floats(0, 20, width=32), max_size=30), min_size=1, max_size=5), st.integers(1, 8))
def test_the_hardest_are_kept_and_of_equal_ones_the_first(jets: list[list[float]], number: int) -> None:
    """Against a stable sort; η tells the constituents apart."""
    jets_chunk = chunk([[(pt, i * 0.01, 0) for i, pt in enumerate(jet)] for jet in jets])
    candidates = candidates_of(jets_chunk, CandidateSettings(number=number))
    for row, jet in enumerate(jets):
        units = [round(pt * 4) for pt in jet]
        order = [i for i in sorted(range(len(jet)), key=lambda i: -units[i]) if units[i] > 0][:number]
        empty = [0] * (number - len(order))
        assert candidates.pt[row].tolist() == [units[i] for i in order] + empty
        assert candidates.eta[row].tolist() == [round(np.float32(i * 0.01) * 720 / np.pi) for i in order] + empty


def test_a_jet_without_constituents_has_empty_slots() -> None:
    candidates = candidates_of(chunk([[], [(0.1, 1, 1)]]), CandidateSettings(number=2))
    assert not candidates.pt.any()
    assert not candidates.eta.any()
    assert not candidates.phi.any()


@given(st.integers(2, 64), st.floats(0.2, 3), st.sampled_from([180, 720, 1000]))
def test_thresholds_are_the_first_unit_at_or_above_a_border(pixels: int, half_width: float, per_pi: int) -> None:
    """In exact integers: t - 1 < border · per_pi / π <= t."""
    edges = SquareGrid(pixels=pixels, half_width=half_width).edges()
    if 2 * half_width / pixels < 2 * np.pi / per_pi:
        return
    getcontext().prec = 40
    for edge, threshold in zip(edges, thresholds(edges, per_pi), strict=True):
        position = Decimal(float(edge)) * per_pi / PI
        assert threshold - 1 < position <= threshold or abs(position - threshold) < Decimal("1e-9")


@pytest.mark.parametrize("units", [12, 180, 333])
def test_borders_at_multiples_of_the_unit_are_those_multiples(units: int) -> None:
    """The float64 next to a multiple of π/720 may lie on either side of it; both windows ends are meant alike."""
    edge = units * np.pi / 720
    for off in (np.nextafter(edge, 0), edge, np.nextafter(edge, 9)):
        assert thresholds(np.array([-off, 0.0, off]), 720) == (-units, 0, units)


def test_pixels_narrower_than_the_unit_are_refused() -> None:
    with pytest.raises(
        ValueError, match="pixels of 0.00234375 rad are narrower than the candidates' angle unit, π/720"
    ):
        thresholds(SquareGrid(pixels=256, half_width=0.3).edges(), 720)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"number": 0}, "greater than or equal to 1"),
        ({"number": 129}, "less than or equal to 128"),
        ({"pt": {"bits": 17, "integer": 15}}, "a candidate's pT has 16 at most"),
        (
            {"pixel": {"bits": 10, "integer": 10}},
            "its step must be theirs: 'pixel' has steps of 1 GeV, 'pt' of 0.25 GeV",
        ),
        ({"phi_bits": 10}, "10 'phi_bits' do not hold φ = -π"),
        ({"eta_bits": 20}, "less than or equal to 16"),
        ({"step": 0.25}, "Extra inputs"),
    ],
)
def test_what_cannot_be_is_refused_with_its_reason(change: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        CandidateSettings(**change)


def test_arrays_of_other_shapes_are_refused() -> None:
    def zeros(*shape: int) -> npt.NDArray[np.int32]:
        return np.zeros(shape, np.int32)

    with pytest.raises(ValueError, match="phi must be int32"):
        Candidates(zeros(3, 4), zeros(3, 4), zeros(3, 5), zeros(3), zeros(3))
    with pytest.raises(ValueError, match="pt must be int32"):
        Candidates(zeros(2, 4), zeros(2, 4), zeros(2, 4), zeros(3), zeros(3))
