"""Ctrl-C where Python itself ignores what is raised."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

FINALIZER = """
import signal
from pipeline import interruption

class Owner:
    def __del__(self):
        {statement}

interruption.listen()
owner = Owner()
del owner
print(interruption.asked())
"""


def _ended(statement: str) -> subprocess.CompletedProcess[str]:
    """A process in which a finalizer does something."""
    return subprocess.run(
        [sys.executable, "-c", FINALIZER.format(statement=statement)],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )


def test_ctrl_c_in_a_finalizer_is_remembered_without_a_traceback() -> None:
    found = _ended("signal.raise_signal(signal.SIGINT)")
    assert (found.stdout, found.stderr) == ("True\n", "")


def test_a_defect_in_a_finalizer_is_still_told() -> None:
    found = _ended("raise ValueError('of its own')")
    assert found.stdout == "False\n"
    assert "ValueError: of its own" in found.stderr
