"""The commands, and the options that all of them take."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from data_prep.registry import Registry
from pipeline import console
from pipeline.completion import Shell, install, script
from pipeline.stage import Stage, command

STAGES = Registry("pipeline.stages", "STAGE", Stage)
"""The stages by the names of their modules."""

PROGRAM = "python -m pipeline"


def _quiet(value: bool) -> None:
    if value:
        _choose(console.Level.QUIET)


def _verbose(value: bool) -> None:
    if value:
        _choose(console.Level.VERBOSE)


def _choose(level: console.Level) -> None:
    if console.level() not in (console.Level.NORMAL, level):
        raise typer.BadParameter("give one of -q and -v")
    console.set_level(level)


Quiet = Annotated[
    bool,
    typer.Option("-q", "--quiet", callback=_quiet, expose_value=False, help="Only warnings and errors, no progress."),
]
Verbose = Annotated[
    bool,
    typer.Option(
        "-v",
        "--verbose",
        callback=_verbose,
        expose_value=False,
        help="Also reasons, programs that are run, and times.",
    ),
]


def _version(value: bool) -> None:
    if value:
        from pipeline.version import version

        typer.echo(version())
        raise typer.Exit


def _show(shell: Shell | None) -> None:
    if shell is not None:
        typer.echo(script(shell))
        raise typer.Exit


def _install(shell: Shell | None) -> None:
    if shell is not None:
        console.done("pipeline", f"{install(shell)}: written; open a new terminal to have completion")
        raise typer.Exit


def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show version and commit.")
    ] = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
    install_completion: Annotated[
        Shell | None,
        typer.Option("--install-completion", callback=_install, help="Complete commands and options in this shell."),
    ] = None,
    show_completion: Annotated[
        Shell | None,
        typer.Option("--show-completion", callback=_show, help="Show what --install-completion writes."),
    ] = None,
) -> None:
    """From jet constituents in ROOT files to verified trigger firmware, one command a stage.

    `make` runs them all; `python -m pipeline COMMAND -h` shows what a command takes, with an example.
    """


class Commands(Mapping[str, Any]):
    """The command of each stage, imported on request: no stage waits for the libraries of the others."""

    def __getitem__(self, name: str) -> Any:
        if name not in self:
            raise KeyError(name)
        declared = STAGES[name.replace("-", "_")]
        stage = typer.Typer(add_completion=False, rich_markup_mode=None)
        stage.command(name, epilog=f"\b\nExample:\n{_indented(declared.example)}")(declared.run)
        click_command = typer.main.get_command(stage)
        click_command.params += [parameter for parameter in _common().params if parameter.name in ("quiet", "verbose")]
        return click_command

    def __contains__(self, name: object) -> bool:
        return name in self.names

    def __iter__(self) -> Iterator[str]:
        """The commands in the order of the flow; imports all stages."""
        return (stage.name for stage in sorted(STAGES.values(), key=lambda stage: stage.place))

    def __len__(self) -> int:
        return len(STAGES)

    @cached_property
    def names(self) -> list[str]:
        """The commands in alphabetical order; imports no stage."""
        return sorted(command(module) for module in STAGES)


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.strip().splitlines())


def _common() -> Any:
    """A command with the options that every command takes."""
    template = typer.Typer(add_completion=False)

    @template.command()
    def common(quiet: Quiet = False, verbose: Verbose = False) -> None:
        """A command without work."""

    return typer.main.get_command(template)


class StageGroup(TyperGroup):
    """The command line, one command a stage."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands: Any = Commands()


app = typer.Typer(
    name=PROGRAM,
    cls=StageGroup,
    callback=options,
    context_settings={"help_option_names": ["-h", "--help"]},
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
