"""A machine as Verilog and VHDL: the compiler's modules, and a top module with the common ports."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import alkaid.codegen.rtl
import numpy as np
from alkaid.codegen.rtl.verilog.fsm import fsm_logic_gen as verilog_of
from alkaid.codegen.rtl.vhdl.fsm import fsm_logic_gen as vhdl_of
from alkaid.types import QInterval

from hls_projects.rtl.clocked.machine import Machine
from hls_projects.rtl.design import RtlDesign
from hls_projects.templating import filled

LIBRARY = Path(alkaid.codegen.rtl.__file__).parent
"""Where the compiler keeps the modules that its code instantiates."""


@dataclass(frozen=True)
class Part:
    """Bits `high:low` of `out_data`: a copy of the logic's bits from `source`, its one bit repeated, or constant."""

    high: int
    low: int
    source: int = 0
    repeat: bool = False
    constant: str | None = None


def write(machine: Machine, design: RtlDesign, folder: Path) -> RtlDesign:
    """Write `rtl.json`, `verilog/` and `vhdl/`.

    Args:
        machine: the design.
        design: its description; the lists of sources are filled in.
        folder: an existing folder.

    Returns:
        the description with its sources.
    """
    parts = list(_parts(machine.results, design))
    bits = sum(sum(interval.kif) for interval in machine.results if interval.min != interval.max)
    sources: dict[str, tuple[str, ...]] = {}
    for language, suffix, generate in (("verilog", "v", verilog_of), ("vhdl", "vhd", vhdl_of)):
        place = folder / language
        place.mkdir()
        library = sorted((LIBRARY / language / "source").glob(f"*.{suffix}"))
        for path in library:
            (place / path.name).write_text(portable(path.read_text(encoding="utf-8")), encoding="utf-8")
        # The generator marks signals as read and written while it goes over them: each language gets its own machine.
        modules = generate(machine.build(), f"{design.name}_logic")
        modules[design.name] = _top(suffix, machine, design, parts, bits)
        # The compiler's own order ends with the machine; the top module is last.
        names = sorted(modules, key=lambda name: (name == design.name, name == f"{design.name}_logic", name))
        for name in names:
            (place / f"{name}.{suffix}").write_text(modules[name], encoding="utf-8")
        sources[language] = (*(path.name for path in library), *(f"{name}.{suffix}" for name in names))
    design = design.model_copy(update=sources)
    design.save(folder)
    return design


def portable(source: str) -> str:
    r"""A module of the compiler without the directives that Verilator before 5.008 does not know and stops at.

    >>> portable("module a;\n  /* verilator lint_off WIDTHTRUNC */\nendmodule\n")
    'module a;\nendmodule\n'
    """
    return re.sub(r"^[ \t]*/\* verilator lint_(?:off|on) WIDTHTRUNC \*/\n", "", source, flags=re.MULTILINE)


def _top(suffix: str, machine: Machine, design: RtlDesign, parts: list[Part], bits: int) -> str:
    values = {"name": design.name, "design": design, "parts": parts, "logic_bits": bits}
    return filled(f"rtl_top.{suffix}.j2", values)


def _parts(results: Sequence[QInterval], design: RtlDesign) -> Iterator[Part]:
    """How each output is put together from the logic's narrower one: zeros below, the sign repeated above."""
    types = [port.type for port in design.outputs for _ in range(int(np.prod(port.shape)))]
    low = source = 0
    for port_type, interval in zip(types, results, strict=True):
        top = low + port_type.width - 1
        if interval.min == interval.max:
            raw = round(interval.min / port_type.step) % (1 << port_type.width)
            yield Part(top, low, constant=f"{raw:0{port_type.width}b}")
        else:
            signed, integers, fraction = interval.kif
            width = int(signed) + integers + fraction
            below = port_type.fraction - fraction
            if below:
                yield Part(low + below - 1, low, constant="0" * below)
            above = port_type.width - below - width
            # Intervals of the logic can be wider than the proven type, whose bits then hold the value all the same.
            yield Part(top - max(above, 0), low + below, source)
            if above > 0 and signed:
                yield Part(top, top - above + 1, source + width - 1, repeat=True)
            elif above > 0:
                yield Part(top, top - above + 1, constant="0" * above)
            source += width
        low += port_type.width
