"""The payload behind AXI streams: every frame in and out, whoever pauses."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from hls_projects.export.targets.emp import write_payload
from hls_projects.settings import HlsSettings
from tests.hls_projects.export.axi_streams import require_axi_streams
from tests.hls_projects.export.emp_cases import CASES, handmade

pytestmark = pytest.mark.skipif(shutil.which("ghdl") is None, reason="ghdl not found")


@pytest.mark.parametrize("name", list(CASES))
def test_axi_streams_with_and_without_pauses(name: str, tmp_path: Path) -> None:
    design, settings = CASES[name]
    case = handmade(design, tmp_path / "rtl")
    write_payload(case.folder, settings, HlsSettings(), tmp_path / "emp")
    require_axi_streams(case, settings, tmp_path)
