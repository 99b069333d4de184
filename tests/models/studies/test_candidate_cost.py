"""The study of candidates: the same jets for all image sets, and settings that make no sense."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from data_prep.errors import InputFileError
from models.studies.candidate_cost import FLOAT, CandidateCostSettings, Scored, common, costs

KEY = np.dtype([("event", np.uint64), ("pt", np.float32), ("eta", np.float32)])


def scored(events: list[int], seed: int = 1, better: float = 0.0) -> Scored:
    """Scores that depend on the event alone, the more so the better."""
    key = np.zeros(len(events), KEY)
    key["event"] = events
    key["pt"] = 500 + np.array(events) % 7
    label = (np.array(events) % 2).astype(np.uint8)
    noise = np.array([np.random.default_rng([seed, event]).normal() for event in events])
    signal = (label * (1 + better) + noise).astype(np.float32)
    return Scored(key, label, np.ones(len(events), np.float32), {"net": np.stack([-signal, signal], axis=1)})


def test_jets_are_brought_into_one_order_and_those_that_one_set_lacks_are_left_out() -> None:
    found = common({FLOAT: scored([5, 3, 9, 4]), "8": scored([9, 4, 3]), "16": scored([1, 3, 4, 9])})
    for each in found.values():
        np.testing.assert_array_equal(each.key, found[FLOAT].key)
        np.testing.assert_array_equal(each.label, each.key["event"] % 2)
        np.testing.assert_array_equal(each.scores["net"], scored(each.key["event"].tolist()).scores["net"])
    assert sorted(found["8"].key["event"].tolist()) == [3, 4, 9]
    with pytest.raises(InputFileError, match="share no test jet"):
        common({FLOAT: scored([5, 3]), "8": scored([4])})


def test_the_same_scores_cost_nothing_and_better_ones_gain() -> None:
    events = list(range(400))
    settings = CandidateCostSettings(numbers=(8, 16), networks=("net",), replicas=50)
    sets = {FLOAT: scored(events), "8": scored(events), "16": scored(events, better=1.0)}
    found = costs(sets, settings)
    assert found["8"]["net"].difference.value == found["8"]["net"].difference.error == 0
    assert found["8"]["net"].macro_auc == found[FLOAT]["net"].macro_auc
    gain = found["16"]["net"].difference
    assert gain.value > 5 * gain.error > 0
    assert found["16"]["net"].as_json()["difference"]["value"] == gain.value


def test_scores_come_back_from_their_file(tmp_path: Path) -> None:
    kept = scored([3, 1, 2])
    kept.save(tmp_path / "8.npz")
    again = Scored.load(tmp_path / "8.npz")
    np.testing.assert_array_equal(again.key, kept.key)
    np.testing.assert_array_equal(again.scores["net"], kept.scores["net"])
    assert [path.name for path in tmp_path.iterdir()] == ["8.npz"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"numbers": [16, 8]}, "'numbers' must ascend from 1 on, they are \\[16, 8\\]"),
        ({"numbers": [8, 8]}, "must ascend"),
        ({"numbers": [0, 8]}, "greater than or equal to 1"),
        ({"numbers": []}, "must ascend"),
        ({"networks": []}, "at least 1 item"),
        ({"replicas": 1}, "greater than or equal to 2"),
    ],
)
def test_settings_that_make_no_sense(change: dict[str, object], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        CandidateCostSettings.model_validate(change)
