"""The report of Vivado's `report_timing_summary`: slack and period, from tables found by title (AMD UG835, UG906)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from data_prep.errors import InputFileError
from hls_projects.vendor.vivado_report import read_report, tool


@dataclass(frozen=True)
class Timing:
    """The timing of a design.

    Attributes:
        tool: program and version.
        period: the target of the clock (ns).
        slack: the worst of all setup paths (ns), negative where timing fails.
        hold_slack: the worst of all hold paths (ns).
    """

    tool: str
    period: float
    slack: float
    hold_slack: float

    @property
    def achieved(self) -> float:
        """The period that holds (ns): the target minus the worst slack."""
        return round(self.period - self.slack, 3)


def read_timing(report: Path, clock: str) -> Timing:
    """Read a report.

    Args:
        report: the file.
        clock: name of the clock.

    Raises:
        InputFileError: no such report, a table, column or clock that is missing, registers without a clock, no paths.
    """
    lines = read_report(report)
    unclocked = re.search(r"checking no_clock \((\d+)\)", "\n".join(lines))
    if unclocked is None:
        raise InputFileError("has no check 'no_clock'", file=report, remedy="is it of `report_timing_summary`?")
    if int(unclocked[1]):
        raise InputFileError(
            f"{unclocked[1]} registers have no clock, so nothing is known about their timing", file=report
        )
    summary = _table(lines, "Design Timing Summary", report)[0]
    clocks = {row.get("Clock", ""): row for row in _table(lines, "Clock Summary", report)}
    if clock not in clocks:
        raise InputFileError(f"knows no clock '{clock}', only {', '.join(clocks)}", file=report)
    return Timing(
        tool=tool(lines, report),
        period=_number(clocks[clock], "Period(ns)", report),
        slack=_number(summary, "WNS(ns)", report),
        hold_slack=_number(summary, "WHS(ns)", report),
    )


def _table(lines: list[str], title: str, report: Path) -> list[dict[str, str]]:
    """The rows of the table below a title: names of columns, a row of dashes, rows up to a blank line."""
    titles = [i for i, line in enumerate(lines) if re.match(r"\| \w", line)]
    start = next((i for i in titles if lines[i].strip() == f"| {title}"), len(lines))
    end = next((i for i in titles if i > start), len(lines))
    dashes = next((i for i in range(start, end) if re.fullmatch(r"\s*-+(\s+-+)+\s*", lines[i])), 0)
    if not dashes:
        raise InputFileError(f"has no table '{title}'", file=report)
    columns = _cells(lines[dashes - 1])
    rows = []
    for line in lines[dashes + 1 :]:
        if not line.strip():
            break
        cells = _cells(line)
        if len(cells) != len(columns):
            reason = f"table '{title}' has a row of {len(cells)} cells below {len(columns)} columns"
            raise InputFileError(reason, file=report)
        rows.append(dict(zip(columns, cells, strict=True)))
    if not rows:
        raise InputFileError(f"table '{title}' is empty", file=report)
    return rows


def _cells(line: str) -> list[str]:
    return re.split(r"\s{2,}", line.strip())


def _number(row: dict[str, str], column: str, report: Path) -> float:
    if column not in row:
        raise InputFileError(f"has no column '{column}'", file=report)
    try:
        return float(row[column])
    except ValueError:
        remedy = "has the design registers, and the clock a period?"
        raise InputFileError(
            f"column '{column}' is '{row[column]}', not a number", file=report, remedy=remedy
        ) from None
