"""Rates against offline thresholds, of spectra whose integrals are known."""

from __future__ import annotations

import doctest

import numpy as np
import pytest

from models.rates import offline_threshold
from models.rates.offline_threshold import offline_points
from models.rates.online_response import Gaussian, Ideal
from models.rates.settings import RatesSettings, ResolutionSettings
from models.rates.trigger_rate import TriggerJets

SETTINGS = RatesSettings.model_validate({"against": ["q"], "signals": {"w": {"mass": [65, 105]}}})


def sample(share: float = 1.0) -> TriggerJets:
    """200,000 jets of 60 GeV and more whose number above a pT falls as its fourth power; 7.5 Hz a jet.

    Args:
        share: the share of a jet's pT that firmware sums up.
    """
    number = 200_000
    pt = 60 * (1 - (np.arange(number) + 0.5) / number) ** (-1 / 4)
    eta, phi = np.linspace(-2, 2, number), np.linspace(-3, 3, number)
    return TriggerJets(np.arange(number).astype(np.uint64), np.full(number, 100.0), pt * share, pt, pt, {}, eta, phi)


def test_ideally_it_is_the_spectrum_itself() -> None:
    points = offline_points(sample(0.9), Ideal(), SETTINGS, 100.0)
    # the threshold follows what firmware has of the jets; 111 GeV offline are 100 GeV online
    assert points[0].offline == 116
    for point in points:
        assert point.online == pytest.approx(0.9 * point.offline, rel=1e-6)
        assert point.rate == pytest.approx(200_000 * 7.5e-3 * (60 / point.offline) ** 4, rel=0.1)
        assert point.error == pytest.approx(point.rate / point.effective**0.5)


@pytest.mark.parametrize("width", [0.15, 0.2])
def test_a_resolution_raises_it_at_the_same_offline_threshold(width: float) -> None:
    """Above t = p (1 − 1.645 σ) lie E[(1 + σ z)⁴] t⁻⁴, and E = 1 + 6 σ² + 3 σ⁴: a factor of 4 and 6.1."""
    response = Gaussian(ResolutionSettings(stochastic=0, constant=width))
    points = {point.offline: point for point in offline_points(sample(), response, SETTINGS, 100.0)}
    ideal = {point.offline: point for point in offline_points(sample(), Ideal(), SETTINGS, 100.0)}
    expected = (1 + 6 * width**2 + 3 * width**4) / (1 - 1.6449 * width) ** 4
    for offline in (171, 218):
        assert points[offline].online == pytest.approx(offline * (1 - 1.6449 * width), rel=0.01)
        assert points[offline].rate / ideal[offline].rate == pytest.approx(expected, rel=0.05)


def test_nothing_is_said_of_what_is_not_known() -> None:
    points = offline_points(sample(), Ideal(), SETTINGS, 150.0)
    assert min(point.online for point in points) >= 150
    assert all(point.effective >= 10 for point in points)
    few = sample().take(np.arange(150_000, 150_050))
    assert offline_points(few, Ideal(), SETTINGS, 10.0) == ()


def test_the_example() -> None:
    assert doctest.testmod(offline_threshold).failed == 0
