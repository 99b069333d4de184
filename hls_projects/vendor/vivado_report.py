"""The part that all text reports of Vivado share: a head of `| Name : value` lines."""

from __future__ import annotations

import re
from pathlib import Path

from data_prep.errors import InputFileError

_HEAD = re.compile(r"\|\s*([A-Z][\w /]*?)\s*:\s+(.*?)\s*")


def read_report(report: Path) -> list[str]:
    """The lines of a report.

    Raises:
        InputFileError: when it cannot be read.
    """
    try:
        return report.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError as error:
        raise InputFileError(f"no report of Vivado: {error.strerror}", file=report) from None


def head(lines: list[str]) -> dict[str, str]:
    """The head: `Tool Version`, `Design`, `Device`, `Design State`, … by name."""
    fields: dict[str, str] = {}
    for line in lines:
        if match := _HEAD.fullmatch(line):
            fields.setdefault(match[1], match[2])
    return fields


def head_field(lines: list[str], name: str, report: Path) -> str:
    """One field of the head.

    Raises:
        InputFileError: when it is missing.
    """
    value = head(lines).get(name, "")
    if not value:
        raise InputFileError(f"has no field '{name}' in its head", file=report, remedy="is it a report of Vivado?")
    return value


def tool(lines: list[str], report: Path) -> str:
    """`Vivado v.2023.2`, without platform and build."""
    return " ".join(head_field(lines, "Tool Version", report).split()[:2])
