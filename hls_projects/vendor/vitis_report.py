"""`<top>_csynth.xml`: the report of C synthesis by Vitis HLS and Vivado HLS (AMD UG1399)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from data_prep.errors import InputFileError


@dataclass(frozen=True)
class HlsReport:
    """C synthesis of one top function.

    Attributes:
        tool: version of the tool.
        top: the function.
        part: FPGA.
        target_period: ns.
        estimated_period: ns, without the uncertainty that the project asks for.
        latency: clocks, at worst.
        interval: clocks, at worst.
        lut: look-up tables.
        ff: flip-flops.
        dsp: DSP blocks.
        bram: blocks of 18 kbit.
        uram: blocks of 288 kbit.
    """

    tool: str
    top: str
    part: str
    target_period: float
    estimated_period: float
    latency: int
    interval: int
    lut: int
    ff: int
    dsp: int
    bram: int
    uram: int


def read_csynth(report: Path) -> HlsReport:
    """Read a report.

    Raises:
        InputFileError: no such report, no XML, or a field that is missing or no number; names the field.
    """
    root = _root(report)
    performance, resources = "PerformanceEstimates", "AreaEstimates/Resources"
    overall = f"{performance}/SummaryOfOverallLatency"

    def text(*paths: str) -> str:
        """The first of these fields that exists: releases of the tools name them differently."""
        for path in paths:
            value = root.find(path)
            if value is not None and value.text and value.text.strip():
                return value.text.strip()
        raise InputFileError(f"has no field {paths[0]}", file=report, remedy="is it whole, and of Vitis or Vivado HLS?")

    def count(*paths: str) -> int:
        value = text(*paths)
        if not value.isdecimal():
            raise InputFileError(f"field {paths[0]} is '{value}', not a number", file=report)
        return int(value)

    def period(path: str) -> float:
        value = text(path)
        try:
            return float(value)
        except ValueError:
            raise InputFileError(f"field {path} is '{value}', not a number", file=report) from None

    return HlsReport(
        tool=text("ReportVersion/Version"),
        top=text("UserAssignments/TopModelName"),
        part=text("UserAssignments/Part"),
        target_period=period("UserAssignments/TargetClockPeriod"),
        estimated_period=period(f"{performance}/SummaryOfTimingAnalysis/EstimatedClockPeriod"),
        latency=count(f"{overall}/Worst-caseLatency"),
        interval=count(f"{overall}/Interval-max"),
        lut=count(f"{resources}/LUT"),
        ff=count(f"{resources}/FF"),
        dsp=count(f"{resources}/DSP", f"{resources}/DSP48E"),
        bram=count(f"{resources}/BRAM_18K"),
        uram=count(f"{resources}/URAM"),
    )


def _root(report: Path) -> ElementTree.Element:
    try:
        content = report.read_bytes()
        if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
            # Entities could grow without bound or name other files; these reports have none.
            raise InputFileError("declares entities, which a synthesis report does not", file=report)
        return ElementTree.fromstring(content)  # noqa: S314 - no entities, see above
    except FileNotFoundError:
        raise InputFileError("no report of C synthesis", file=report) from None
    except ElementTree.ParseError as error:
        raise InputFileError(f"no XML: {error}", file=report) from None
