"""The closure check by numbers that can be done by hand."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import awkward as ak
import numpy as np
import pytest

from data_prep.jets.chunk import STORED_FEATURES, JetChunk
from data_prep.readers.closure import check_closure
from tests.data_prep.readers import samples


def chunk(stated_pt: Any, stated_mass: Any, jets: int = 4) -> JetChunk:
    """Jets of two massless particles of 300 and 400 GeV at right angles: pT 500 GeV, mass 489.9 GeV."""
    column = np.zeros(jets, np.float32)
    axis = np.full(jets, np.arctan2(400, 300), np.float32)
    return JetChunk(
        offsets=np.arange(0, 2 * jets + 1, 2, dtype=np.int64),
        pt=np.tile(np.array([300, 400], np.float32), jets),
        eta=np.zeros(2 * jets, np.float32),
        phi=np.tile(np.array([0, np.pi / 2], np.float32), jets),
        energy=np.tile(np.array([300, 400], np.float32), jets),
        charge=None,
        particle_kind=None,
        jet_pt=column + 500,
        jet_eta=column,
        jet_phi=axis,
        jet_mass=column,
        stored=dict.fromkeys(STORED_FEATURES, column),
        label=np.zeros(jets, np.uint8),
        event=np.zeros(jets, np.uint64),
        weight=column,
        stated_pt=None if stated_pt is None else np.asarray(stated_pt, np.float32),
        stated_mass=None if stated_mass is None else np.asarray(stated_mass, np.float32),
    )


MASS = float(np.sqrt(700.0**2 - 500.0**2))


def test_median_and_spread() -> None:
    closure = check_closure(chunk([500, 500 / 0.99, 500 / 1.01, 500], [MASS] * 4))
    assert closure.pt is not None
    assert closure.pt.median == pytest.approx(1, abs=1e-6)
    # the quantiles at 16 % and 84 % of 0.99, 1, 1, 1.01
    assert closure.pt.spread == pytest.approx((0.01 * 0.52 * 2) / 2, rel=1e-3)
    assert closure.mass is not None
    assert closure.mass.median == pytest.approx(1, abs=1e-6)
    assert closure.problems == ()


def test_what_is_not_stated_is_left_out() -> None:
    closure = check_closure(chunk([np.nan, 0, -5, 250], None))
    assert closure.mass is None
    assert closure.pt is not None
    assert (closure.pt.jets, closure.pt.median) == (1, pytest.approx(2, abs=1e-6))
    assert check_closure(chunk(None, None)).problems == ()
    assert check_closure(chunk([np.nan] * 4, [0] * 4)).pt is None


@pytest.mark.parametrize(
    ("pt", "mass", "reasons"),
    [
        (500 / 1.019, MASS / 0.971, []),
        (500 / 1.021, MASS, ["pT is 1.0210"]),
        (500, MASS / 1.044, ["mass is 1.0440 .*pile-up weight may be missing"]),
        (500 / 0.9, MASS / 0.8, ["pT is 0.9000 .*cut", "mass is 0.8000"]),
        (500 / 0.94, MASS / 0.94, ["pT is 0.9400 .*mass alike.*no constituent is missing.*jet-energy correction"]),
        (500 / 1.2, MASS / 1.2, ["pT is 1.2000 .*mass alike.*jet-energy correction"]),
        (500 / 0.5, MASS / 0.5, ["pT is 0.5000 .*mass alike.*no constituent is missing.*constant weight"]),
        (500_000, MASS * 1000, ["pT is 0.0010.*one of them is in MeV", "mass is 0.0010.*one of them is in MeV"]),
        (0.5, MASS, ["pT is 1000.0.*one of them is in MeV"]),
        (500_000, MASS, ["pT is 0.0010.*one of them is in MeV"]),
    ],
)
def test_the_bounds(pt: float, mass: float, reasons: list[str]) -> None:
    problems = check_closure(chunk([pt] * 4, [mass] * 4)).problems
    assert len(problems) == len(reasons)
    for problem, reason in zip(problems, reasons, strict=True):
        assert re.search(reason, problem)


def test_a_chunk_without_jets() -> None:
    assert check_closure(chunk(np.zeros(0), np.zeros(0), jets=0)).problems == ()


def test_a_correction_that_differs_from_jet_to_jet() -> None:
    factors = np.array([0.9, 0.94, 0.95, 0.97])
    (problem,) = check_closure(chunk(500 / factors, MASS / factors)).problems
    assert "pT is 0.9450" in problem
    assert "cut" not in problem


def test_without_a_mass_it_is_not_decided() -> None:
    (problem,) = check_closure(chunk([500 / 0.94] * 4, None)).problems
    assert "cut, or a weight applied twice, or the stated jet is corrected in energy" in problem


def real(**change: Callable[[JetChunk, Any], Any]) -> JetChunk:
    """Mock top jets with the axis of their sum; changed columns of constituents, given the jet of each."""
    sample = samples.jets(60)
    flat = {name: ak.to_numpy(ak.flatten(getattr(sample, name))) for name in ("pt", "eta", "phi", "energy")}
    jet = {
        f"jet_{name}": np.asarray(getattr(sample, f"jet_{name}"), np.float32) for name in ("pt", "eta", "phi", "mass")
    }
    offsets = np.concatenate([[0], np.cumsum(sample.sizes)]).astype(np.int64)
    ones = np.ones(len(sample), np.float32)
    jets = JetChunk(
        offsets=offsets,
        **{name: values.astype(np.float32) for name, values in flat.items()},
        charge=None,
        particle_kind=None,
        **jet,
        stored=dict.fromkeys(STORED_FEATURES, ones),
        label=np.zeros(len(sample), np.uint8),
        event=np.zeros(len(sample), np.uint64),
        weight=ones,
        stated_pt=jet["jet_pt"],
        stated_mass=jet["jet_mass"],
    )
    owner = np.repeat(np.arange(jets.jets), jets.multiplicity)
    changed = replace(jets, **{name: function(jets, owner).astype(np.float32) for name, function in change.items()})
    return replace(changed, energy=(changed.pt * np.cosh(changed.eta)).astype(np.float32))


def test_the_direction_of_the_sum() -> None:
    closure = check_closure(real())
    assert closure.problems == ()
    assert closure.axis is not None
    assert closure.axis < 1e-5


def test_a_mirrored_jet_is_seen() -> None:
    mirrored = real(
        eta=lambda chunk, jet: 2 * chunk.jet_eta[jet] - chunk.eta,
        phi=lambda chunk, jet: 2 * chunk.jet_phi[jet] - chunk.phi,
    )
    closure = check_closure(mirrored)
    assert str(closure.pt).startswith("1.0000")
    (problem,) = closure.problems
    assert "nearer to the jet's axis where their η is mirrored" in problem


def test_coarse_angles_are_not_taken_for_mirrored_ones() -> None:
    # steps of the trigger's hardware
    step = np.pi / 720
    assert check_closure(real(eta=lambda chunk, _: np.rint(chunk.eta / step) * step)).problems == ()


def test_relative_angles_read_as_absolute_are_seen() -> None:
    relative = real(
        eta=lambda chunk, jet: chunk.eta - chunk.jet_eta[jet], phi=lambda chunk, jet: chunk.phi - chunk.jet_phi[jet]
    )
    closure = check_closure(relative)
    assert str(closure.pt).startswith("1.0000")
    (problem,) = closure.problems
    assert "away from the jet's axis" in problem


def test_shuffled_jets_are_seen() -> None:
    shifted = replace(real(), jet_phi=np.roll(real().jet_phi, 1), jet_eta=np.roll(real().jet_eta, 1))
    assert "away from the jet's axis" in check_closure(shifted).problems[0]
