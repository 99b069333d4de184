"""Reports of the vendor's tools are read by structure, and what is missing is named."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from data_prep.errors import InputFileError
from hls_projects.vendor.vitis_report import HlsReport, read_csynth
from hls_projects.vendor.vivado_timing import Timing, read_timing
from hls_projects.vendor.vivado_utilisation import Utilisation, read_utilisation

Write = Callable[..., Path]


def test_c_synthesis(csynth: Write) -> None:
    assert read_csynth(csynth()) == HlsReport(
        tool="2023.2",
        top="tagger",
        part="xcvu13p-flga2577-2-e",
        target_period=2.5,
        estimated_period=1.804,
        latency=18,
        interval=2,
        lut=67890,
        ff=2345,
        dsp=11,
        bram=3,
        uram=0,
    )


def test_vivado_hls_calls_dsps_otherwise(csynth: Write) -> None:
    assert read_csynth(csynth(("DSP>", "DSP48E>"))).dsp == 11


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("<LUT>67890</LUT>\n", "", "has no field AreaEstimates/Resources/LUT"),
        ("<DSP>11</DSP>\n", "", "has no field AreaEstimates/Resources/DSP"),
        ("Worst-caseLatency>18<", "Worst-caseLatency>undef<", "Worst-caseLatency is 'undef', not a number"),
        ("1.804", "NA", "EstimatedClockPeriod is 'NA'"),
        ("2023.2", "", "ReportVersion/Version"),
        ("</profile>", "", "no XML"),
        ("<profile>", '<!DOCTYPE p [<!ENTITY a "aaaa">]><profile>', "declares entities"),
    ],
)
def test_c_synthesis_without_a_field(csynth: Write, old: str, new: str, reason: str) -> None:
    report = csynth((old, new))
    with pytest.raises(InputFileError, match=re.escape(reason)) as caught:
        read_csynth(report)
    assert str(caught.value).startswith(str(report))


def test_utilisation(utilisation: Write) -> None:
    assert read_utilisation(utilisation()) == Utilisation(
        tool="Vivado v.2023.2",
        device="xcvu13p-flga2577-2-e",
        state="Routed",
        lut=47001,
        ff=22334,
        dsp=7,
        bram=1.5,
        uram=0,
    )


def test_utilisation_of_other_families_and_releases(utilisation: Write) -> None:
    """7 series has slices and no URAM; columns come and go between releases, and their order does not matter."""
    lines = utilisation(("CLB LUTs", "Slice LUTs"), ("CLB Registers", "Slice Registers")).read_text().splitlines()
    kept = [line for line in lines if not line.startswith("| URAM")]
    moved = [re.sub(r"^\|([^|]*)\|([^|]*)\|(?:[^|]*\|){2}([^|]*)\|([^|]*)\|$", r"|\3|\1|\2|\4|", line) for line in kept]
    assert moved != kept
    report = utilisation()
    report.write_text("\n".join(moved))
    found = read_utilisation(report)
    assert (found.lut, found.ff, found.dsp, found.bram, found.uram) == (47001, 22334, 7, 1.5, 0)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("| CLB LUTs*  ", "| CLB Luts   ", "has no row 'CLB LUTs or Slice LUTs' with a column 'Used'"),
        ("| DSPs ", "| Dsp ", "has no row 'DSPs or DSP Slices'"),
        ("|  1.5 |", "|   NA |", "says 'NA' of 'Block RAM Tile', not a number"),
        ("|   LUT as Memory    ", "| CLB LUTs           ", "of 'CLB LUTs' both 47001 and 0"),
        ("Used", "Took", "has no row 'CLB LUTs"),
        ("| Design State :", "| State :", "has no field 'Design State'"),
    ],
)
def test_utilisation_without_a_field(utilisation: Write, old: str, new: str, reason: str) -> None:
    report = utilisation((old, new))
    with pytest.raises(InputFileError, match=re.escape(reason)) as caught:
        read_utilisation(report)
    assert str(caught.value).startswith(str(report))


def test_timing_quotes_the_achieved_period(timing: Write) -> None:
    timing_report = read_timing(timing(), "clk")
    assert timing_report == Timing(tool="Vivado v.2023.2", period=2.5, slack=-0.173, hold_slack=0.031)
    assert timing_report.achieved == 2.673
    assert read_timing(timing(("-0.173", " 0.412")), "clk").achieved == 2.088


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("WNS(ns)", "Slack", "has no column 'WNS(ns)'"),
        ("-0.173", "    NA", "column 'WNS(ns)' is 'NA', not a number"),
        ("| Design Timing Summary", "| Summary", "has no table 'Design Timing Summary'"),
        ("| Clock Summary", "| Clocks", "has no table 'Clock Summary'"),
        ("clk    {0.000 1.250}        2.500           400.000", "", "table 'Clock Summary' is empty"),
        ("Waveform(ns) ", "Wave  form", "a row of 4 cells below 5 columns"),
        ("clk    {", "ap_clk    {", "knows no clock 'clk', only ap_clk"),
        ("no_clock (0)", "no_clock (12)", "12 registers have no clock"),
        ("checking no_clock", "checking", "has no check 'no_clock'"),
        ("| Tool Version", "| Version", "has no field 'Tool Version'"),
    ],
)
def test_timing_without_a_field(timing: Write, old: str, new: str, reason: str) -> None:
    report = timing((old, new))
    with pytest.raises(InputFileError, match=re.escape(reason)) as caught:
        read_timing(report, "clk")
    assert str(caught.value).startswith(str(report))


@pytest.mark.parametrize("read", [read_csynth, read_utilisation, lambda path: read_timing(path, "clk")])
def test_no_report(tmp_path: Path, read: Callable[[Path], object]) -> None:
    with pytest.raises(InputFileError, match="no report of"):
        read(tmp_path / "absent")
