"""Interruption by Ctrl-C that no library can suppress, and where a second Ctrl-C does no harm.

SIGINT and SIGTERM raise `KeyboardInterrupt` at once. Some libraries catch all exceptions and go on, or replace it by an
error of their own, and Python ignores exceptions in finalizers; so the signal is recorded too, and long work, the
commit of an artefact and the end of the process check the record.

A further signal raises again only if the first exception was suppressed. While that one still propagates, through
`finally` and `except` blocks that clean up, it has no effect, unless cleaning up takes longer than `PATIENCE`.
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
"""The exit code of a process that SIGINT ended, as in shells."""
PATIENCE = 10.0
"""Seconds of cleaning up after which a further signal ends the process."""
_SIGNALS = (signal.SIGINT, signal.SIGTERM)

_requested = False
_holds = 0
_settled = False
_first_time = 0.0
_raised: weakref.ref[_Interruption] | None = None
_registered = False


class _Interruption(KeyboardInterrupt):
    """The exception that is raised; unlike its base, a weak reference shows whether it still exists."""


def listen() -> None:
    """Take over SIGINT and SIGTERM; called once a stage, in the main thread."""
    global _requested, _holds, _raised, _settled, _registered
    _requested, _holds, _raised, _settled = False, 0, None, False
    for number in _SIGNALS:
        signal.signal(number, _handle)
    if not isinstance(sys.unraisablehook, _Unraisable):
        sys.unraisablehook = _Unraisable(sys.unraisablehook)
    if not _registered:
        _registered = True
        atexit.register(_leave)


def requested() -> bool:
    """Whether SIGINT or SIGTERM was received since `listen`."""
    return _requested


def check() -> None:
    """Stop here if an interruption was requested.

    Raises:
        KeyboardInterrupt: when SIGINT or SIGTERM was received since `listen`.
    """
    if _requested:
        raise _interruption()


@contextmanager
def deferred() -> Iterator[None]:
    """A short critical section: SIGINT and SIGTERM are recorded, and nothing is raised.

    Nothing is raised at its end either: the caller uses `check` for that. It may be nested, used in a thread other than
    the main one, and used before `listen`.
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
    """Ignore signals until the end of the process: result and exit code are final."""
    global _settled
    _settled = True


def _handle(number: int, frame: FrameType | None) -> None:
    global _requested, _first_time
    if not _requested:
        _requested, _first_time = True, time.monotonic()
    if _holds:
        return
    if _settled or (_raised is not None and _raised() is not None):
        if time.monotonic() - _first_time > PATIENCE:
            os.write(2, b"\nerror: interrupted while cleaning up; run the same command to go on\n")
            os._exit(INTERRUPTED)
        return
    raise _interruption()


def _interruption() -> KeyboardInterrupt:
    global _raised
    interruption = _Interruption()
    _raised = weakref.ref(interruption)
    return interruption


def _leave() -> None:
    """Ignore signals while the interpreter shuts down, where no handler runs any more."""
    for number in _SIGNALS:
        if signal.getsignal(number) is _handle:
            signal.signal(number, signal.SIG_IGN)


class _Unraisable:
    """Hides an interruption in a finalizer, for which Python would print a traceback and go on."""

    def __init__(self, hook: Callable[[sys.UnraisableHookArgs], object]) -> None:
        self._hook = hook

    def __call__(self, unraisable: sys.UnraisableHookArgs) -> None:
        if not (_requested and unraisable.exc_type is not None and issubclass(unraisable.exc_type, KeyboardInterrupt)):
            self._hook(unraisable)
