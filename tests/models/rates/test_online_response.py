"""The online pT: rates and turn-ons of a normally distributed response, by integrals and published numbers."""

from __future__ import annotations

import doctest
import math

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import kstest

from models.rates import online_response
from models.rates import settings as rate_settings
from models.rates.online_response import Gaussian, Ideal, normal, responses, threshold_at
from models.rates.settings import OnlineSettings, ResolutionSettings
from models.rates.trigger_rate import Floats, TriggerJets, event_maxima

SOFTEST = 80.0


def jets(pt: Floats, event: Floats | None = None) -> TriggerJets:
    """Jets of events of their own, all in other directions."""
    number = np.arange(pt.size) if event is None else event
    eta, phi = np.linspace(-2, 2, pt.size), np.linspace(-3, 3, pt.size)
    return TriggerJets(number.astype(np.uint64), np.ones(pt.size), pt, pt, pt, {}, eta, phi)


def spectrum(number: int, power: float) -> TriggerJets:
    """The quantiles of a spectrum that falls as pT to the power −`power` from 80 GeV on."""
    return jets(SOFTEST * (1 - (np.arange(number) + 0.5) / number) ** (-1 / (power - 1)))


def share_above(threshold: float, power: float, width: ResolutionSettings, lowest: float = SOFTEST) -> float:
    """Of that spectrum the share whose smeared pT lies above a threshold, of jets above `lowest` (GeV)."""

    def passing(pt: float) -> float:
        sigma = pt * math.hypot(width.stochastic / math.sqrt(pt), width.constant)
        density = (power - 1) / SOFTEST * (pt / SOFTEST) ** -power
        return density * 0.5 * math.erfc((threshold - pt) / sigma / math.sqrt(2))

    return float(quad(passing, lowest, threshold)[0] + quad(passing, threshold, np.inf)[0])


@pytest.mark.parametrize("width", [ResolutionSettings(), ResolutionSettings(stochastic=0, constant=0.15)])
def test_the_rate_of_a_falling_spectrum_is_the_integral(width: ResolutionSettings) -> None:
    """By numerical integration; 300,000 jets, of which those that pass 160 GeV are known to 0.7 % by their number."""
    sample, response = spectrum(300_000, 5), Gaussian(width)
    for threshold, most in ((160.0, 0.015), (250.0, 0.035)):
        expected = share_above(threshold, 5, width)
        assert response.passing(sample.online_pt, threshold).mean() == pytest.approx(expected, rel=1e-3)
        drawn = event_maxima(sample.with_online_pt(response.drawn(sample)), np.ones(len(sample), np.bool_))
        assert (drawn >= threshold).mean() == pytest.approx(expected, rel=most)
        # far above the same cut on the jets themselves
        assert expected > 1.1 * (sample.online_pt >= threshold).mean()


def test_the_turn_on_is_an_error_function() -> None:
    width = ResolutionSettings(stochastic=0, constant=0.2)
    for pt in (150.0, 200.0, 300.0):
        equal_jets = jets(np.full(40_000, pt))
        expected = 0.5 * (1 + math.erf((pt - 200) / (0.2 * pt) / math.sqrt(2)))
        assert Gaussian(width).passing(np.array([pt]), 200)[0] == pytest.approx(expected, abs=1e-12)
        assert (Gaussian(width).drawn(equal_jets) >= 200).mean() == pytest.approx(expected, abs=0.01)
    assert Ideal().passing(np.array([199.9, 200.0]), 200).tolist() == [0, 1]


def test_the_default_has_the_offline_thresholds_of_the_level_1_menu() -> None:
    """CMSSW, l1tSinglePFPuppiJet230off, barrel: offline = 11.1254 GeV + 1.40627 · online."""
    response = Gaussian(OnlineSettings().resolution)
    for offline in (100, 150, 230, 500):
        online = threshold_at(response, np.array([float(offline)]), 0.95)
        assert online == pytest.approx((offline - 11.1254) / 1.40627, rel=0.01)


def test_a_jet_is_smeared_alike_wherever_it_stands() -> None:
    sample = jets(np.linspace(100, 200, 1000), np.arange(1000) // 2)
    number = normal(sample)
    rows = np.random.default_rng(3).permutation(1000)[:300]
    np.testing.assert_array_equal(normal(sample.take(rows)), number[rows])
    assert np.unique(number).size == 1000
    # two jets of an event know nothing of each other
    assert abs(np.corrcoef(number[::2], number[1::2])[0, 1]) < 4 / math.sqrt(500)


def test_the_numbers_are_normally_distributed() -> None:
    assert kstest(normal(jets(np.full(100_000, 100.0))), "norm").pvalue > 0.01


@pytest.mark.parametrize(("power", "missing"), [(5, 0.008), (6, 0.014)])
def test_thresholds_begin_where_hardly_a_softer_jet_is_missing(power: float, missing: float) -> None:
    """Of the same spectrum down to 20 GeV."""
    width = ResolutionSettings()
    threshold = Gaussian(width).reach(SOFTEST)
    passing_share, all_of_them = (share_above(threshold, power, width, lowest) for lowest in (SOFTEST, 20.0))
    assert 0.5 * missing < 1 - passing_share / all_of_them < missing
    assert Ideal().reach(SOFTEST) == SOFTEST


def test_the_ideal_response_stands_beside_the_model() -> None:
    assert list(responses(OnlineSettings())) == ["ideal", "gaussian"]
    assert list(responses(OnlineSettings(response="ideal"))) == ["ideal"]


def test_no_pt_is_negative() -> None:
    wide = Gaussian(ResolutionSettings(stochastic=10, constant=0.5))
    assert wide.drawn(jets(np.full(1000, 5.0))).min() == 0


def test_the_examples() -> None:
    assert doctest.testmod(online_response).failed == 0
    assert doctest.testmod(rate_settings).failed == 0
