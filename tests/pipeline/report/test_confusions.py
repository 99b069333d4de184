"""Which classes are confused, in words."""

from __future__ import annotations

import pytest

from pipeline.report.confusions import Z_MASS, confused

CLASSES = ("q", "g", "w", "z", "t")


def shares(**confusions: float) -> list[list[float]]:
    """Shares of which some are given: `wz` of the class w is taken for z."""
    rows = [[1.0 if i == j else 0.0 for j in range(5)] for i in range(5)]
    for (true, predicted), share in confusions.items():
        rows[CLASSES.index(true)][CLASSES.index(predicted)] = share
    return rows


def test_w_and_z_have_masses_nearer_than_the_resolution() -> None:
    sentences = confused(CLASSES, shares(wz=0.45, zw=0.2, qg=0.05), {"w": 9.0, "z": 10.0})
    assert len(sentences) == 1
    assert sentences[0].startswith("w is classified as z in 45.0 % of cases, z as w in 20.0 %.")
    assert "masses differ by 10.8 GeV" in sentences[0]
    assert "± 9.0 GeV (w) and ± 10.0 GeV (z)" in sentences[0]


@pytest.mark.parametrize("spreads", [{}, {"w": 3.0, "z": 3.0}, {"w": 30.0}])
def test_no_reason_is_given_that_does_not_hold(spreads: dict[str, float]) -> None:
    """Where the peaks are apart, or nothing is known of them, only the fact stands."""
    assert confused(CLASSES, shares(wz=0.45), spreads) == ["w is classified as z in 45.0 % of cases, z as w in 0.0 %."]


def test_other_pairs_are_told_without_a_reason() -> None:
    first, second = confused(CLASSES, shares(tw=0.3, qg=0.2, gq=0.4), {"w": 20.0, "z": 20.0})
    assert first.startswith("g is classified as q in 40.0 % of cases, q as g in 20.0 %. This is expected")
    assert second == "t is classified as w in 30.0 % of cases, w as t in 0.0 %."


def test_nothing_is_confused() -> None:
    assert confused(CLASSES, shares(), {}) == []


def test_the_mass_is_that_of_the_z() -> None:
    assert pytest.approx(91.188, abs=0.01) == Z_MASS
