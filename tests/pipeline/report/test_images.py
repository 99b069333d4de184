"""The section on images: any grid, any channels, each with its own words and panels."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipeline.report import page as report
from pipeline.report.page import page
from pipeline.report.run_folder import RunFolder
from pipeline.report.sections import images, task

CENTRE = {"step": "centre"}


@pytest.mark.parametrize(
    ("grid", "steps", "channels", "words"),
    [
        (
            {"kind": "square", "pixels": 4, "half_width": 0.8},
            [CENTRE, {"step": "roll"}],
            ["pt"],
            ["4 × 4 pixels of 0.4 × 0.4 in η × φ, ±0.8 around the centre", "in this order: centre", ">31.2 %<"],
        ),
        (
            {"kind": "hexagonal", "rings": 2, "pitch": 0.2},
            [CENTRE],
            ["charged", "photon", "multiplicity"],
            # of 19 hexagons and three channels 5 values are lit: the corners of the skewed array are no pixels
            ["19 hexagonal pixels in 2 rings", "centres 0.2 apart", "3 channels", "summed pT of photons", ">8.8 %<"],
        ),
        (
            {"kind": "towers", "rows": 4, "columns": 6},
            [],
            ["pt", "multiplicity"],
            [
                "4 × 6 towers of 1.05 × 1.05 in η × φ, |η| &lt; 2.09",
                "Preprocessing steps: none",
                "number of constituents",
                ">10.4 %<",
            ],
        ),
    ],
    ids=["square", "hexagonal", "towers"],
)
def test_every_grid_and_channel_is_shown(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    make_images: Callable[[Path, dict[str, Any]], None],
    grid: dict[str, Any],
    steps: list[dict[str, Any]],
    channels: list[str],
    words: list[str],
) -> None:
    monkeypatch.setattr(report, "SECTIONS", (task.SECTION, images.SECTION))
    make_images(tmp_path, {"grid": grid, "steps": steps, "channels": channels})
    text = " ".join(page(RunFolder(tmp_path)).split())
    assert "Not shown" not in text
    for shown in words:
        assert shown in text
    assert text.count("<svg") == 3
