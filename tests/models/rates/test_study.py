"""The comparison of triggers: turn-ons, errors, and what is left out."""

from __future__ import annotations

import doctest
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from data_prep.errors import ConfigurationError
from models.metrics.bootstrap import ValueWithError
from models.rates import signal as rate_signal
from models.rates.response_study import ResponseStudy
from models.rates.settings import RatesSettings
from models.rates.study import RateStudy, study
from models.rates.trigger_rate import Floats, TriggerJets


def settings(**changes: Any) -> RatesSettings:
    content = {"against": ["q"], "signals": {"w": {"mass": [65, 105]}}, "rates": [1, 10], "replicas": 10, "cuts": 5}
    content["online"] = {"response": "ideal"}
    return RatesSettings.model_validate(content | changes)


def sample(rng: np.random.Generator, events: int, *, signal: bool, tells: bool = True) -> TriggerJets:
    """One jet an event, pT from 80 GeV on; the signal's falls less steeply, with a mass and a score of its own."""
    pt = (150 if signal else 80) * (1 - rng.random(events)) ** (-1 / (2 if signal else 4))
    mass = rng.normal(80, 8, events) if signal else rng.exponential(40, events)
    score = np.round(rng.normal(8 if signal and tells else 0, 6, events)).astype(np.int64)
    weight = np.ones(events) if signal else np.full(events, 4e6 / events)
    return TriggerJets(np.arange(events).astype(np.uint64), weight, pt, pt, mass, {"w": score}, *directions(events))


def directions(jets: int) -> tuple[Floats, Floats]:
    """η and φ, all different."""
    return np.linspace(-2, 2, jets), np.linspace(-3, 3, jets)


def ideal(study_result: RateStudy) -> ResponseStudy:
    return study_result.responses["ideal"]


def measure(rng: np.random.Generator, **changes: Any) -> RateStudy:
    return study(sample(rng, 2000, signal=False), {"w": sample(rng, 600, signal=True)}, settings(**changes))


def test_the_rate_of_all_events(rng: np.random.Generator) -> None:
    """Of a spectrum that falls as pT⁻⁴ from 80 GeV on, (80/100)⁴ lies above 100 GeV; 4 µb are 300 kHz at 7.5·10³⁴."""
    result = measure(rng)
    assert ideal(result).total == pytest.approx(300 * 0.8**4, rel=0.1)
    assert result.events == result.jets == 2000 - result.chosen_on
    assert result.chosen_on == pytest.approx(0.35 * 2000, rel=0.1)
    assert result.signal_jets["w"][0] == pytest.approx(result.signal_jets["w"][1])


def test_thresholds_are_where_the_spectrum_has_the_rate(rng: np.random.Generator) -> None:
    """300 kHz · (80/pT)⁴ is 10 kHz at 187 GeV: below the signal that is counted, and 1 kHz at 333 GeV.

    With 43 and 4 of 1,300 events above the thresholds that of 10 kHz is uncertain by 4 %.
    """
    result = measure(rng)
    trigger = ideal(result).results["w"]["pt"]
    low, high = trigger.points
    assert low is None  # four events
    assert high is not None
    assert high.threshold == pytest.approx(80 * 30**0.25, rel=0.12)
    assert high.rate <= high.allowed == 10
    assert high.efficiency.value > 0.95
    assert trigger.turn_on[0] is None
    steep_study = study(sample(rng, 20_000, signal=False), {"w": sample(rng, 900, signal=True)}, settings())
    steep = ideal(steep_study).results["w"]["pt"]
    point, shares, edges = steep.points[0], steep.turn_on[0], steep_study.turn_on["w"]
    assert point is not None
    assert shares is not None
    assert point.threshold == pytest.approx(80 * 300**0.25, rel=0.1)
    assert len(shares) == len(edges) - 1 >= 10
    values = dict(zip(edges, shares, strict=False))
    assert all(share.value == 0 for edge, share in values.items() if edge < 280)
    assert all(share.value == 1 for edge, share in values.items() if edge >= 400)
    for share in shares:
        assert 0 <= share.low <= share.value <= share.high <= 1
        assert share.low < share.high


