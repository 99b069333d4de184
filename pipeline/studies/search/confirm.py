"""The front through synthesis: what designs take by yosys, where the search went by the compiler's estimate."""

from __future__ import annotations

import json
import shutil
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from data_prep.errors import PipelineError, ToolNotFoundError
from data_prep.settings import Settings
from data_prep.system.machine import MachineError
from pipeline.artefacts.json_file import write_json
from pipeline.studies.search.files import files_of
from pipeline.studies.search.networks import hardware_network, model_file
from pipeline.studies.search.record import Record
from pipeline.studies.search.settings import SearchSettings
from pipeline.studies.search.space import Space

if TYPE_CHECKING:
    from data_prep.system.programs import Children


_LOWERING = threading.Lock()
"""Keras builds one network at a time."""


class Confirmed(Settings):
    """A synthesised design, the smallest of its variants."""

    lut: int
    """LUT1 to LUT6."""
    ff: int
    """Flip-flops."""
    carry: int
    """CARRY4."""
    flattened: bool
    """Whether logic was shared across modules."""
    tool: str
    """Program and version."""
    variant: int
    """Which of the variants of hardware.yaml."""
    clocks: int
    """Latency of that variant."""


def confirm(
    designs: Sequence[Record],
    settings: SearchSettings,
    space: Space,
    work: Path,
    workers: int,
    advance: Callable[[int], None],
) -> tuple[dict[int, Confirmed], str]:
    """Synthesise designs, on several cores, as long as there is time; what was counted before is not counted again.

    Args:
        designs: in the order of their turn.
        settings: how many, and for how long.
        space: the search space.
        work: the folder of the search.
        workers: programs at a time.
        advance: called with 1 for every design that is done.

    Returns:
        by trial what was counted, and why others were not.
    """
    from data_prep.system.programs import Children
    from hls_projects.rtl.synthesis.yosys import yosys_version

    confirmed = {record.number: kept for record in designs if (kept := _known(work, record.number)) is not None}
    try:
        yosys_version()
    except ToolNotFoundError as error:
        return confirmed, error.problem
    begin, reason = time.monotonic(), ""
    waiting: list[tuple[Record, Future[Confirmed]]] = []
    with Children() as children, ThreadPoolExecutor(workers) as pool:
        for record in designs[: settings.confirm.points]:
            if record.number in confirmed:
                advance(1)
                continue
            waiting.append(
                (record, pool.submit(_one, record, space, work, children, begin + 60 * settings.confirm.minutes))
            )
        for record, future in waiting:
            try:
                confirmed[record.number] = future.result()
                write_json(_file(work, record.number), confirmed[record.number].model_dump())
            except MachineError:
                raise
            except PipelineError as error:
                reason = reason or f"trial {record.number}: {error.problem}"
            advance(1)
    return confirmed, reason


def _one(record: Record, space: Space, work: Path, children: Children, end: float) -> Confirmed:
    """Build and count all variants of one design."""
    from hls_projects.rtl.forms.assemble import write_design
    from hls_projects.rtl.synthesis.synthesis import FLATTENED_LARGEST, synthesise
    from models.files.load import load_model

    if time.monotonic() > end:
        raise PipelineError("the time for synthesis ran out")
    files = files_of(space.content(dict(record.point)))
    rtl = files.hardware.rtl
    scratch = work / f"synthesis_{record.number}"
    shutil.rmtree(scratch, ignore_errors=True)
    counted: list[Confirmed] = []
    with _LOWERING:
        network = hardware_network(load_model(model_file(work, record.number)), files)
    for number, variant in enumerate(rtl.variants):
        folder = scratch / str(number)
        scratch.mkdir(exist_ok=True)
        logic = write_design(network, files.hardware.name, rtl, variant, folder, files.hardware.builder)
        cells = synthesise(
            folder,
            scratch / f"{number}_work",
            flatten=logic.estimate <= FLATTENED_LARGEST,
            cpu_seconds=rtl.synthesis_seconds,
            children=children,
        )
        kept: dict[str, Any] = {name: getattr(cells, name) for name in ("lut", "ff", "carry", "flattened", "tool")}
        counted.append(Confirmed(**kept, variant=number, clocks=logic.design.latency))
    shutil.rmtree(scratch)
    return min(counted, key=lambda design: design.lut)


def _known(work: Path, number: int) -> Confirmed | None:
    path = _file(work, number)
    return Confirmed.model_validate(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else None


def _file(work: Path, number: int) -> Path:
    return work / "networks" / f"{number}.synthesis.json"
