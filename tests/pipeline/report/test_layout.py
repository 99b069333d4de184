"""The page in a browser: nothing runs off, and text in figures can be read, on a phone, a laptop and a large screen."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.report.page import page
from pipeline.report.run_folder import RunFolder
from tests.pipeline.report.browser import CHROMIUM, PHONE, measure, require_fitting

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="chromium not found")


def test_the_page_of_a_tagger(run: Path, tmp_path: Path) -> None:
    found = require_fitting(page(RunFolder(run)), tmp_path)
    assert found[PHONE]["figures"] == 9
    assert len(found[PHONE]["text"]) > 100
    assert found[PHONE]["scrolled"], "tables and wide figures scroll in their box"


def test_what_runs_off_is_found(tmp_path: Path) -> None:
    wide = '<div id="long" style="width:500px">x</div><div id="inner" style="width:90px">{}</div>'
    figure = '<svg viewBox="0 0 100 10" width="50"><g transform="scale(0.1 -0.1)"><use href="#a"/></g></svg>'
    found = measure(f"<!DOCTYPE html><body>{wide.format('y' * 60)}{figure}", (390, 600), tmp_path)
    assert [each.split()[0] for each in found[390]["beyond"]] == ["the", "div#long", "div#inner"]
    assert [each.split()[0] for each in found[600]["beyond"]] == ["div#inner"]
    # ten units of a figure that is shown at half its size
    assert [size for size, _ in found[600]["text"]] == pytest.approx([5])
