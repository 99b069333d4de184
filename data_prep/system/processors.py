"""Number of usable processors."""

from __future__ import annotations

import os


def cores() -> int:
    """The processors that this process may use: a batch system gives it fewer than the machine has."""
    return len(os.sched_getaffinity(0))
