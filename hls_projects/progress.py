"""How long work says how far it is."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

Progress = Callable[[str, int, str], AbstractContextManager[Callable[[int], None]]]
"""Begins to show work by its title, its amount and the unit of that; gives the function that advances it by n units."""
