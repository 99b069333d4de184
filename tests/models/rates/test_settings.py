"""How often a trigger fires: the collider's own numbers, and what cannot be configured."""

from __future__ import annotations

import math
from typing import Any

import pytest
from pydantic import ValidationError

from models.rates.settings import ColliderSettings, RatesSettings

MINIMAL: dict[str, Any] = {"against": ["q", "g"], "signals": {"w": {"mass": [65, 105]}}}


def test_the_clock_of_the_lhc() -> None:
    """3564 places for bunches at 11,245 turns a second are the 40 MHz of the trigger; 2748 meet (CERN-2020-010)."""
    assert 3564 * ColliderSettings().turns == pytest.approx(40.08e6, rel=1e-3)
    assert ColliderSettings().crossings == pytest.approx(30.9e6, rel=1e-3)


@pytest.mark.parametrize(("luminosity", "pileup"), [(2e34, 52), (5e34, 129), (7.5e34, 194)])
def test_pileup_is_that_of_the_lhc(luminosity: float, pileup: float) -> None:
    """About 50 collisions a crossing at 2·10³⁴ (arXiv:2006.10165), 200 at most in the future (CERN-2020-010)."""
    assert ColliderSettings(luminosity=luminosity).pileup == pytest.approx(pileup, rel=0.01)


def test_without_a_cut_every_crossing_fires() -> None:
    """All inelastic collisions are 1.6·10⁹ a second at 2·10³⁴, but there is no more than one trigger a crossing."""
    collider = ColliderSettings(luminosity=2e34)
    inelastic = collider.inelastic * 1e9
    assert inelastic * 1e-36 * collider.luminosity == pytest.approx(1.6e9)
    assert collider.rate(inelastic) == pytest.approx(collider.crossings / 1e3)
    # one collision in a crossing on the average leaves e⁻¹ of the crossings empty
    assert collider.rate(inelastic / collider.pileup) * 1e3 == pytest.approx((1 - math.exp(-1)) * collider.crossings)


def test_small_rates_are_cross_section_times_luminosity_and_the_inverse_is_one() -> None:
    collider = ColliderSettings()
    assert collider.rate(0) == 0
    assert collider.rate(1e4) == pytest.approx(1e4 * 1e-36 * 7.5e34 / 1e3, rel=1e-4)
    for rate in (1e-3, 1.0, 750.0, 3e4):
        assert collider.rate(collider.cross_section(rate)) == pytest.approx(rate, rel=1e-12)
    assert collider.cross_section(40_000) == math.inf


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"against": []}, "at least 1 item"),
        ({"signals": {}}, "at least 1 item"),
        ({"signals": {"w": {"mass": [105, 65]}}}, "lower edge of 'mass'"),
        ({"signals": {"q": {"mass": [65, 105]}}}, "'q' cannot be both signal and background"),
        ({"rates": [5, 1]}, "'rates' must ascend"),
        ({"rates": [-1]}, "greater than 0"),
        ({"turn_on": [200]}, "two borders"),
        ({"weight": "aux_weight ; 1"}, "is not an expression"),
        ({"collider": {"luminosity": 0}}, "greater than 0"),
        ({"luminosity": 1}, "Extra inputs"),
    ],
)
def test_what_cannot_be_is_refused(change: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        RatesSettings.model_validate(MINIMAL | change)
