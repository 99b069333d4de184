"""The closure check by numbers that can be done by hand."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from data_prep.constituents import STORED_FEATURES, JetChunk
from data_prep.readers.closure import closure


def chunk(stated_pt: Any, stated_mass: Any, jets: int = 4) -> JetChunk:
    """Jets of two massless particles of 300 and 400 GeV at right angles: pT 500 GeV, mass 489.9 GeV."""
    column = np.zeros(jets, np.float32)
    return JetChunk(
        offsets=np.arange(0, 2 * jets + 1, 2, dtype=np.int64),
        pt=np.tile(np.array([300, 400], np.float32), jets),
        eta=np.zeros(2 * jets, np.float32),
        phi=np.tile(np.array([0, np.pi / 2], np.float32), jets),
        energy=np.tile(np.array([300, 400], np.float32), jets),
        charge=None,
        kind=None,
        jet_pt=column,
        jet_eta=column,
        jet_phi=column,
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
    found = closure(chunk([500, 500 / 0.99, 500 / 1.01, 500], [MASS] * 4))
    assert found.pt is not None
    assert found.pt.median == pytest.approx(1, abs=1e-6)
    # the quantiles at 16 % and 84 % of 0.99, 1, 1, 1.01
    assert found.pt.spread == pytest.approx((0.01 * 0.52 * 2) / 2, rel=1e-3)
    assert found.mass is not None
    assert found.mass.median == pytest.approx(1, abs=1e-6)
    assert found.problems == ()


def test_what_is_not_stated_is_left_out() -> None:
    found = closure(chunk([np.nan, 0, -5, 250], None))
    assert found.mass is None
    assert found.pt is not None
    assert (found.pt.jets, found.pt.median) == (1, pytest.approx(2, abs=1e-6))
    assert closure(chunk(None, None)).problems == ()
    assert closure(chunk([np.nan] * 4, [0] * 4)).pt is None


@pytest.mark.parametrize(
    ("pt", "mass", "reasons"),
    [
        (500 / 1.019, MASS / 0.971, []),
        (500 / 1.021, MASS, ["pT is 1.0210"]),
        (500, MASS / 1.044, ["mass is 1.0440 .*pile-up weight may be missing"]),
        (500 / 0.9, MASS / 0.9, ["pT is 0.9000 .*cut", "mass is 0.9000"]),
        (0.5, MASS, ["pT is 1000.0.*one of them is in MeV"]),
        (500_000, MASS, ["pT is 0.0010.*one of them is in MeV"]),
    ],
)
def test_the_bounds(pt: float, mass: float, reasons: list[str]) -> None:
    problems = closure(chunk([pt] * 4, [mass] * 4)).problems
    assert len(problems) == len(reasons)
    for problem, reason in zip(problems, reasons, strict=True):
        assert re.search(reason, problem)


def test_a_chunk_without_jets() -> None:
    assert closure(chunk(np.zeros(0), np.zeros(0), jets=0)).problems == ()
