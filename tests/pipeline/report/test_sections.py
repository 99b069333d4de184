"""A section of the page is one module with its template beside it, and nothing else names it."""

from __future__ import annotations

from pathlib import Path

from pipeline.report import sections
from pipeline.report.page import SECTIONS

FOLDER = Path(sections.__file__).parent


def test_every_module_is_a_section_with_its_template_beside_it() -> None:
    modules = {file.stem for file in FOLDER.glob("[a-z]*.py")}
    assert {section.name for section in SECTIONS} == modules
    assert {file.name.removesuffix(".html.j2") for file in FOLDER.glob("*.j2")} == modules


def test_sections_stand_in_the_order_of_the_flow() -> None:
    names = [section.name for section in SECTIONS]
    assert len({section.place for section in SECTIONS}) == len(SECTIONS)
    assert names[0] == "task"
    assert names[-1] == "provenance"
    for earlier, later in (("images", "training"), ("training", "hardware"), ("hardware", "rtl"), ("rtl", "bundle")):
        assert names.index(earlier) < names.index(later)
