"""What a stage says on the terminal: a progress bar while it works, one line when it is done."""

from __future__ import annotations

import codecs
import io
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from pipeline import interruption

_PLAIN = {
    "±": "+-", "·": "*", "×": "x", "−": "-", "–": "-", "→": "->", "…": "...", "≥": ">=", "≤": "<=", "≈": "~",
    "η": "eta", "φ": "phi", "π": "pi", "σ": "sigma", "Δ": "Delta", "µ": "u", "μ": "mu", "²": "^2", "√": "sqrt",
    "°": "deg", "’": "'", "“": '"', "”": '"', "━": "-", "╸": "-", "╺": "-",
}  # fmt: skip
"""What stands for a character where an output cannot hold it; others are escaped as in Python."""

_STDERR = Console(stderr=True)
_STDOUT = Console(highlight=False, soft_wrap=True)


def take_any_text() -> None:
    """Let no output of this process fail for a character that its encoding lacks: it is written in a plain form."""
    codecs.register_error("plain", _plain)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="plain")


def _plain(error: UnicodeError) -> tuple[str | bytes, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    found = error.object[error.start : error.end]
    return "".join(_PLAIN.get(c) or c.encode("ascii", "backslashreplace").decode() for c in found), error.end


@contextmanager
def progress(title: str, total: int | None, unit: str) -> Iterator[Callable[[int], None]]:
    """Show a progress bar with rate and time left; yields the function that advances it by n units."""
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
    _STDOUT.print(f"[bold green]{stage:<9}[/] {line}")


def rows(title: str, content: Sequence[tuple[str, str]]) -> None:
    """A title, and below it names with what belongs to them."""
    _STDOUT.print(title, style="bold", markup=False)
    width = max((len(name) for name, _ in content), default=0)
    for name, text in content:
        _STDOUT.print(f"  {name:<{width}}  ", style="cyan", markup=False, end="")
        _STDOUT.print(text, markup=False)


def warn(line: str) -> None:
    """Something the user should know and need not mend."""
    _STDERR.print("[bold yellow]warning[/]", end=" ")
    _STDERR.print(line, markup=False, highlight=False, soft_wrap=True)


def fail(line: str) -> None:
    """The one line of an error."""
    _STDERR.print("[bold red]error[/]", end=" ")
    _STDERR.print(line, markup=False, highlight=False, soft_wrap=True)
