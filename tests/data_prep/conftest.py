"""Hypothesis draws the same examples in every run; a first call that compiles may take its time."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("reproducible", derandomize=True, deadline=None)
settings.load_profile("reproducible")
