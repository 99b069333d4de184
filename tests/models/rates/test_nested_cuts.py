"""Nested triggers on made-up samples: against sums over events one by one, all possible ways, and known answers."""

from __future__ import annotations

import doctest
import itertools

import numpy as np
import pytest

from models.rates import nested_cuts, trigger_rate
from models.rates.nested_cuts import Points, Sample, Segment, best_family, segments
from models.rates.trigger_rate import (
    Conditions,
    TriggerJets,
    cuts_on_score,
    event_maxima,
    in_window,
    no_condition,
    on_score,
    part_of,
)

SMALLEST = 100.0
ALONE = (Segment(0, np.inf, SMALLEST),)
"""The way of a trigger without a choice."""


def jets(rng: np.random.Generator, events: int, score: np.ndarray | None = None) -> TriggerJets:
    """Events of up to three jets, pT in whole GeV so that there are ties, one weight an event."""
    event = np.repeat(np.arange(events) * 7 + 3, rng.integers(1, 4, events))
    pt = np.round(80 * rng.pareto(2.0, event.size) + 80)
    weight = rng.uniform(1, 50, events)[(event - 3) // 7]
    scores = rng.integers(-20, 20, event.size) if score is None else np.resize(score, event.size)
    mass = rng.uniform(0, 200, event.size)
    return TriggerJets(event.astype(np.uint64), weight, pt, pt + 5, mass, {"w": scores}, pt, pt)


def weights(sample: TriggerJets) -> np.ndarray:
    return sample.weight[sample.first_jets]


def cross_section(sample: TriggerJets, threshold: float, cut: float) -> float:
    """One event after the other: its weight, once, if any of its jets passes."""
    passed = {}
    for event, weight, pt, score in zip(sample.event, sample.weight, sample.online_pt, sample.score["w"], strict=True):
        if pt >= threshold and score >= cut:
            passed[int(event)] = weight
    return sum(passed.values())


def tagger(background: TriggerJets, signal: TriggerJets, number: int = 20) -> Conditions:
    scores = background.score["w"], signal.score["w"]
    return on_score(background, signal, "w", cuts_on_score(scores, scores, number))


def sample(background: TriggerJets, signal: TriggerJets, conditions: Conditions, effective_min: float = 10) -> Sample:
    return Sample(background, signal, conditions, SMALLEST, effective_min)


def points(
    background: TriggerJets, signal: TriggerJets, conditions: Conditions, areas: np.ndarray, effective_min: float = 10
) -> Points:
    """Chosen and measured on the same events, which only tests do."""
    part = sample(background, signal, conditions, effective_min)
    return part.points(part.best_path(areas, weights(background), signal.weight), areas, weights(background))


def test_the_examples() -> None:
    assert all(doctest.testmod(module).failed == 0 for module in (nested_cuts, trigger_rate))


def test_an_event_counts_once_with_its_hardest_jet() -> None:
    event = np.array([4, 4, 4, 9], np.uint64)
    pt = np.array([120.0, 300.0, 200.0, 150.0])
    hand_made = TriggerJets(event, np.array([2.0, 2.0, 2.0, 5.0]), pt, pt, pt, {"w": np.array([0, 0, 9, 0])}, pt, pt)
    assert event_maxima(hand_made, np.ones(4, np.bool_)).tolist() == [300, 150]
    assert event_maxima(hand_made, hand_made.score["w"] > 5).tolist() == [200, -np.inf]
    areas = np.array([1.9, 2.0, 6.9, 7.0])
    measured = sample(hand_made, hand_made, no_condition(hand_made, hand_made), 1).points(
        ALONE, areas, weights(hand_made)
    )
    # no event fits into 1.9 pb; 7 pb are all events, and then nothing asks for a higher threshold than the smallest
    assert measured.threshold.tolist() == [np.inf, 300, 300, SMALLEST]
    assert measured.cross_section.tolist() == [0, 2, 2, 7]
    assert measured.accepted.sum(axis=1).tolist() == [0, 1, 1, 4]


@pytest.mark.parametrize("number", [1, 6])
def test_every_point_is_what_counting_events_gives(rng: np.random.Generator, number: int) -> None:
    background, signal = jets(rng, 400), jets(rng, 200)
    areas = np.geomspace(300, weights(background).sum(), 12)
    conditions = tagger(background, signal, number)
    assert number == 1 or len(conditions.cuts) > 5
    measured = points(background, signal, conditions, areas)
    assert (measured.cut >= 0).sum() > 6
    for i, area in enumerate(areas):
        if measured.cut[i] < 0:  # fewer than ten events would pass
            assert (measured.threshold[i], measured.cross_section[i]) == (np.inf, 0)
            continue
        cut, threshold = conditions.cuts[measured.cut[i]], measured.threshold[i]
        assert cut is not None
        assert cross_section(background, threshold, cut) == pytest.approx(measured.cross_section[i], rel=1e-12)
        assert measured.cross_section[i] <= area * (1 + 1e-12)
        assert measured.effective[i] >= 10
        passing = (signal.online_pt >= threshold) & (signal.score["w"] >= cut)
        np.testing.assert_array_equal(measured.accepted[i], passing)
        if number == 1 and threshold > SMALLEST:
            # some lower threshold takes another event, and that would be too much
            lower = background.online_pt[background.online_pt < threshold]
            larger = [cross_section(background, lower_threshold, cut) for lower_threshold in np.unique(lower)]
            assert (
                min(lower_threshold for lower_threshold in larger if lower_threshold > measured.cross_section[i]) > area
            )


def test_what_passes_at_one_rate_passes_at_every_larger_one(rng: np.random.Generator) -> None:
    """Of every trigger, on the events that its way was chosen on, on others, and with other weights."""
    background, signal, independent = jets(rng, 600), jets(rng, 300), jets(rng, 500)
    areas = np.geomspace(200, weights(background).sum(), 30)
    for make in (no_condition, lambda *samples: in_window(*samples, 50, 120), tagger):
        choosing = sample(background, signal, make(background, signal))
        path = choosing.best_path(areas, weights(background), signal.weight)
        conditions = make(background, signal)
        conditions_there = Conditions(conditions.cuts, _again(conditions, independent), conditions.signal)
        replica = weights(independent) * rng.poisson(1, independent.first_jets.size)
        for measured in (
            choosing.points(path, areas, weights(background)),
            sample(independent, signal, conditions_there).points(path, areas, weights(independent)),
            sample(independent, signal, conditions_there).points(path, areas, replica),
        ):
            assert (measured.cut >= 0).any()
            assert (np.diff(measured.cross_section) >= 0).all()
            assert (measured.threshold[1:] <= measured.threshold[:-1]).all()
            assert (measured.accepted[1:] >= measured.accepted[:-1]).all()
            assert (measured.cross_section <= areas * (1 + 1e-12)).all()


def _again(conditions: Conditions, jets_: TriggerJets) -> np.ndarray:
    """The same conditions on other jets."""
    if len(conditions.cuts) == 1:
        whole = bool(conditions.background.all())
        return np.ones((1, len(jets_)), np.bool_) if whole else ((jets_.mass >= 50) & (jets_.mass < 120))[None]
    return jets_.score["w"] >= np.array(conditions.cuts)[:, None]


def test_the_best_way_is_the_best_of_all_possible_ones(rng: np.random.Generator) -> None:
    """Tables of 3 conditions and 3 thresholds at 3 rates: 729 ways, one by one."""
    places = list(itertools.product(range(3), range(3)))
    limits = np.array([0.3, 0.5, 0.9])
    for _ in range(30):
        gain, cost, usable = rng.integers(0, 6, (3, 3)).astype(float), rng.random((3, 3)), rng.random((3, 3)) < 0.8
        rows, columns = best_family(gain, cost, usable, limits)
        reached = rows >= 0
        start = int(np.argmax(reached)) if reached.any() else 3
        assert reached[start:].all()

        fits = usable & (cost <= limits[:, None, None])
        assert not fits[:start].any()
        paths = [
            path
            for path in itertools.product(places, repeat=3 - start)
            if all(fits[start + i][place] for i, place in enumerate(path))
            and all(a[0] >= b[0] and a[1] >= b[1] for a, b in itertools.pairwise(path))
        ]
        best = list(zip(rows[start:].tolist(), columns[start:].tolist(), strict=True))
        if paths and start < 3:
            assert tuple(best) in paths
            assert sum(gain[place] for place in best) == max(sum(gain[place] for place in path) for path in paths)


def test_a_way_goes_from_tight_to_loose_without_a_gap() -> None:
    path = segments(np.array([4, 4, 1]), np.array([400.0, 300.0, 240.0]), SMALLEST)
    assert path[0] == Segment(4, np.inf, 400.0)
    assert path[-1] == Segment(0, 240.0, SMALLEST)
    for tighter, looser in itertools.pairwise(path):
        assert looser.high == tighter.low
        assert looser.condition in (tighter.condition, tighter.condition - 1)
    assert segments(np.array([], np.int64), np.array([]), SMALLEST) == ALONE


def test_too_few_events_say_nothing_and_looser_triggers_are_not_used(rng: np.random.Generator) -> None:
    """One soft event of large weight: below its pT, 30 events know as much as one."""
    pt = np.append(np.linspace(200, 400, 30), 120.0)
    hand_made = TriggerJets(np.arange(31, dtype=np.uint64), np.append(np.ones(30), 1e4), pt, pt, pt, {}, pt, pt)
    areas = np.array([5.0, 9.0, 10.0, 20.0, 30.0, 20_000.0])
    measured = sample(hand_made, hand_made, no_condition(hand_made, hand_made)).points(ALONE, areas, hand_made.weight)
    assert measured.cut.tolist() == [-1, -1, 0, 0, 0, 0]
    assert measured.effective.tolist() == pytest.approx([0, 0, 10, 20, 30, 30])
    assert measured.threshold[-1] == measured.threshold[-2] == 200
    assert measured.cross_section[-1] == 30


def test_a_constant_score_is_the_cut_on_pt(rng: np.random.Generator) -> None:
    background, signal = jets(rng, 300, np.array([5])), jets(rng, 200, np.array([5]))
    areas = np.geomspace(300, weights(background).sum(), 20)
    assert tagger(background, signal).cuts == (5,)
    tagger_points = points(background, signal, tagger(background, signal), areas)
    pt_points = sample(background, signal, no_condition(background, signal)).points(ALONE, areas, weights(background))
    np.testing.assert_array_equal(tagger_points.accepted, pt_points.accepted)
    np.testing.assert_array_equal(tagger_points.threshold, pt_points.threshold)


def test_a_perfect_score_takes_no_background(rng: np.random.Generator) -> None:
    background, signal = jets(rng, 300, np.array([-9])), jets(rng, 200, np.array([9]))
    conditions = tagger(background, signal)
    assert conditions.cuts == (-9, 9)
    perfect = Conditions((9,), conditions.background[1:], conditions.signal[1:])
    measured = sample(background, signal, perfect, 0).points(ALONE, np.array([0.0, 1e3]), weights(background))
    assert measured.cross_section.tolist() == [0, 0]
    np.testing.assert_array_equal(measured.accepted, np.tile(signal.online_pt >= SMALLEST, (2, 1)))


def test_a_silent_score_gains_nothing_where_it_is_measured(rng: np.random.Generator) -> None:
    """Chosen and measured on the same events the best of 20 cuts gains; on the others it does not."""
    honest, naive = [], []
    for _ in range(60):
        background, signal = jets(rng, 240), jets(rng, 240)
        choosing = part_of(background.event, 0.5), part_of(signal.event, 0.5)
        parts = [
            (background.take(np.flatnonzero(b)), signal.take(np.flatnonzero(s)))
            for b, s in (choosing, (~choosing[0], ~choosing[1]))
        ]
        scores = [sample_.score["w"] for part in parts for sample_ in part]
        cuts = cuts_on_score(scores, scores[:2], 20)
        area = np.array([weights(background).sum() * 0.15])
        choosing_sample, measuring_sample = (sample(*part, on_score(*part, "w", cuts)) for part in parts)
        path = choosing_sample.best_path(area, weights(parts[0][0]), parts[0][1].weight)
        for gains, part_sample, part in ((naive, choosing_sample, parts[0]), (honest, measuring_sample, parts[1])):
            plain = sample(*part, no_condition(*part)).points(ALONE, area, weights(part[0]))
            points_ = part_sample.points(path, area, weights(part[0]))
            gains.append(_share(part[1], points_.accepted) - _share(part[1], plain.accepted))
    assert np.mean(honest) < 3 * np.std(honest) / np.sqrt(60)
    assert np.mean(naive) > 3 * np.std(naive) / np.sqrt(60)


def _share(signal: TriggerJets, accepted: np.ndarray) -> float:
    return float((accepted[0] * signal.weight).sum() / signal.weight.sum())


def test_events_without_weight_do_not_count(rng: np.random.Generator) -> None:
    background, signal = jets(rng, 300), jets(rng, 200)
    half = weights(background) * (np.arange(background.first_jets.size) % 2)
    weighted = background.take(np.flatnonzero(half[background.index] > 0))
    areas = np.geomspace(300, half.sum(), 10)
    zero_weights = sample(background, signal, no_condition(background, signal)).points(ALONE, areas, half)
    without_them = sample(weighted, signal, no_condition(weighted, signal)).points(ALONE, areas, weights(weighted))
    np.testing.assert_array_equal(zero_weights.cross_section, without_them.cross_section)
    np.testing.assert_array_equal(zero_weights.effective, without_them.effective)


def test_the_parts_are_of_the_wanted_size_and_whole_events() -> None:
    event = np.repeat(np.arange(20_000, dtype=np.uint64), 2)
    in_part = part_of(event, 0.35)
    assert (in_part[::2] == in_part[1::2]).all()
    assert in_part.mean() == pytest.approx(0.35, abs=3 * np.sqrt(0.35 * 0.65 / 20_000))
