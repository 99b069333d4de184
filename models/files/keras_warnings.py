"""Warnings of Keras about QKeras when a network is built, hidden because the user can do nothing about them."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def quietly() -> Iterator[None]:
    """Build, load or save a network without the two warnings that QKeras causes; all others are shown."""
    with warnings.catch_warnings():
        # QKeras draws twice from one initializer where a quantizer's steps are wide.
        warnings.filterwarnings("ignore", "The initializer .* is unseeded", UserWarning)
        # It serializes quantizers by the functions for constraints.
        warnings.filterwarnings("ignore", r"The `keras\.constraints\.serialize\(\)` API", UserWarning)
        yield
