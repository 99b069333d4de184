"""Where the firmware starts is said wherever a latency or a size stands."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipeline.report.page import page
from pipeline.report.run_folder import RunFolder
from pipeline.report.sections import gallery, performance, rtl, training
from tests.pipeline.report.test_synthesis import synthesised
from tests.sealed import run_made_again

MOVED = {"steps": [{"step": "centre"}, {"step": "roll"}, {"step": "flip"}]}
NONE_MAKES_IT = "network alone, no firmware makes its image"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """No figures."""
    for section in (gallery, performance, rtl, training):
        monkeypatch.setattr(section, "svg_text", lambda figure: '<svg xmlns="x" viewBox="0 0 9 9"/>')


def test_an_image_that_no_firmware_makes(run: Path, make_images: Callable[[Path, dict[str, Any]], None]) -> None:
    make_images(run, MOVED)
    run_made_again(run)
    text = page(RunFolder(run))
    assert "Proven bit-exact" in text
    head, _, sections = text.partition("<nav")
    # beside the verdict, the tiles of latency and LUT, and in both sections of hardware
    assert "No firmware of this project makes this image" in head.split('<dl class="tiles"')[0]
    assert head.count(NONE_MAKES_IT) == 2
    for section in ("hardware", "rtl"):
        body = sections.split(f'<section id="{section}"')[1].split("</section>")[0]
        assert '<dd class="warned">The firmware starts from the finished image' in body
    assert f"latency and size: {NONE_MAKES_IT}" in sections
    assert "its 13 clocks" in sections
    assert f"from every tool that was run ({NONE_MAKES_IT})" in synthesised_page(run)


def synthesised_page(run: Path) -> str:
    """The page with what the vendor's tools say."""
    synthesised(run)
    return page(RunFolder(run))


def test_an_image_that_firmware_can_make(run: Path, make_images: Callable[[Path, dict[str, Any]], None]) -> None:
    make_images(run, {"steps": [{"step": "centre", "on": "jet_axis"}]})
    run_made_again(run)
    text = page(RunFolder(run))
    assert "(network alone)" in text
    assert "no firmware makes" not in text.lower()


def test_without_images_nothing_is_said(run: Path) -> None:
    (run / "20_images.manifest.json").unlink()
    assert "The firmware starts" not in page(RunFolder(run))
