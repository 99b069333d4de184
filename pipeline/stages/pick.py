"""The stage `pick`: the configuration of a new run from a design on the front of `search`."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from data_prep.errors import ConfigurationError
from pipeline import console
from pipeline.artefacts.door import check, enclosing_artefact
from pipeline.stage import Stage


def run(
    search: Annotated[Path, typer.Argument(help="Designs: a folder made by `search`.")],
    name: Annotated[str, typer.Option(help="Name of the new run, a folder beside the other configurations.")],
    point: Annotated[int | None, typer.Option(help="Number of a trial, as in front.json.")] = None,
    lut: Annotated[int | None, typer.Option(min=1, help="Instead: the best design with at most so many LUTs.")] = None,
    clocks: Annotated[
        int | None, typer.Option(min=1, help="Instead: the best design with at most so many clocks of latency.")
    ] = None,
    configs: Annotated[Path, typer.Option(help="Folder with the configurations of all runs.")] = Path("configs"),
) -> None:
    """Make a run of one design that `search` found.

    Writes its configuration files; `make RUN=<name>` then trains and proves it.
    """
    from pipeline.studies.search.pick import choose, read_front, require_name, write_run
    from pipeline.studies.search.settings import ConstraintSettings

    if (point is None) == (lut is None and clocks is None):
        raise ConfigurationError("choose a design by --point, or by --lut, --clocks or both")
    folder = require_name(name, configs)
    if enclosing_artefact(search) is not None:
        check(search)
    front = read_front(search)
    limits = ConstraintSettings(lut=lut, clocks=clocks)
    design = choose(front, point, limits)
    options = [f"--point {point}"] if point is not None else []
    options += [f"--{key} {value}" for key, value in (("lut", lut), ("clocks", clocks)) if value is not None]
    command = f"python -m pipeline pick {shlex.quote(str(search))} {' '.join(options)} --name {name}"
    write_run(search, design, front, folder, command)
    files = "" if front["sample"] else " FILES='…'"
    console.done("pick", f"{folder}: trial {design['trial']}; train and prove it with `make RUN={name}{files}`")


STAGE = Stage(
    run,
    place=29,
    example=r"""
python -m pipeline pick build/search/28_search \
  --lut 40000 --clocks 20 --name mine
""",
    inputs=("search",),
)
