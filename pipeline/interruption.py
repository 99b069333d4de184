"""Ctrl-C that no library can swallow, and of which a second one does no harm.

SIGINT and SIGTERM raise `KeyboardInterrupt` at once. Some libraries catch everything for a moment and go on, or turn it
into an error of their own, and Python ignores what a finalizer raises; so the signal is recorded too, and long work,
the commit of an artefact and the end of the process ask for it.

A further signal raises again only where the first one was swallowed. While the first one is on its way out, through
`finally` and `except` blocks that clean up, it changes nothing, unless cleaning up takes longer than `PATIENCE`.
"""

from __future__ import annotations

import atexit
import os
import signal
import sys
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

INTERRUPTED = 130
"""The exit code of what SIGINT ended, as shells have it."""
PATIENCE = 10.0
"""Seconds after which a further signal ends the process though it has not cleaned up."""
_SIGNALS = (signal.SIGINT, signal.SIGTERM)

_asked = False
_holds = 0
_settled = False
_first = 0.0
_raised: weakref.ref[_Interruption] | None = None
_registered = False


class _Interruption(KeyboardInterrupt):
    """The one that is raised; unlike its base it can be asked whether anybody still has it."""


def listen() -> None:
    """Take over SIGINT and SIGTERM; called once a stage, in the main thread."""
    global _asked, _holds, _raised, _settled, _registered
    _asked, _holds, _raised, _settled = False, 0, None, False
    for number in _SIGNALS:
        signal.signal(number, _handle)
    if not isinstance(sys.unraisablehook, _Unraisable):
        sys.unraisablehook = _Unraisable(sys.unraisablehook)
    if not _registered:
        _registered = True
        atexit.register(_leave)


def asked() -> bool:
    """Whether SIGINT or SIGTERM came since `listen`."""
    return _asked


def check() -> None:
    """Stop here if an interruption was asked for.

    Raises:
        KeyboardInterrupt: when SIGINT or SIGTERM came since `listen`.
    """
    if _asked:
        raise _interruption()


@contextmanager
def held() -> Iterator[None]:
    """A short part that must not be cut in two: SIGINT and SIGTERM are remembered, and nothing is raised.

    At its end nothing is raised either: `check` does that, wherever the caller wants it. It may be used in another one,
    in another thread than the main one, and before `listen`.
    """
    global _holds
    before = {}
    if threading.current_thread() is threading.main_thread():
        for number in _SIGNALS:
            before[number] = signal.getsignal(number)
    _holds += 1
    try:
        for number, handler in before.items():
            if handler is not _handle:
                signal.signal(number, _handle)
        yield
    finally:
        for number, handler in before.items():
            if handler is not _handle:
                signal.signal(number, handler)
        _holds -= 1


def settle() -> None:
    """The result and the exit code stand; from here to the end of the process a signal changes nothing."""
    global _settled
    _settled = True


def _handle(number: int, frame: FrameType | None) -> None:
    global _asked, _first
    if not _asked:
        _asked, _first = True, time.monotonic()
    if _holds:
        return
    if _settled or (_raised is not None and _raised() is not None):
        if time.monotonic() - _first > PATIENCE:
            os.write(2, b"\nerror: interrupted while cleaning up; run the same command to go on\n")
            os._exit(INTERRUPTED)
        return
    raise _interruption()


def _interruption() -> KeyboardInterrupt:
    global _raised
    made = _Interruption()
    _raised = weakref.ref(made)
    return made


def _leave() -> None:
    """The interpreter takes itself apart, and no handler runs any more."""
    for number in _SIGNALS:
        if signal.getsignal(number) is _handle:
            signal.signal(number, signal.SIG_IGN)


class _Unraisable:
    """Says nothing of an interruption in a finalizer, where Python would print a traceback and go on."""

    def __init__(self, otherwise: Callable[[sys.UnraisableHookArgs], object]) -> None:
        self._otherwise = otherwise

    def __call__(self, found: sys.UnraisableHookArgs) -> None:
        if not (_asked and found.exc_type is not None and issubclass(found.exc_type, KeyboardInterrupt)):
            self._otherwise(found)