def test_what_tells_is_worth_something_and_a_constant_nothing(rng: np.random.Generator) -> None:
    background, signal = sample(rng, 30_000, signal=False), sample(rng, 1000, signal=True)
    results = ideal(study(background, {"w": signal}, settings(rates=[2]))).results["w"]
    at = {name: result.points[0] for name, result in results.items()}
    assert at["pt"]
    assert at["pt_mass"]
    assert at["tagger"]
    assert at["pt"].gain is None
    assert at["tagger"].gain
    assert at["tagger"].gain.significant
    assert at["tagger"].gain.value == pytest.approx(at["tagger"].efficiency.value - at["pt"].efficiency.value)
    assert at["tagger"].efficiency.low > at["pt"].efficiency.high
    assert at["tagger"].threshold < at["pt"].threshold
    assert at["tagger"].cut is not None
    assert at["pt"].cut is None
    silent = [replace(jets, score={"w": np.full(len(jets), 3)}) for jets in (background, signal)]
    constant = ideal(study(silent[0], {"w": silent[1]}, settings(rates=[2]))).results["w"]
    for tagger_point, pt_point in zip(constant["tagger"].curve, constant["pt"].curve, strict=True):
        assert (tagger_point is None) == (pt_point is None)
        if tagger_point and pt_point:
            assert (tagger_point.threshold, tagger_point.rate, tagger_point.efficiency) == (
                pt_point.threshold,
                pt_point.rate,
                pt_point.efficiency,
            )
            assert pt_point.gain is None
            assert tagger_point.gain == ValueWithError(0.0, 0.0)
    assert constant["tagger"].turn_on == constant["pt"].turn_on


def test_no_efficiency_falls_as_the_rate_grows(rng: np.random.Generator) -> None:
    """Of no trigger, whether the score tells or not, and in no bin of the turn-on."""
    for tells in (True, False):
        signal = sample(rng, 600, signal=True, tells=tells)
        results = ideal(study(sample(rng, 2000, signal=False), {"w": signal}, settings(rates=[10, 30, 60]))).results[
            "w"
        ]
        for result in results.values():
            points = [point for point in result.curve if point]
            assert len(points) > 10
            assert all(a.allowed > b.allowed and a.rate >= b.rate for a, b in pairwise(points))
            assert all(a.efficiency.value >= b.efficiency.value for a, b in pairwise(points))
            assert all(a.threshold <= b.threshold for a, b in pairwise(points))
            assert all(point.effective >= 10 and point.rate <= point.allowed * (1 + 1e-6) for point in points)
            for tight, loose in pairwise(result.turn_on):
                assert tight is not None
                assert loose is not None
                assert all(a.value <= b.value for a, b in zip(tight, loose, strict=True))


def test_intervals_and_gains_are_the_spread_of_samples(rng: np.random.Generator) -> None:
    """Of 40 samples; a standard deviation of so many is known to 11 %, the mean of their errors better."""
    points = [
        ideal(
            study(
                sample(rng, 6000, signal=False), {"w": sample(rng, 300, signal=True)}, settings(rates=[4], replicas=12)
            )
        )
        .results["w"]["tagger"]
        .points[0]
        for _ in range(40)
    ]
    defined = [point for point in points if point and point.gain]
    assert len(defined) == 40
    widths = [(point.efficiency.high - point.efficiency.low) / 2 for point in defined]
    assert np.mean(widths) == pytest.approx(np.std([point.efficiency.value for point in defined]), rel=0.4)
    gains = [point.gain for point in defined if point.gain]
    assert np.mean([point.error for point in gains]) == pytest.approx(np.std([point.value for point in gains]), rel=0.4)


def test_without_a_mass_there_is_no_trigger_on_it(rng: np.random.Generator) -> None:
    jets = [sample(rng, 500, signal=signal) for signal in (False, True)]
    blind = [replace(sample_, mass=np.full(500, np.nan)) for sample_ in jets]
    assert list(ideal(study(blind[0], {"w": blind[1]}, settings(rates=[30]))).results["w"]) == ["pt", "tagger"]


def test_a_part_without_events_is_refused(rng: np.random.Generator) -> None:
    """Of event 0 the hash is 0.88 of the whole: it is measured, and nothing is chosen on it."""
    single = sample(rng, 500, signal=True).take(np.array([0]))
    with pytest.raises(ConfigurationError, match=r"'choosing': no jets of the class 'w' above 200 GeV are in"):
        study(sample(rng, 500, signal=False), {"w": single}, settings(rates=[30], offline_pt_min=200))


def test_the_example() -> None:
    assert doctest.testmod(rate_signal).failed == 0


def test_a_rate_beyond_all_events_is_refused(rng: np.random.Generator) -> None:
    with pytest.raises(ConfigurationError, match=r"200 kHz is more than the rate .* above 100 GeV .*, 12\d kHz"):
        measure(rng, rates=[200])


def test_the_same_seed_gives_the_same_numbers(rng: np.random.Generator) -> None:
    background, signal = sample(rng, 2000, signal=False), sample(rng, 200, signal=True)
    first_study, second_study, other_seed = (
        study(background, {"w": signal}, settings(rates=[30], seed=seed)).as_json() for seed in (1, 1, 2)
    )
    assert first_study == second_study != other_seed
