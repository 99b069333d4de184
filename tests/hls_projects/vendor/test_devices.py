"""Part numbers: those that the vendor names are taken, and their devices known where the trigger uses them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from data_prep.errors import ConfigurationError
from hls_projects.settings import HardwareSettings
from hls_projects.vendor.devices import device_of
from pipeline.configuration import load

# As they stand in the vendor's lists, and LUTs of the devices that are known here.
PARTS = {
    "xcvu13p-flga2577-2-e": 1_728_000,
    "xcvu13p-flga2577-2L-e": 1_728_000,
    "xcvu13p_CIV-figd2104-2-e": 1_728_000,
    "xcvu9p-flga2104-2L-e": 1_182_240,
    "xcu250-figd2104-2L-e": 1_728_000,
    "xcu200-fsgd2104-2-e": 1_182_240,
    "xcku115-flva1517-1-c": 663_360,
    "xck26-sfvc784-2LV-c": 117_120,
    "xcvc1902-vsva2197-2MP-e-S": 899_840,
    "xcvp1202-vsva2785-2MHP-e-S": None,
    "xc7z020clg400-1": None,
    "xqku060-rfa1156-1-i": None,
    "xa7a100tcsg324-1I": None,
}


@pytest.mark.parametrize("part", PARTS)
def test_what_the_vendor_names_is_taken(part: str, tmp_path: Path) -> None:
    (tmp_path / "hardware.yaml").write_text(f"name: tagger\nhls: {{part: {part}}}\n")
    assert load(tmp_path / "hardware.yaml", HardwareSettings).hls.part == part
    device = device_of(part)
    assert (None if device is None else device.lut) == PARTS[part]


@pytest.mark.parametrize("part", ["", "-2-e", "xcvu13p--2", "xcvu13p 2", "xcvu13p;exit", "[exec rm]", "x" * 65, "xcü"])
def test_what_no_script_could_hold_is_refused(part: str, tmp_path: Path) -> None:
    (tmp_path / "hardware.yaml").write_text(f"name: tagger\nhls: {{part: {part!r}}}\n")
    with pytest.raises(ConfigurationError, match=re.escape("'hls.part'")):
        load(tmp_path / "hardware.yaml", HardwareSettings)
