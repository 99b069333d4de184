"""The command line's frame: which stages there are, and how a failure ends."""

from __future__ import annotations

import errno
import logging
import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup
from typer.exceptions import TyperException

from data_prep.errors import PipelineError
from data_prep.machine import machine_fault
from pipeline import interruption
from pipeline.artefact import UpToDate
from pipeline.console import done, fail, take_any_text
from pipeline.interruption import INTERRUPTED

# Libraries that talk while they are imported are asked to be quiet before any stage imports them.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
logging.getLogger("tensorflow").setLevel(logging.ERROR)

NO_RIGHTS = (errno.EACCES, errno.EROFS)

STAGES = (
    "inspect",
    "generate",
    "images",
    "mass-closure",
    "candidates",
    "symmetries",
    "symmetries-rtl",
    "search",
    "pick",
    "train",
    "lower",
    "convert",
    "csim",
    "rtl",
    "synth",
    "rates",
    "emulate",
    "export",
    "verify",
    "compare-capture",
    "report",
)
"""The commands in the order of the flow; each is `run` of the module of its name in `pipeline/stages/`."""


class Commands(Mapping[str, Any]):
    """The command of each stage, imported when it is asked for: no stage waits for the libraries of the others."""

    def __getitem__(self, name: str) -> Any:
        if name not in STAGES:
            raise KeyError(name)
        stage = typer.Typer(add_completion=False, rich_markup_mode=None)
        stage.command(name)(import_module(f"pipeline.stages.{name.replace('-', '_')}").run)
        return typer.main.get_command(stage)

    def __iter__(self) -> Iterator[str]:
        return iter(STAGES)

    def __len__(self) -> int:
        return len(STAGES)


class StageGroup(TyperGroup):
    """The command line, one command a stage."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands: Any = Commands()


app = typer.Typer(
    name="python -m pipeline",
    cls=StageGroup,
    callback=lambda: None,
    help="From jet constituents in ROOT files to verified trigger firmware, stage by stage.",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def main(arguments: list[str] | None = None) -> int:
    """Run one stage; the exit code is 0 only if it ended whole.

    Errors of the user's making become one line; `KeyboardInterrupt` (also from SIGTERM) ends with 130, and what
    the machine lacks is said. Any other exception is a defect and keeps its traceback.
    """
    interruption.listen()
    take_any_text()
    try:
        code = app(args=(sys.argv[1:] if arguments is None else arguments) or ["--help"], standalone_mode=False)
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
        fail(error.format_message())
        return error.exit_code
    told = machine_fault(error) or error
    if isinstance(told, PipelineError):
        fail(str(told))
        return 1
    if isinstance(error, shutil.Error):
        # A copied tree collects what went wrong: (from, to, reason) a file.
        fail(f"{error.args[0][0][2]} (give the rights, then run it again)")
        return 1
    if isinstance(error, OSError) and error.errno in NO_RIGHTS:
        where = error.filename or "writing the result"
        fail(f"{where}: {os.strerror(error.errno)} (give the rights, then run it again)")
        return 1
    raise error


def _interrupted() -> int:
    fail("interrupted; nothing half-written was left, run the same command to go on")
    return INTERRUPTED
