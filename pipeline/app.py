"""How a command is run, and how a failure ends."""

from __future__ import annotations

import errno
import logging
import os
import re
import shutil
import sys
import time
from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any

import typer
from typer.exceptions import TyperException

from data_prep.errors import PipelineError
from data_prep.system.machine import machine_fault
from pipeline import interruption
from pipeline.artefacts.artefact import UpToDate
from pipeline.commands import PROGRAM, app
from pipeline.console import Level, detail, done, fail, set_level, take_any_text
from pipeline.interruption import INTERRUPTED

# Libraries that print while they are imported: their log level is set before any stage imports them.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
logging.getLogger("tensorflow").setLevel(logging.ERROR)

NO_RIGHTS = (errno.EACCES, errno.EROFS)


def main(arguments: list[str] | None = None) -> int:
    """Run one stage; the exit code is 0 only if it ended whole.

    Errors of the user's making become one line; `KeyboardInterrupt` (also from SIGTERM) ends with 130, and what
    the machine lacks is said. Any other exception is a defect and keeps its traceback.
    """
    interruption.listen()
    take_any_text()
    begin = time.monotonic()
    try:
        return _run((sys.argv[1:] if arguments is None else arguments) or ["--help"])
    finally:
        detail(f"took {time.monotonic() - begin:.1f} s")
        set_level(Level.NORMAL)


def _run(arguments: list[str]) -> int:
    try:
        code = app(args=arguments, prog_name=PROGRAM, standalone_mode=False)
    except BaseException as error:  # noqa: BLE001 - Ctrl-C too; what is no ending of ours is raised again
        return _ending(error)
    # Typer turns Ctrl-C into an exit code.
    return _interrupted() if code == INTERRUPTED else int(code or 0)


def _ending(error: BaseException) -> int:
    """The exit code of a stage that raised; whatever comes after an interruption is a consequence of it."""
    if isinstance(error, UpToDate):
        done(error.stage, f"{error.out}: unchanged")
        return 0
    if interruption.asked() or isinstance(error, typer.Abort | KeyboardInterrupt):
        return _interrupted()
    if isinstance(error, TyperException):
        fail(_usage(error))
        return error.exit_code
    told = machine_fault(error) or error
    if isinstance(told, PipelineError):
        fail(str(told))
        return 1
    if isinstance(error, shutil.Error):
        # A copied tree collects what went wrong: (from, to, reason) a file.
        fail(f"{error.args[0][0][2]} (change the permissions, then run it again)")
        return 1
    if isinstance(error, OSError) and error.errno in NO_RIGHTS:
        where = error.filename or "writing the result"
        fail(f"{where}: {os.strerror(error.errno)} (change the permissions, then run it again)")
        return 1
    raise error


def _usage(error: Any) -> str:
    """What is wrong with a command that was typed, and where to read how it is right."""
    told = error.format_message().rstrip(".")
    if option := getattr(error, "option_name", None) if hasattr(error, "possibilities") else None:
        told = f"no such option {option}"
        if near := _near(option, error.possibilities or []):
            return f"{told}; did you mean {' or '.join(near)}?"
    elif match := re.fullmatch(r"No such command '(.*?)'(?:\. Did you mean (.*)\?)?", told):
        told = f"no such command {match[1]}"
        if match[2]:
            return f"{told}; did you mean {match[2].replace(chr(39), '').replace(', ', ' or ')}?"
    command = getattr(getattr(error, "ctx", None), "command_path", PROGRAM)
    return f"{told[0].lower()}{told[1:]} (see `{command} -h`)"


def _near(option: str, others: Sequence[str]) -> list[str]:
    """Those options that are like one even without their dashes."""
    names = {each.lstrip("-"): each for each in others}
    return [names[name] for name in get_close_matches(option.lstrip("-"), names)]


def _interrupted() -> int:
    fail("interrupted; no unfinished result was left, run the same command to go on")
    return INTERRUPTED
