"""Progress in occasional plain lines without control characters, for log files and pipes."""

from __future__ import annotations

import time
from collections.abc import Callable

SELDOM = 30.0
"""Most seconds between two lines."""
OFTEN = 10.0
"""Least seconds between two lines."""
STEPS = 10
"""Equal parts of the work after each of which there is a new line, but not more often than `OFTEN`."""


class ProgressLines:
    """Reports the progress of long work; work of less than `OFTEN` seconds is not reported.

    Args:
        title: of the work.
        say: writes a line.
        clock: time in seconds.
    """

    def __init__(self, title: str, say: Callable[[str], None], clock: Callable[[], float] = time.monotonic) -> None:
        self._title, self._say, self._clock = title, say, clock
        self._start = self._last = clock()
        self._steps = 0

    def show(self, share: float | None, text: str) -> None:
        """Write a line if it is due.

        Args:
            share: the finished share of the work, from 0 to 1; None if unknown.
            text: the finished work.
        """
        now = self._clock()
        passed = now - self._last
        steps = int(STEPS * (share or 0.0) + 1e-9)
        if passed < OFTEN or not (passed >= SELDOM or steps > self._steps):
            return
        self._last, self._steps = now, steps
        spent = now - self._start
        parts = [text, f"{duration(spent)} so far"]
        if share:
            parts[:0] = [f"{share:.0%}"]
            parts.append(f"about {duration(spent * (1 - share) / share)} left")
        self._say(f"{self._title}: {', '.join(parts)}")


def duration(seconds: float) -> str:
    """A duration in words.

    Example:
        >>> duration(42), duration(754), duration(7300)
        ('42 s', '13 min', '2 h 2 min')
    """
    if seconds < 100:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60} min"
