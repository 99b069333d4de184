"""The output of a command: a progress bar while it works, one line when it is done, warnings and errors.

Without a terminal, the bar is replaced by an occasional line. With `-q` only warnings and errors are written, with `-v`
also the log: why something is made again, the programs that are run, times.
"""

from __future__ import annotations

import codecs
import io
import logging
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from enum import IntEnum

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from pipeline import interruption
from pipeline.progress_lines import ProgressLines

_PLAIN = {
    "±": "+-", "·": "*", "×": "x", "−": "-", "–": "-", "→": "->", "…": "...", "≥": ">=", "≤": "<=", "≈": "~",
    "η": "eta", "φ": "phi", "π": "pi", "σ": "sigma", "Δ": "Delta", "µ": "u", "μ": "mu", "²": "^2", "√": "sqrt",
    "°": "deg", "’": "'", "“": '"', "”": '"', "━": "-", "╸": "-", "╺": "-",
}  # fmt: skip
"""The replacement of a character that the encoding of an output lacks; others are escaped as in Python."""

_STDERR = Console(stderr=True)
_STDOUT = Console(highlight=False, soft_wrap=True)

LOGGERS = ("data_prep", "models", "hls_projects", "pipeline")
"""The loggers whose messages `-v` writes."""


class Level(IntEnum):
    """How much is written."""

    QUIET = 0
    NORMAL = 1
    VERBOSE = 2


_level = Level.NORMAL


class _Details(logging.Handler):
    """Writes the log of the project's packages."""

    def emit(self, record: logging.LogRecord) -> None:
        detail(record.getMessage())


_DETAILS = _Details()


def set_level(level: Level) -> None:
    """Set how much is written from now on, in this process."""
    global _level
    _level = level
    for name in LOGGERS:
        logger = logging.getLogger(name)
        logger.removeHandler(_DETAILS)
        logger.propagate = level is not Level.VERBOSE
        logger.setLevel(logging.INFO if level is Level.VERBOSE else logging.NOTSET)
        if level is Level.VERBOSE:
            logger.addHandler(_DETAILS)


def level() -> Level:
    """How much is written."""
    return _level


def interactive() -> bool:
    """Whether a moving bar can be shown."""
    return _STDERR.is_interactive and not _STDERR.is_dumb_terminal


def take_any_text() -> None:
    """Write characters that the encoding of the output lacks in a plain form, so that no output fails."""
    codecs.register_error("plain", _plain)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="plain")


def _plain(error: UnicodeError) -> tuple[str | bytes, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    characters = error.object[error.start : error.end]
    return "".join(_PLAIN.get(c) or c.encode("ascii", "backslashreplace").decode() for c in characters), error.end


@contextmanager
def progress(title: str, total: int | None, unit: str) -> Iterator[Callable[[int], None]]:
    """Show the progress of work; yields the function that advances it by n units."""
    if _level is Level.QUIET:
        yield lambda n: interruption.check()
    elif not interactive():
        yield _lines(title, total, unit)
    else:
        with _bar(title, total, unit) as advance:
            yield advance


def _lines(title: str, total: int | None, unit: str) -> Callable[[int], None]:
    lines, finished = ProgressLines(title, say), 0

    def advance(n: int) -> None:
        nonlocal finished
        interruption.check()
        finished += n
        of = f" of {total:,}" if total is not None else ""
        lines.show(finished / total if total else None, f"{finished:,}{of} {unit}")

    return advance


@contextmanager
def _bar(title: str, total: int | None, unit: str) -> Iterator[Callable[[int], None]]:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[unit]}"),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=_STDERR, transient=True) as bar:
        task = bar.add_task(title, total=total, unit=unit, rate="")

        def advance(n: int) -> None:
            interruption.check()
            bar.advance(task, n)
            speed = bar.tasks[0].speed
            bar.update(task, rate=f"{speed:,.0f}/s" if speed else "")

        yield advance


def done(stage: str, line: str) -> None:
    """The stage's closing line."""
    if _level > Level.QUIET:
        _STDOUT.print(f"[bold green]{stage:<9}[/] ", end="")
        _STDOUT.print(line, markup=False)


def rows(title: str, content: Sequence[tuple[str, str]]) -> None:
    """A title, and below it names with their texts."""
    if _level is Level.QUIET:
        return
    _STDOUT.print(title, style="bold", markup=False)
    width = max((len(name) for name, _ in content), default=0)
    for name, text in content:
        _STDOUT.print(f"  {name:<{width}}  ", style="cyan", markup=False, end="")
        _STDOUT.print(text, markup=False)


def say(line: str) -> None:
    """A line of progress."""
    if _level > Level.QUIET:
        _STDERR.print(line, markup=False, highlight=False, soft_wrap=True)


def detail(line: str) -> None:
    """A line that is written with `-v` only."""
    if _level is Level.VERBOSE:
        _STDERR.print(line, style="dim", markup=False, highlight=False, soft_wrap=True)


def warn(line: str) -> None:
    """A line that the user should read, without an error."""
    _STDERR.print("[bold yellow]warning[/]", end=" ")
    _STDERR.print(line, markup=False, highlight=False, soft_wrap=True)


def fail(line: str) -> None:
    """The one line of an error."""
    _STDERR.print("[bold red]error[/]", end=" ")
    _STDERR.print(line, markup=False, highlight=False, soft_wrap=True)
