"""Ctrl-C that no library can swallow.

SIGINT and SIGTERM raise `KeyboardInterrupt` at once. Some libraries catch everything for a moment and go on, or turn it
into an error of their own, and Python ignores what a finalizer raises; so the wish is remembered too, and long work,
the commit of an artefact and the end of the process ask for it.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from types import FrameType

_asked = False


def listen() -> None:
    """Take over SIGINT and SIGTERM; called once a stage, in the main thread."""
    global _asked
    _asked = False
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _handle)
    if not isinstance(sys.unraisablehook, _Unraisable):
        sys.unraisablehook = _Unraisable(sys.unraisablehook)


def asked() -> bool:
    """Whether SIGINT or SIGTERM came since `listen`."""
    return _asked


def check() -> None:
    """Stop here if an interruption was asked for.

    Raises:
        KeyboardInterrupt: when SIGINT or SIGTERM came since `listen`.
    """
    if _asked:
        raise KeyboardInterrupt


def _handle(number: int, frame: FrameType | None) -> None:
    global _asked
    _asked = True
    raise KeyboardInterrupt


class _Unraisable:
    """Says nothing of an interruption in a finalizer, where Python would print a traceback and go on."""

    def __init__(self, otherwise: Callable[[sys.UnraisableHookArgs], object]) -> None:
        self._otherwise = otherwise

    def __call__(self, found: sys.UnraisableHookArgs) -> None:
        if not (_asked and found.exc_type is KeyboardInterrupt):
            self._otherwise(found)
