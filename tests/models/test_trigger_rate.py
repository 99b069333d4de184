"""Triggers on made-up samples: against sums over events one by one, and where the answer is known."""

from __future__ import annotations

import numpy as np
import pytest

from models.trigger_rate import Conditions, Scan, TriggerJets, event_maxima, in_window, no_condition, on_score

SMALLEST = 100.0


def jets(rng: np.random.Generator, events: int, score: np.ndarray | None = None) -> TriggerJets:
    """Events of up to three jets, pT in whole GeV so that there are ties, one weight an event."""
    event = np.repeat(np.arange(events) * 7 + 3, rng.integers(1, 4, events))
    pt = np.round(80 * rng.pareto(2.0, event.size) + 80)
    weight = rng.uniform(1, 50, events)[(event - 3) // 7]
    scores = rng.integers(-20, 20, event.size) if score is None else np.resize(score, event.size)
    mass = rng.uniform(0, 200, event.size)
    return TriggerJets(event.astype(np.uint64), weight, pt, pt + 5, mass, {"w": scores})


def weights(sample: TriggerJets) -> np.ndarray:
    return sample.weight[sample.first]


def cross_section(sample: TriggerJets, threshold: float, cut: float) -> float:
    """One event after the other: its weight, once, if any of its jets passes."""
    passed = {}
    for event, weight, pt, score in zip(sample.event, sample.weight, sample.online_pt, sample.score["w"], strict=True):
        if pt >= threshold and score >= cut:
            passed[int(event)] = weight
    return sum(passed.values())


def scan(background: TriggerJets, signal: TriggerJets, conditions: Conditions) -> Scan:
    return Scan(background, signal, conditions, SMALLEST, 10)


def test_an_event_counts_once_with_its_hardest_jet() -> None:
    event = np.array([4, 4, 4, 9], np.uint64)
    pt = np.array([120.0, 300.0, 200.0, 150.0])
    sample = TriggerJets(event, np.array([2.0, 2.0, 2.0, 5.0]), pt, pt, pt, {"w": np.array([0, 0, 9, 0])})
    assert event_maxima(sample, np.ones(4, np.bool_)).tolist() == [300, 150]
    assert event_maxima(sample, sample.score["w"] > 5).tolist() == [200, -np.inf]
    found = Scan(sample, sample, no_condition(sample, sample), SMALLEST, 1).points(
        np.array([1.9, 2.0, 6.9, 7.0]), weights(sample), sample.weight
    )
    # no event fits into 1.9 pb; 7 pb are all events, and then nothing asks for a higher threshold than the smallest
    assert found.threshold.tolist() == [np.inf, 300, 300, SMALLEST]
    assert found.cross_section.tolist() == [0, 2, 2, 7]
    assert found.accepted.sum(axis=1).tolist() == [0, 1, 1, 4]


@pytest.mark.parametrize("number", [1, 6])
def test_every_point_is_what_counting_events_gives(rng: np.random.Generator, number: int) -> None:
    background, signal = jets(rng, 400), jets(rng, 200)
    areas = np.geomspace(300, weights(background).sum(), 12)
    found = scan(background, signal, on_score(background, signal, "w", number)).points(
        areas, weights(background), signal.weight
    )
    conditions = on_score(background, signal, "w", number)
    assert number == 1 or len(conditions.cuts) > 3
    assert (found.cut >= 0).sum() > 6
    for i, area in enumerate(areas):
        if found.cut[i] < 0:  # fewer than ten events would pass
            assert (found.threshold[i], found.cross_section[i]) == (np.inf, 0)
            continue
        cut, threshold = conditions.cuts[found.cut[i]], found.threshold[i]
        assert cut is not None
        assert cross_section(background, threshold, cut) == pytest.approx(found.cross_section[i], rel=1e-12)
        assert found.cross_section[i] <= area * (1 + 1e-12)
        lower = background.online_pt[(background.score["w"] >= cut) & (background.online_pt < threshold)]
        if threshold > SMALLEST and lower.size:
            # some lower threshold takes another event, and that would be too much
            more = [cross_section(background, each, cut) for each in np.unique(lower)]
            assert min(each for each in more if each > found.cross_section[i]) > area


def test_rates_and_efficiencies_grow_together(rng: np.random.Generator) -> None:
    background, signal = jets(rng, 600), jets(rng, 300)
    areas = np.geomspace(200, weights(background).sum(), 30)
    for conditions in (no_condition(background, signal), in_window(background, signal, 50, 120)):
        found = scan(background, signal, conditions).points(areas, weights(background), signal.weight)
        assert (np.diff(found.cross_section) >= 0).all()
        assert (found.threshold[1:] <= found.threshold[:-1]).all()
        assert (found.accepted[1:] >= found.accepted[:-1]).all()


def test_a_constant_score_is_the_cut_on_pt(rng: np.random.Generator) -> None:
    background, signal = jets(rng, 300, np.array([5])), jets(rng, 200, np.array([5]))
    areas = np.geomspace(300, weights(background).sum(), 20)
    tagger = on_score(background, signal, "w", 20)
    assert tagger.cuts == (5,)
    one, other = (
        scan(background, signal, each).points(areas, weights(background), signal.weight)
        for each in (tagger, no_condition(background, signal))
    )
    np.testing.assert_array_equal(one.accepted, other.accepted)
    np.testing.assert_array_equal(one.threshold, other.threshold)


def test_a_perfect_score_takes_no_background(rng: np.random.Generator) -> None:
    background, signal = jets(rng, 300, np.array([-9])), jets(rng, 200, np.array([9]))
    conditions = on_score(background, signal, "w", 20)
    assert conditions.cuts == (-9, 9)
    perfect = Conditions((9,), conditions.background[1:], conditions.signal[1:])
    found = Scan(background, signal, perfect, SMALLEST, 0).points(
        np.array([0.0, 1e3]), weights(background), signal.weight
    )
    assert found.cross_section.tolist() == [0, 0]
    np.testing.assert_array_equal(found.accepted, np.tile(signal.online_pt >= SMALLEST, (2, 1)))
    # of so little background nothing can be said: with ten events asked for it is not chosen
    cautious = scan(background, signal, conditions).points(np.array([1e3]), weights(background), signal.weight)
    assert conditions.cuts[cautious.cut[0]] == -9


def test_what_is_chosen_on_noise_does_not_win(rng: np.random.Generator) -> None:
    """Scores that say nothing: with many cuts to choose from, the best would seem to be better than none.

    Fifty samples; the mean difference of efficiencies must not be above 0 by three standard errors, and that of the
    choice on the events that it is measured on is.
    """
    honest, naive = [], []
    for _ in range(50):
        background, signal = jets(rng, 120), jets(rng, 120)
        area = np.array([weights(background).sum() * 0.3])
        cuts = on_score(background, signal, "w", 20)
        given = area, weights(background), signal.weight
        plain = scan(background, signal, no_condition(background, signal)).points(*given).accepted
        honest.append(_share(signal, scan(background, signal, cuts).points(*given).accepted) - _share(signal, plain))
        single = [
            Conditions(cuts.cuts[i : i + 1], cuts.background[i : i + 1], cuts.signal[i : i + 1])
            for i in range(len(cuts.cuts))
        ]
        every = [_share(signal, scan(background, signal, each).points(*given).accepted) for each in single]
        naive.append(max(every) - _share(signal, plain))
    assert np.mean(honest) < 3 * np.std(honest) / np.sqrt(50)
    assert np.mean(naive) > 3 * np.std(naive) / np.sqrt(50)


def _share(signal: TriggerJets, accepted: np.ndarray) -> float:
    return float((accepted[0] * signal.weight).sum() / signal.weight.sum())


def test_events_without_weight_do_not_count(rng: np.random.Generator) -> None:
    background, signal = jets(rng, 300), jets(rng, 200)
    half = weights(background) * (np.arange(background.first.size) % 2)
    kept = background.take(np.flatnonzero(half[background.index] > 0))
    areas = np.geomspace(300, half.sum(), 10)
    conditions = no_condition(background, signal), no_condition(kept, signal)
    one = scan(background, signal, conditions[0]).points(areas, half, signal.weight)
    other = scan(kept, signal, conditions[1]).points(areas, weights(kept), signal.weight)
    np.testing.assert_array_equal(one.cross_section, other.cross_section)
    np.testing.assert_array_equal(one.effective, other.effective)
