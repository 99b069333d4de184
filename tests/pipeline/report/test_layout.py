"""The page in a browser: nothing runs off, and text in figures can be read, on a phone, a laptop and a large screen."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.artefacts.artefact import artefact
from pipeline.artefacts.json_file import write_json
from pipeline.report import page as report
from pipeline.report.page import page
from pipeline.report.run_folder import RunFolder
from pipeline.report.sections import candidates, regression, search, symmetries, synthesis, task
from tests.pipeline.report import test_candidates, test_regression, test_search, test_symmetries, test_synthesis
from tests.pipeline.report.browser import CHROMIUM, PHONE, measure, require_fitting

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="chromium not found")


def test_the_page_of_a_tagger(run: Path, tmp_path: Path) -> None:
    layouts = require_fitting(page(RunFolder(run)), tmp_path)
    assert layouts[PHONE]["figures"] == 9
    assert len(layouts[PHONE]["text"]) > 100
    assert layouts[PHONE]["scrolled"], "tables and wide figures scroll in their box"


def test_what_not_every_run_has(run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, file, content in (
        ("25_candidates", "cost", test_candidates.content()),
        ("26_symmetries", "symmetries", test_symmetries.content()),
        ("28_search", "front", test_search.content()),
    ):
        with artefact(run / name, name) as space:
            write_json(space.path / f"{file}.json", content)
    test_synthesis.synthesised(run)
    shown = (candidates.SECTION, symmetries.SECTION, search.SECTION, synthesis.SECTION)
    monkeypatch.setattr(report, "SECTIONS", shown)
    assert all(section.shown(RunFolder(run)) for section in shown)
    text = page(RunFolder(run))
    assert "Not shown" not in text
    require_fitting(text, tmp_path)


def test_the_page_of_a_regression(run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    test_regression.trained(run)
    monkeypatch.setattr(report, "SECTIONS", (task.SECTION, regression.SECTION))
    assert require_fitting(page(RunFolder(run)), tmp_path)[PHONE]["figures"] == 2


def test_what_runs_off_is_found(tmp_path: Path) -> None:
    wide = '<div id="long" style="width:500px">x</div><div id="inner" style="width:90px">{}</div>'
    figure = '<svg viewBox="0 0 100 10" width="50"><g transform="scale(0.1 -0.1)"><use href="#a"/></g></svg>'
    layouts = measure(f"<!DOCTYPE html><body>{wide.format('y' * 60)}{figure}", (390, 600), tmp_path)
    assert [element.split()[0] for element in layouts[390]["beyond"]] == ["the", "div#long", "div#inner"]
    assert [element.split()[0] for element in layouts[600]["beyond"]] == ["div#inner"]
    # ten units of a figure that is shown at half its size
    assert [size for size, _ in layouts[600]["text"]] == pytest.approx([5])
