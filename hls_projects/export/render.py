"""Text files of a bundle from their templates."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hls_projects.templating import filled

TEMPLATES = Path(__file__).parent / "templates"


def rendered(template: str, values: dict[str, Any]) -> str:
    """Fill a template below `templates/`; a value that is missing is an error."""
    return filled(template, values, TEMPLATES, trim=True)
