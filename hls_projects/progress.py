"""How the progress of long work is shown."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

Progress = Callable[[str, int, str], AbstractContextManager[Callable[[int], None]]]
"""From the title of some work, its amount and unit to a context whose function advances it by n units."""
