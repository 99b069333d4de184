"""Ctrl-C where Python itself ignores what is raised, where it must wait, and where it comes twice."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline import interruption

FINALIZER = """
import signal
from pipeline import interruption

class Owner:
    def __del__(self):
        {statement}

interruption.listen()
owner = Owner()
del owner
print(interruption.requested())
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
    process = _ended("signal.raise_signal(signal.SIGINT)")
    assert (process.stdout, process.stderr) == ("True\n", "")


def test_a_defect_in_a_finalizer_is_still_told() -> None:
    process = _ended("raise ValueError('of its own')")
    assert process.stdout == "False\n"
    assert "ValueError: of its own" in process.stderr


@pytest.fixture
def listening() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    interruption.listen()
    yield
    interruption.listen()
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_held_signal_is_remembered_and_raised_where_it_is_asked_for(number: int, listening: None) -> None:
    with interruption.deferred():
        with interruption.deferred():
            signal.raise_signal(number)
        signal.raise_signal(number)
        assert interruption.requested()
    with pytest.raises(KeyboardInterrupt):
        interruption.check()


def test_a_signal_after_a_held_part_raises(listening: None) -> None:
    with interruption.deferred():
        pass
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGTERM)


def test_a_held_part_that_fails_holds_no_longer(listening: None) -> None:
    with pytest.raises(ValueError, match="own"), interruption.deferred():
        raise ValueError("its own")
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)


def test_signals_are_held_where_nobody_listens_too() -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    with interruption.deferred():
        signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(signal.SIGINT)
    assert interruption.requested()
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


def test_a_second_signal_while_the_first_is_handled_changes_nothing(listening: None) -> None:
    cleaned = False
    with pytest.raises(KeyboardInterrupt):
        try:
            signal.raise_signal(signal.SIGINT)
        finally:
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGTERM)
            cleaned = True
    assert cleaned


def test_a_second_signal_raises_where_the_first_was_swallowed(listening: None) -> None:
    with contextlib.suppress(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)


AT_THE_END = """
import atexit, signal, sys
from pipeline import interruption

@atexit.register
def late():
    signal.raise_signal(signal.SIGINT)
    signal.raise_signal(signal.SIGTERM)

class Owner:
    def __del__(self):
        import os
        os.kill(os.getpid(), {number})

interruption.listen()
sys.owner = Owner()
interruption.settle()
signal.raise_signal(signal.SIGTERM)
sys.exit(7)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_at_the_end_of_the_interpreter_are_silent(number: int) -> None:
    code = AT_THE_END.format(number=int(number))
    process = subprocess.run(
        [sys.executable, "-c", code], cwd=Path(__file__).parents[2], capture_output=True, text=True, check=False
    )
    assert (process.returncode, process.stdout, process.stderr) == (7, "", "")


CLEANING_UP = """
import signal, time
from pipeline import interruption

interruption.PATIENCE = 0.0
interruption.listen()
try:
    signal.raise_signal(signal.SIGINT)
finally:
    time.sleep(0.01)
    signal.raise_signal(signal.SIGINT)
    print("not reached")
"""


def test_cleaning_up_without_end_can_be_cut_short() -> None:
    process = subprocess.run(
        [sys.executable, "-c", CLEANING_UP],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode == 130
    assert process.stdout == ""
    assert process.stderr.strip() == "error: interrupted while cleaning up; run the same command to go on"
