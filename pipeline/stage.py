"""A stage: one command, and the place of its artefact in the flow."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Stage:
    """One command: `pipeline/stages/<name>.py` declares it as `STAGE`.

    Attributes:
        run: the function of the command; its parameters are the arguments and options, its docstring is the help.
            Slow imports are inside it.
        place: commands are listed in the order of these numbers, that of the flow.
        example: a call of it, as the help shows it and, with an artefact, as `make` runs it.
        artefact: the name of its result under `build/<run>/`; none if it makes no part of a run.
        inputs: the stages whose artefacts it takes.
        in_every_run: whether every run has it; others are made on request, or if they are configured.
    """

    run: Callable[..., None]
    place: int
    example: str
    artefact: str | None = None
    inputs: tuple[str, ...] = ()
    in_every_run: bool = False

    @property
    def name(self) -> str:
        """The command: the name of its module, with dashes."""
        return command(self.run.__module__.rpartition(".")[2])


def command(module: str) -> str:
    """The command of a module.

    >>> command("mass_closure")
    'mass-closure'
    """
    return module.replace("_", "-")
