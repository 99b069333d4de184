"""The files that docs/extending.md shows whole: blocks of code whose first line names the file."""

from __future__ import annotations

import re
from pathlib import Path

PAGE = Path(__file__).parents[1] / "docs" / "extending.md"

_BLOCK = re.compile(r"^```(?:python|jinja)\n(?:# |\{# )([\w/.]+)(?: #\})?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def examples() -> dict[str, str]:
    """The text of every file, by its path in the project."""
    return dict(_BLOCK.findall(PAGE.read_text(encoding="utf-8")))
