"""Running a command, and turning a failure into one line and an exit code."""

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

# Libraries that print on import: their log level is set before any stage imports them.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
logging.getLogger("tensorflow").setLevel(logging.ERROR)

NO_RIGHTS = (errno.EACCES, errno.EROFS)


def main(arguments: list[str] | None = None) -> int:
    """Run one stage; the exit code is 0 only if it succeeded.

    Errors of the user become one line, and so does a lack of memory, disk or another resource; `KeyboardInterrupt`
    (also from SIGTERM) ends with 130. Any other exception is a defect and keeps its traceback.
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
    except BaseException as error:  # noqa: BLE001 - Ctrl-C too; unexpected errors are raised again
        return _ending(error)
    # Typer turns Ctrl-C into an exit code.
    return _interrupted() if code == INTERRUPTED else int(code or 0)


def _ending(error: BaseException) -> int:
    """The exit code of a stage that raised; any error after an interruption is its consequence."""
    if isinstance(error, UpToDate):
        done(error.stage, f"{error.out}: unchanged")
        return 0
    if interruption.requested() or isinstance(error, typer.Abort | KeyboardInterrupt):
        return _interrupted()
    if isinstance(error, TyperException):
        fail(_usage(error))
        return error.exit_code
    fault = machine_fault(error) or error
    if isinstance(fault, PipelineError):
        fail(str(fault))
        return 1
    if isinstance(error, shutil.Error):
        # The copy of a tree collects errors: (from, to, reason) for every file.
        fail(f"{error.args[0][0][2]} (change the permissions, then run it again)")
        return 1
    if isinstance(error, OSError) and error.errno in NO_RIGHTS:
        place = error.filename or "writing the result"
        fail(f"{place}: {os.strerror(error.errno)} (change the permissions, then run it again)")
        return 1
    raise error


def _usage(error: Any) -> str:
    """The error in a command line, and where its correct form is described."""
    message = error.format_message().rstrip(".")
    if option := getattr(error, "option_name", None) if hasattr(error, "possibilities") else None:
        message = f"no such option {option}"
        if matches := _near(option, error.possibilities or []):
            return f"{message}; did you mean {' or '.join(matches)}?"
    elif match := re.fullmatch(r"No such command '(.*?)'(?:\. Did you mean (.*)\?)?", message):
        message = f"no such command {match[1]}"
        if match[2]:
            return f"{message}; did you mean {match[2].replace(chr(39), '').replace(', ', ' or ')}?"
    command = getattr(getattr(error, "ctx", None), "command_path", PROGRAM)
    return f"{message[0].lower()}{message[1:]} (see `{command} -h`)"


def _near(option: str, options: Sequence[str]) -> list[str]:
    """The options that resemble a mistyped one, dashes apart."""
    names = {name.lstrip("-"): name for name in options}
    return [names[name] for name in get_close_matches(option.lstrip("-"), names)]


def _interrupted() -> int:
    fail("interrupted; no unfinished result was left, run the same command to go on")
    return INTERRUPTED
