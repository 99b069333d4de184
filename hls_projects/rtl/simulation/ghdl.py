"""The VHDL of a design simulated by GHDL on test vectors, every clock checked.

Much slower than Verilator, so meant for some hundred vectors. Registers begin as `U`, which reaches the outputs of any
design that reads one before it is written.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from data_prep.errors import PipelineError, ToolNotFoundError
from data_prep.system.machine import require_machine
from data_prep.system.programs import Children, Ended
from hls_projects.rtl.design import RtlDesign
from hls_projects.rtl.simulation.simulated import Integers, Simulated, broken, checked_vectors
from hls_projects.rtl.simulation.traffic import Schedule, TrafficPlan, schedule
from hls_projects.rtl.simulation.verilator import by_beat
from hls_projects.rtl.simulation.working_folder import Held, working_folder
from hls_projects.templating import filled

_LEVELS = {"0": "low", "1": "high"}


@dataclass(frozen=True)
class VhdlSimulator:
    """An analysed design."""

    library: Path
    design: RtlDesign
    held: Held = None
    """The folder of the library where GHDL does not take that of the caller."""

    def run(self, batches: Iterable[Integers], plan: TrafficPlan | None = None) -> Iterator[Simulated]:
        """Simulate batches of vectors, one after the other, each with a reset of its own.

        Args:
            batches: int64 [vectors, elements]: raw integers of all inputs, one input after the other, in C order.
            plan: how they are driven.

        Yields:
            The outputs of each batch, in order.

        Raises:
            ProofFailedError: when `out_valid` is not high in exactly the clocks it must be, or a result holds undefined
                bits; clock and vector are named.
            PipelineError: when the simulation ends by itself.
            ValueError: when a batch does not fit the inputs.
        """
        plan = plan or TrafficPlan()
        first = 0
        for number, batch in enumerate(batches):
            vectors = checked_vectors(self.design, batch)
            planned = schedule(self.design, len(vectors), plan, number)
            yield Simulated(self._batch(number, vectors, planned, plan, first), planned.traffic)
            first += len(vectors)

    def _batch(self, number: int, vectors: Integers, planned: Schedule, plan: TrafficPlan, first: int) -> Integers:
        with tempfile.TemporaryDirectory(dir=self.library) as name, Children() as children:
            folder = Path(name)
            rng = np.random.default_rng([plan.seed, number, 1])
            with (folder / "stimulus").open("w", encoding="ascii") as file:
                file.writelines(_stimulus(self.design, vectors, planned, rng))
            command = ["ghdl", "--elab-run", *_options(folder, self.library), f"{self.design.name}_player"]
            ended = children.run([*command, "--ieee-asserts=disable"], folder=folder)
            results = folder / "found"
            lines = results.read_text(encoding="ascii").split("\n")[:-1] if results.exists() else []
        if lines and lines[-1].startswith("!"):
            clock, level = lines[-1][1:].split()
            raise self._broken(planned, int(clock), _LEVELS.get(level, "undefined"), first)
        if ended.code != 0 or len(lines) != len(planned.results):
            require_machine(ended.errors, self.library, code=ended.code)
            raise PipelineError(f"the simulation ended with code {ended.code}: {_told(ended)}", file=self.library)
        outputs = np.zeros((len(vectors), len(self.design.output_widths)), dtype=np.int64)
        for (clock, row), line in zip(planned.results.tolist(), lines, strict=True):
            if set(line) - {"0", "1"}:
                raise broken(self.design, planned, (clock, row, "data"), first, self.library)
            outputs[row] = _unpacked(line, self.design.output_widths, self.design.output_signs)
        return outputs

    def _broken(self, planned: Schedule, clock: int, level: str, first: int) -> PipelineError:
        rows = planned.results if level == "low" else planned.starts
        before = rows[rows[:, 0] <= clock]
        row = int(before[-1, 1]) if len(before) else -1
        return broken(self.design, planned, (clock, row, level), first, self.library)


def build(folder: Path, scratch: Path) -> VhdlSimulator:
    """Analyse the VHDL of a design.

    Args:
        folder: a design: `rtl.json` and `vhdl/`.
        scratch: where everything is written; the caller removes it.

    Raises:
        ToolNotFoundError: when there is no GHDL.
        PipelineError: when GHDL refuses the design, or takes no path in which it could work.
    """
    design = RtlDesign.load(folder)
    if shutil.which("ghdl") is None:
        raise ToolNotFoundError("ghdl not found, needed to simulate the VHDL", remedy="`apt install ghdl`")
    library, held = working_folder(scratch / "ghdl")
    player = library / f"{design.name}_player.vhd"
    player.write_text(_player_source(design), encoding="utf-8")
    # The library records the names of its sources: they are copied, so that no path of the user's is among them.
    for name in design.vhdl:
        shutil.copyfile(folder / "vhdl" / name, library / name)
    with Children() as children:
        command = ["ghdl", "-a", *_options(library, library), *design.vhdl, player.name]
        ended = children.run(command, folder=library)
    if ended.code != 0:
        require_machine(ended.errors, scratch, code=ended.code)
        raise PipelineError(f"GHDL refuses the design: {_told(ended)}", file=folder)
    return VhdlSimulator(library, design, held)


def ghdl_version() -> str:
    """The first line of `ghdl --version`.

    Raises:
        ToolNotFoundError: when there is no GHDL.
    """
    if shutil.which("ghdl") is None:
        raise ToolNotFoundError("ghdl not found, needed to simulate the VHDL", remedy="`apt install ghdl`")
    with Children() as children:
        return children.run(["ghdl", "--version"]).output.splitlines()[0].strip()


def _options(folder: Path, library: Path) -> list[str]:
    """Options of GHDL run in some folder: the path of the library is relative, for it takes no quotes in paths."""
    return ["--std=08", f"--workdir={os.path.relpath(library, folder)}"]


def _player_source(design: RtlDesign) -> str:
    values = {
        "name": design.name,
        "input_bits": sum(design.input_widths),
        "output_bits": sum(design.output_widths),
    }
    return filled("vhdl_player.vhd.j2", values)


def _stimulus(design: RtlDesign, vectors: Integers, planned: Schedule, rng: np.random.Generator) -> Iterator[str]:
    """One line a clock, as the player reads them."""
    widths = design.input_widths
    beats = by_beat(design, vectors)
    resets = set(planned.resets.tolist())
    starts = dict(planned.starts.tolist())
    due = {clock for clock, _ in planned.results.tolist()}
    first = int(planned.resets[0])
    row, beat = 0, design.beats
    for clock in range(planned.clocks):
        rst = clock in resets
        valid = clock in starts
        beat = design.beats if rst else beat
        if valid:
            row, beat = starts[clock], 0
        if beat < design.beats:
            data = _packed(beats[row, beat], widths)
            beat += 1
        else:
            data = "".join(map(str, rng.integers(0, 2, sum(widths)).tolist()))
        if rst or clock < first:
            valid = bool(rng.integers(0, 2))
        expected = "-" if rst or clock <= first else str(int(clock in due))
        yield f"{int(rst)} {int(valid)} {expected} {data}\n"


def _packed(values: Integers, widths: list[int]) -> str:
    """Values as one binary number, the first in the lowest bits."""
    bits = [
        format(value & ((1 << width) - 1), f"0{width}b") for value, width in zip(values.tolist(), widths, strict=True)
    ]
    return "".join(reversed(bits))


def _unpacked(line: str, widths: list[int], signs: list[bool]) -> npt.NDArray[np.int64]:
    values = []
    end = len(line)
    for width, signed in zip(widths, signs, strict=True):
        value = int(line[end - width : end], 2)
        values.append(value - (1 << width) if signed and value >> (width - 1) else value)
        end -= width
    return np.asarray(values, dtype=np.int64)


def _told(ended: Ended) -> str:
    lines = [line for line in (ended.errors + ended.output).splitlines() if line.strip()]
    return next((line for line in lines if "error" in line.lower()), (lines or ["no message"])[0])[:500]
