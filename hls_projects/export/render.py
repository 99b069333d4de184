"""Text files of a bundle from their templates."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jinja2

TEMPLATES = Path(__file__).parent / "templates"


def rendered(template: str, values: dict[str, Any]) -> str:
    """Fill a template below `templates/`; a value that is missing is an error."""
    environment = jinja2.Environment(  # noqa: S701 - C++, VHDL, Tcl, Markdown, not HTML
        loader=jinja2.FileSystemLoader(TEMPLATES),
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(template).render(values)
