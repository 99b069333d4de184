"""Efficiencies of whole events, of events made by hand."""

from __future__ import annotations

import numpy as np
import pytest

from models.rates.inclusive import Denominators, Generated, Inclusive, Trials
from models.rates.nested_cuts import Points
from models.rates.settings import RatesSettings
from models.rates.study import study
from models.rates.trigger_rate import TriggerJets


def generated_by_hand() -> Generated:
    """Three events: two resonances and two jets; one resonance and a jet far from it; one resonance and no jet."""
    event = np.array([5, 9, 5, 7], np.uint64)
    jets = TriggerJets(
        event=np.array([5, 9, 5], np.uint64),
        weight=np.array([2.0, 1.0, 2.0]),
        online_pt=np.array([300.0, 400.0, 150.0]),
        offline_pt=np.array([310.0, 410.0, 160.0]),
        mass=np.full(3, 80.0),
        score={"t": np.array([4, 9, 1])},
        eta=np.array([0.1, -1.0, 1.0]),
        phi=np.array([3.1, 0.0, 0.5]),
    )
    return Generated(
        event=event,
        weight=np.array([2.0, 1.0, 2.0, 5.0]),
        pt=np.array([320.0, 500.0, 210.0, 220.0]),
        eta=np.array([0.0, 1.0, 1.2, 0.3]),
        phi=np.array([-3.1, 3.0, 0.4, 2.0]),  # the first lies next to its jet, across φ = π
        jets=jets,
        contains=np.array([True, False, False]),
    )


def shares(trials: tuple[Trials, Trials]) -> list[list[float]]:
    return [sample.shares.tolist() for sample in trials]


def test_every_resonance_counts_whether_a_jet_is_near_it_or_not() -> None:
    """Weights: 2 and 2 in event 5, 1 in event 9, 5 in event 7, whose resonance no jet is near to."""
    denominators = Denominators(generated_by_hand(), 0.8)
    passing = np.array([[True, True, True], [False, True, False], [True, False, False], [False, False, False]])
    assert shares(denominators.trials(passing)) == [[0.4, 0.0, 0.2, 0.0], [3 / 8, 1 / 8, 2 / 8, 0.0]]
    assert denominators.contained == 0.2
    assert [weight.tolist() for weight in denominators.weights] == [[2, 1, 2, 5], [2, 5, 1]]


def test_thresholds_and_conditions_are_those_of_the_trigger() -> None:
    generated = generated_by_hand()
    inclusive = Inclusive(
        Denominators(generated, 0.8), generated.jets.score["t"] >= np.array([[0], [4]]), generated.jets.online_pt
    )
    points = Points(
        cut=np.array([-1, 1, 0]),
        threshold=np.array([np.inf, 200.0, 100.0]),
        cross_section=np.zeros(3),
        effective=np.zeros(3),
        accepted=np.zeros((3, 0), np.bool_),
    )
    assert shares(inclusive.trials(points)) == [[0.0, 0.2, 0.4], [0.0, 3 / 8, 3 / 8]]


def test_some_resonances_keep_all_jets_of_their_events() -> None:
    generated = generated_by_hand()
    selected = generated.take(generated.pt > 400)
    assert selected.event.tolist() == [9]
    assert selected.jets.online_pt.tolist() == [400]
    assert selected.contains.tolist() == [False]


def test_a_study_counts_those_above_the_offline_threshold(rng: np.random.Generator) -> None:
    """Signal events of a resonance of 250 GeV whose jet is of 400 GeV, in half of the events, or missing."""
    background = _jets(80 * (1 - rng.random(4000)) ** (-1 / 4), weight=1e3)
    signal = _jets(np.full(300, 400.0), weight=1.0)
    event = np.concatenate([np.arange(600), np.arange(600)]).astype(np.uint64)
    generated = Generated(
        event=event,
        weight=np.ones(1200),
        pt=np.append(np.full(600, 250.0), np.full(600, 150.0)),
        eta=np.tile(np.append(signal.eta, signal.eta), 2),
        phi=np.tile(np.append(signal.phi, signal.phi), 2),
        jets=signal,
        contains=np.ones(300, np.bool_),
    )
    settings = RatesSettings.model_validate(
        {
            "against": ["q"],
            "signals": {"t": {"mass": [65, 105], "resonance": 6}},
            "rates": [2],
            "replicas": 3,
            "cuts": 3,
            "online": {"response": "ideal"},
        }
    )
    result = study(background, {"t": signal}, settings, {"t": generated})
    point = result.responses["ideal"].results["t"]["pt"].points[0]
    assert point is not None
    assert point.threshold < 400
    assert point.efficiency.value == 1
    counts = result.generated["t"]
    resonances = counts.resonances[0]
    assert resonances == counts.events[0] == pytest.approx(0.65 * 600, rel=0.1)
    assert point.per_resonance is not None
    assert point.per_event is not None
    share = result.signal_jets["t"][0] / resonances
    assert point.per_resonance.value == point.per_event.value == counts.contained == pytest.approx(share)
    assert 0 < point.per_resonance.low < share < point.per_resonance.high < 1


def _jets(pt: np.ndarray, weight: float) -> TriggerJets:
    number = pt.size
    eta, phi = np.linspace(-2, 2, number), np.linspace(-3, 3, number)
    event = np.arange(number).astype(np.uint64)
    return TriggerJets(event, np.full(number, weight), pt, pt, pt, {"t": np.zeros(number, np.int64)}, eta, phi)
