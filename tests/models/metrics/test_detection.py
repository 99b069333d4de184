"""Matching, efficiency and average precision by hand; average precision against every threshold written out."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from data_prep.grids.tower_geometry import Towers, box_overlap
from models.metrics.detection import DetectionSum, average_precision
from models.metrics.jet_matching import JetList, Truth, assign, match


def jets(*rows: tuple[float, float, float, float], half: float = 0.4) -> JetList:
    """Jets of (pT, η, φ, score), in boxes of ± `half`."""
    pt, eta, phi, score = np.array(rows, dtype=np.float64).reshape(-1, 4).T
    return JetList(pt, eta, phi, np.stack([eta - half, eta + half, phi - half, phi + half], axis=1), score)


def only(true: JetList) -> Truth:
    """Truth jets that are all to be found."""
    return Truth(true, jets())


def test_the_surest_has_the_nearest() -> None:
    candidates = jets((50, 0.0, 0.05, 1), (60, 0.0, 0.1, 2), (20, 2.0, 0.0, 3))
    true = jets((55, 0.0, 0.0, 0), (40, 0.0, 0.25, 0))
    assert match(candidates, true, 0.3).tolist() == [1, 0, -1]
    assert match(candidates, jets(), 0.3).tolist() == [-1, -1, -1]


def test_matches_across_pi() -> None:
    assert match(jets((50, 0, 3.1, 1)), jets((50, 0, -3.1, 0)), 0.1).tolist() == [0]


def test_counts_by_hand() -> None:
    """Truth: 100 GeV and 80 GeV to be found, 10 GeV too soft. Found: the first, the soft one, and a fake."""
    total = DetectionSum(distance=0.3, eta_max=3.0, edges=(20, 60, 90, 200))
    total.add(
        jets((110, 0.0, 0.0, 3), (10, 1.0, 1.0, 2), (30, -2.0, 0.0, 1)),
        Truth(jets((100, 0.1, 0.0, 0), (80, 2.0, 2.0, 0)), jets((10, 1.0, 1.0, 0))),
    )
    total.add(jets(), only(jets()))
    total.add(jets((45, 0, 0.1, 1)), only(jets((50, 0, 0, 0))))
    result = total.result()
    assert (result.true, result.found, result.ignored, result.matched) == (3, 4, 1, 2)
    assert result.efficiency == pytest.approx(2 / 3)
    assert result.fakes == pytest.approx(1 / 3)
    assert result.pt_response == pytest.approx((1.1 + 0.9) / 2)
    # In bins of the true pT: 50 GeV found, 80 GeV not, 100 GeV found.
    assert [None if share is None else (share.value, share.jets) for share in result.turn_on] == [
        (1, 1),
        (0, 1),
        (1, 1),
    ]
    assert result.closure.whole is not None
    assert result.closure.whole.median == result.pt_response
    # Recall 1/3 at precision 1, then fake and third jet of one score: recall 2/3 at precision 2/3.
    assert result.average_precision["0.3"] == pytest.approx(1 / 3 + 1 / 3 * 2 / 3)


def test_a_jet_at_eta_2_is_a_fake_no_longer() -> None:
    """Jets are to be found up to 1.7. Unlisted: one at 2.0, and a soft one at 1.0. Nothing is at −0.5 and −2.2."""
    candidates = jets((150, 2.05, 0, 5), (40, 1.0, 1.0, 4), (60, -0.5, 2, 3), (70, -2.2, 2, 2), (130, 1.75, 3, 1))
    truth = Truth(jets((140, 1.65, 3.1, 0)), jets((160, 2.0, 0.1, 0), (30, 1.1, 1.0, 0)))
    assignment = assign(candidates, truth, 0.4, 1.7)
    assert assignment.jet.tolist() == [-1, -1, -1, -1, 0]  # one that is a listed jet is right wherever it is found
    assert assignment.ignored.tolist() == [True, True, False, True, False]
    total = DetectionSum(distance=0.4, eta_max=1.7, edges=(20, 200))
    total.add(candidates, truth)
    assert (total.result().efficiency, total.result().fakes) == (1, 0.5)
    # an unlisted jet excuses one found jet, and none that is nearer to a listed one
    twice = assign(jets((90, 0, 0, 2), (80, 0.1, 0, 1)), Truth(jets(), jets((90, 0, 0, 0))), 0.4, 1.7)
    assert twice.ignored.tolist() == [True, False]
    near = assign(jets((90, 0, 0, 2)), Truth(jets((90, 0.2, 0, 0)), jets((90, 0, 0, 0))), 0.4, 1.7)
    assert (near.jet.tolist(), near.ignored.tolist()) == ([0], [False])


def test_without_jets_nothing_is_defined() -> None:
    result = DetectionSum(distance=0.3, eta_max=3.0, edges=(20, 60, 90, 200)).result()
    assert (result.efficiency, result.fakes, result.average_precision) == (
        None,
        None,
        {"0.3": None, "0.5": None, "0.7": None},
    )
    assert result.turn_on == (None, None, None)


def test_events_without_found_or_without_true_jets() -> None:
    """Nothing found: efficiency 0 and no fakes to speak of; nothing there: everything is fake."""
    nothing = DetectionSum(distance=0.3, eta_max=3.0, edges=(20, 200))
    nothing.add(jets(), only(jets((50, 0, 0, 0))))
    assert (nothing.result().efficiency, nothing.result().fakes) == (0, None)
    assert nothing.result().average_precision["0.5"] == 0
    fakes = DetectionSum(distance=0.3, eta_max=3.0, edges=(20, 200))
    fakes.add(jets((50, 0, 0, 1), (60, 1, 1, 2)), only(jets()))
    assert (fakes.result().efficiency, fakes.result().fakes) == (None, 1)


def test_overlapping_jets_are_each_found_once() -> None:
    """Two found on one truth jet: one is a fake; one found on two: one is missed."""
    two = DetectionSum(distance=0.3, eta_max=3.0, edges=(20, 200))
    two.add(jets((50, 0, 0, 2), (40, 0.05, 0, 1)), only(jets((50, 0, 0, 0))))
    assert (two.result().matched, two.result().fakes) == (1, 0.5)
    assert two.result().average_precision["0.5"] == 1
    overlapping = DetectionSum(distance=0.3, eta_max=3.0, edges=(20, 200))
    overlapping.add(jets((90, 0, 0, 1)), only(jets((50, 0, 0, 0), (40, 0.05, 0, 0))))
    assert (overlapping.result().matched, overlapping.result().efficiency) == (1, 0.5)


def plain_average_precision(score: list[int], correct: list[bool], objects: int) -> float:
    """Every threshold: recall and precision; then at each recall the best precision at it or beyond."""
    points = []
    for threshold in sorted(set(score), reverse=True):
        passing = [ok for s, ok in zip(score, correct, strict=True) if s >= threshold]
        points.append((sum(passing) / objects, sum(passing) / len(passing)))
    total, before = 0.0, 0.0
    for recall, _ in points:
        total += (recall - before) * max(p for r, p in points if r >= recall)
        before = recall
    return total


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=1, max_size=20), st.integers(0, 5))
@settings(max_examples=60)
def test_average_precision_is_the_area(detections: list[tuple[int, bool]], missed: int) -> None:
    score, correct = [s for s, _ in detections], [ok for _, ok in detections]
    objects = sum(correct) + missed
    if objects:
        assert average_precision(score, correct, objects) == pytest.approx(
            plain_average_precision(score, correct, objects)
        )


Box = tuple[int, int, int, int]
"""Rows and columns [from, to) of a cylinder of 12 columns; the last may lie beyond it."""


def cells(box: Box) -> set[tuple[int, int]]:
    return {(row, column % 12) for row in range(box[0], box[1]) for column in range(box[2], box[3])}


def plain_right(events: list[tuple[list[tuple[int, Box]], list[Box]]], least: float) -> list[tuple[int, bool]]:
    """Score of every detection and whether it is right: the surest first, each has the best truth that is left."""
    flags = []
    for detections, true in events:
        remaining = list(true)
        for score, box in sorted(detections, key=lambda detection: -detection[0]):
            shares = [
                Fraction(len(cells(box) & cells(target)), len(cells(box) | cells(target))) for target in remaining
            ]
            assume(len(set(shares)) == len(shares) or max(shares) < least)  # which of two is as good
            correct = bool(shares) and max(shares) >= least
            if correct:
                remaining.pop(int(np.argmax(shares)))
            flags.append((score, correct))
    return flags


boxes = st.tuples(st.integers(0, 4), st.integers(1, 4), st.integers(0, 11), st.integers(1, 5)).map(
    lambda each: (each[0], each[0] + each[1], each[2], each[2] + each[3])
)


@given(st.lists(st.tuples(st.lists(boxes, max_size=5), st.lists(boxes, max_size=3)), min_size=1, max_size=4))
@settings(max_examples=60, deadline=None)
def test_average_precision_of_boxes_counted_cell_by_cell(pairs: list[tuple[list[Box], list[Box]]]) -> None:
    """From boxes to the area, with overlaps as numbers of cells on the cylinder and matching written out."""
    step = 2 * np.pi / 12
    numbers = iter(np.random.default_rng(len(pairs)).permutation(100).tolist())
    events = [([(next(numbers), box) for box in detections], true) for detections, true in pairs]

    def jet_list(rows: list[tuple[int, Box]]) -> JetList:
        box = np.array([box_of_row for _, box_of_row in rows], float).reshape(-1, 4) * [1, 1, step, step] - [
            0,
            0,
            np.pi,
            np.pi,
        ]
        eta, phi = (box[:, 0] + box[:, 1]) / 2, (box[:, 2] + box[:, 3]) / 2
        score = np.array([number for number, _ in rows], float)
        return JetList(np.full(len(rows), 50.0), eta, phi, box, score)

    total = DetectionSum(distance=0.3, eta_max=9.0, edges=(20, 200), overlaps=(0.31, 0.47))
    for detections, true in events:
        total.add(jet_list(detections), only(jet_list([(0, box) for box in true])))
    objects = sum(len(true) for _, true in events)
    for least in (0.31, 0.47):  # what no share of so few cells is
        flags = plain_right(events, least)
        area = total.result().average_precision[str(least)]
        if not objects:
            assert area is None
        else:
            scores, correct = [score for score, _ in flags], [ok for _, ok in flags]
            assert area == pytest.approx(plain_average_precision(scores, correct, objects))


def test_overlap_of_boxes() -> None:
    """A half, a third, across φ = π, none, and boxes without area."""
    assert box_overlap([[0, 2, 0, 1]], [[0, 1, 0, 1], [1, 3, 0, 1]])[0].tolist() == [0.5, pytest.approx(1 / 3)]
    shifted = box_overlap([[0, 1, 3.0, 4.0]], [[0, 1, -3.0, -2.0]])[0, 0]
    expected = 4.0 - (2 * np.pi - 3.0)
    assert shifted == pytest.approx(expected / (2 - expected))
    assert box_overlap([[0, 1, 0, 1]], [[2, 3, 0, 1], [0, 0, 0, 0]]).tolist() == [[0, 0]]


@given(st.floats(-2.4, 2.4), st.floats(-np.pi, np.pi))
def test_places_come_back(eta: float, phi: float) -> None:
    towers = Towers(56, 72)
    assert towers.eta(towers.row(eta)) == pytest.approx(eta, abs=1e-12)
    assert np.cos(towers.phi(towers.column(phi)) - phi) == pytest.approx(1)
