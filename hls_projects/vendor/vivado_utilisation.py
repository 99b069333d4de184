"""The report of Vivado's `report_utilization`: tables of site types, found by their headings (AMD UG835, UG906)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from data_prep.errors import InputFileError
from hls_projects.vendor.vivado_report import head_field, read_report, tool

SITE, USED = "Site Type", "Used"

# Rows by family: UltraScale(+), 7 series, Versal.
_LUT = ("CLB LUTs", "Slice LUTs")
_FF = ("CLB Registers", "Slice Registers", "Registers")
_DSP = ("DSPs", "DSP Slices")
_BRAM = ("Block RAM Tile",)
_URAM = ("URAM",)


@dataclass(frozen=True)
class Utilisation:
    """The resources that a design takes.

    Attributes:
        tool: program and version.
        device: FPGA as Vivado writes it.
        state: `Synthesized`, `Fully Placed`, `Routed`, …
        lut: look-up tables.
        ff: registers.
        dsp: DSP blocks.
        bram: blocks of 36 kbit; a half is one of 18 kbit.
        uram: blocks of 288 kbit; 0 on devices that have none.
    """

    tool: str
    device: str
    state: str
    lut: int
    ff: int
    dsp: int
    bram: float
    uram: int


def read_utilisation(report: Path) -> Utilisation:
    """Read a report.

    Raises:
        InputFileError: no such report, or a row that is missing, no number, or given twice with different numbers;
            names the row.
    """
    lines = read_report(report)
    used: dict[str, str] = {}
    for site, value in _rows(lines):
        if used.setdefault(site, value) != value:
            raise InputFileError(f"says of '{site}' both {used[site]} and {value}", file=report)

    def number(names: tuple[str, ...], *, or_none: bool = False) -> float:
        for name in names:
            if name in used:
                if not re.fullmatch(r"\d+(\.\d+)?", used[name]):
                    raise InputFileError(f"says '{used[name]}' of '{name}', not a number", file=report)
                return float(used[name])
        if or_none:
            return 0
        remedy = "is it a whole report of `report_utilization`, not of a hierarchy?"
        raise InputFileError(f"has no row '{' or '.join(names)}' with a column '{USED}'", file=report, remedy=remedy)

    return Utilisation(
        tool=tool(lines, report),
        device=head_field(lines, "Device", report),
        state=head_field(lines, "Design State", report),
        lut=int(number(_LUT)),
        ff=int(number(_FF)),
        dsp=int(number(_DSP)),
        bram=number(_BRAM),
        uram=int(number(_URAM, or_none=True)),
    )


def _rows(lines: list[str]) -> Iterator[tuple[str, str]]:
    """Site type and used number of every row of the tables that have these two columns."""
    columns: list[str] = []
    for line in lines:
        stripped = line.strip()
        if not stripped.startswith(("|", "+-")):
            columns = []
        if not (stripped.startswith("|") and stripped.endswith("|")):
            continue
        cells = [cell.strip() for cell in stripped[1:-1].split("|")]
        if SITE in cells:
            columns = cells if USED in cells else []
        elif len(cells) == len(columns):
            row = dict(zip(columns, cells, strict=True))
            # A star refers to a footnote.
            yield row[SITE].rstrip("*"), row[USED]
