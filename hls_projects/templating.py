"""The one place that uses jinja: text from templates; a value that is missing is an error."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

TEMPLATES = Path(__file__).parent / "templates"
"""Templates of the code and scripts that are compiled, simulated and synthesised."""


def environment(*folders: Path, trim: bool, html: bool = False) -> Environment:
    """Templates of some folders.

    Args:
        folders: searched in this order.
        trim: whether a line that holds a statement alone (`{% if … %}`) leaves no line.
        html: whether values are escaped; the last line then has no end.
    """
    return Environment(
        loader=FileSystemLoader(folders),
        autoescape=html,  # noqa: S701 - code and documents are no HTML
        undefined=StrictUndefined,
        trim_blocks=trim,
        lstrip_blocks=trim,
        keep_trailing_newline=not html,
    )


def filled(template: str, values: Mapping[str, Any], folder: Path = TEMPLATES, *, trim: bool = False) -> str:
    """Fill a template with code, a script or a document.

    Args:
        template: its name below the folder.
        values: by name.
        folder: of the templates.
        trim: as of `environment`.
    """
    return _text(folder, trim).get_template(template).render(values)


@cache
def _text(folder: Path, trim: bool) -> Environment:
    return environment(folder, trim=trim)
