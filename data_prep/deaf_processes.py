"""Starting processes that Ctrl-C does not reach: a terminal sends SIGINT to all, and only the main one may decide."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from multiprocessing import resource_tracker
from multiprocessing.process import BaseProcess


def start(processes: Sequence[BaseProcess]) -> None:
    """Start processes; they inherit a mask that keeps SIGINT from them."""
    # The start of multiprocessing's own helper would take the mask off again.
    resource_tracker.ensure_running()
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        for process in processes:
            process.start()
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
