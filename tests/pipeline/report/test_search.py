"""The section on a search: there where one is, with the numbers that it found."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pipeline.artefacts.artefact import artefact
from pipeline.artefacts.json_file import write_json
from pipeline.report import page as report
from pipeline.report.page import page
from pipeline.report.run_folder import RunFolder
from pipeline.report.sections import search


def _design(trial: int, auc: float, estimate: int, lut: int | None) -> dict[str, Any]:
    synthesised = {"lut": lut, "ff": None if lut is None else 9_876, "clocks": 14, "interval": 1, "within": trial != 0}
    quality = {"macro_auc": auc, "macro_auc_error": 0.0011, "accuracy": 0.612}
    return {"trial": trial, "point": {}, "lut_estimate": estimate, "parameters": 1234} | synthesised | quality


def content() -> dict[str, Any]:
    """A front of two designs and a hand-made one that is not on it."""
    return {
        "constraints": {"lut": 40_000, "clocks": 20, "interval": None},
        "trials": {"finished": 120, "refused": 33},
        "seconds": 3600,
        "points": [_design(17, 0.8765, 38_000, 39_123), _design(5, 0.8321, 8_765, None)],
        "hand_made": _design(0, 0.8543, 53_645, None),
        "synthesised_to_estimate": 1.0296,
    }


def _with(run: Path, content: dict[str, Any]) -> str:
    with artefact(run / "28_search", "search") as space:
        write_json(space.path / "front.json", content)
    return page(RunFolder(run))


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """The page with this section alone."""
    monkeypatch.setattr(report, "SECTIONS", (search.SECTION,))


def test_it_is_there_where_a_search_is(run: Path) -> None:
    assert "The best designs within the limits" not in page(RunFolder(run))
    text = _with(run, content())
    assert "within 40,000 LUTs and 20 clocks, found in 60 minutes" in text
    assert "120 trials finished, 33 trials refused" in text
    assert "the median of counted over estimated LUTs is 1.03" in text
    assert "39,123</td>" in text
    assert "≈ 8,765</td>" in text
    assert "0.8765 ± 0.0011" in text
    assert text.index("17</th>") < text.index("0 (hand-made)</th>")


def test_a_hand_made_design_on_the_front_stands_there_once(run: Path) -> None:
    front = content()
    front["points"].append(front["hand_made"])
    assert _with(run, front).count("0.8543") == 1


def test_a_damaged_one_is_said(run: Path) -> None:
    front = content()
    del front["points"][0]["clocks"]
    assert "28_search/front.json cannot be read" in _with(run, front)
