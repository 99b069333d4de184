"""Small hand-written designs with the ports of every design, right ones and wrong ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from data_prep.fixed_point import FixedType
from hls_projects.network.port import Port
from hls_projects.rtl.design import RtlDesign

DESIGNS = Path(__file__).parent / "designs"
Integers = npt.NDArray[np.int64]


def port(name: str, shape: tuple[int, ...], width: int, signed: bool = True) -> Port:
    return Port(name=name, shape=shape, type=FixedType(width, width, signed))


@dataclass(frozen=True)
class Handmade:
    """A design, and what it computes, in numpy."""

    design: RtlDesign
    expected: Callable[[Integers], Integers]

    def write(self, folder: Path, fault: int = 0) -> Path:
        """Its folder. The fault of the Verilog is read when a simulation begins, that of the VHDL is compiled in."""
        name = self.design.name
        for language in ("verilog", "vhdl"):
            (folder / language).mkdir(parents=True)
        self.set_fault(folder, fault)
        verilog = (DESIGNS / f"{name}.v").read_text().replace('"FAULT"', f'"{folder / "fault"}"')
        (folder / "verilog" / f"{name}.v").write_text(verilog)
        vhdl = (DESIGNS / f"{name}.vhd").read_text().replace("FAULT", str(fault))
        (folder / "vhdl" / f"{name}.vhd").write_text(vhdl)
        self.design.save(folder)
        return folder

    def set_fault(self, folder: Path, fault: int) -> None:
        """Choose the fault of the Verilog."""
        (folder / "fault").write_text(f"{fault:02x}\n")

    def vectors(self, count: int, seed: int = 5) -> Integers:
        """Random vectors over the full range, the extremes first."""
        rng = np.random.default_rng(seed)
        parts = []
        for p in self.design.inputs:
            size = int(np.prod(p.shape))
            part = rng.integers(p.type.raw_min, p.type.raw_max, (count, size), endpoint=True)
            part[0], part[1] = p.type.raw_min, p.type.raw_max
            parts.append(part)
        return np.concatenate(parts, axis=1)


def _design(name: str, inputs: list[Port], outputs: list[Port], **timing: int) -> RtlDesign:
    files = {"verilog": (f"{name}.v",), "vhdl": (f"{name}.vhd",)}
    form = "unrolled" if timing["beats"] == 1 else "streamed"
    return RtlDesign(name=name, form=form, inputs=tuple(inputs), outputs=tuple(outputs), **timing, **files)


def _wide(x: Integers) -> Integers:
    parity = [bin(value & ((1 << 40) - 1)).count("1") % 2 for value in x[:, 4].tolist()]
    return np.column_stack((x.sum(axis=1), x[:, 0] - x[:, 1], parity))


@pytest.fixture(scope="session")
def adder() -> Handmade:
    """Two inputs, one image a clock, latency 2.

    Faults: 1 late by a clock, 2 valid stuck high, 3 valid stuck low, 4 wrong on x = -64, y = 31, 5 reset ignored,
    6 reads a register that is never written, 7 takes an image only every other clock, 8 early by a clock.
    """
    inputs = [port("x", (1,), 7), port("y", (1,), 5, signed=False)]
    design = _design("adder", inputs, [port("sum", (1,), 8)], beats=1, interval=1, latency=2)
    return Handmade(design, lambda x: x.sum(axis=1, keepdims=True))


@pytest.fixture(scope="session")
def summer() -> Handmade:
    """An image in four beats, one image every four clocks, latency 4.

    Faults: 1 the sum is cleared behind an image, not before it, 2 takes an image only every sixth clock, 3 the beats go
    on after a reset.
    """
    design = _design("summer", [port("image", (4, 2, 1), 6)], [port("sum", (1,), 9)], beats=4, interval=4, latency=4)
    return Handmade(design, lambda x: x.sum(axis=1, keepdims=True))


@pytest.fixture(scope="session")
def wide() -> Handmade:
    """200 bits in, 105 bits out, latency 1; values across the borders of machine words."""
    outputs = [port("sum", (1,), 63), port("difference", (1,), 41), port("parity", (1,), 1, signed=False)]
    design = _design("wide", [port("values", (5,), 40)], outputs, beats=1, interval=1, latency=1)
    return Handmade(design, _wide)
