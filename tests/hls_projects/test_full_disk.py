"""A full disk is told as that, whichever library or program meets it."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from tensorflow import keras

from data_prep.fixed_point import FixedType
from data_prep.system.machine import MachineError
from hls_projects.emulator import build
from hls_projects.hls import csim
from hls_projects.hls.convert import convert
from hls_projects.lowering.lower import lower
from hls_projects.lowering.types import prove_network
from hls_projects.rtl.forms.assemble import write_design
from hls_projects.rtl.simulation import ghdl, verilator
from hls_projects.rtl.synthesis.synthesis import synthesise
from hls_projects.settings import HlsSettings, RtlSettings, VariantSettings
from tests.hls_projects.random_networks import NetworkBuilder
from tests.small_disk import mounted


def _full(folder: Path) -> Path:
    """A folder on a disk without room."""
    made = folder / "scratch"
    made.mkdir()
    try:
        (folder / "filler").write_bytes(bytes(1 << 22))
    except OSError as error:
        assert error.errno == errno.ENOSPC
    return made


def test_hls4ml(make: Callable[[str], keras.Model], tmp_path: Path) -> None:
    lowered = lower(make("separable"))
    types = prove_network(lowered).graph
    with mounted(tmp_path / "disk", "64k") as disk, pytest.raises((OSError, MachineError), match="No space left"):
        convert(lowered.model, types, "zoo_model", HlsSettings(), disk / "hls")


@pytest.fixture(scope="module")
def rtl(tmp_path_factory: pytest.TempPathFactory) -> Path:
    building = NetworkBuilder(((4,), FixedType(4, 4)))
    kernel = np.random.default_rng(1).integers(-4, 4, (4, 2))
    building.add("QDense", ("in0",), (2,), fraction=0, kernel=kernel, weight=FixedType(3, 3))
    folder = tmp_path_factory.mktemp("design") / "rtl"
    write_design(building.network(), "dense", RtlSettings(), VariantSettings(), folder)
    return folder


@pytest.mark.parametrize("tool", ["verilator", "ghdl", "yosys"])
def test_tools_of_the_rtl(rtl: Path, tmp_path: Path, tool: str) -> None:
    if tool == "ghdl" and shutil.which("ghdl") is None:
        pytest.skip("ghdl not found")
    run = {"verilator": verilator.build, "ghdl": ghdl.build, "yosys": synthesise}[tool]
    with mounted(tmp_path / "disk", "256k") as disk, pytest.raises((OSError, MachineError), match="No space left"):
        run(rtl, _full(disk))  # type: ignore[operator]


@pytest.mark.skipif(shutil.which("g++") is None, reason="g++ not found")
def test_the_compiler_of_the_emulator(tmp_path: Path) -> None:
    with mounted(tmp_path / "disk", "16k") as disk, pytest.raises((OSError, MachineError), match="No space left"):
        build.library('int values[1000000] = {1}; extern "C" int emulate() { return values[0]; }', "none", disk)


@pytest.mark.skipif(shutil.which("g++") is None, reason="g++ not found")
def test_the_compiler_of_the_emulation(tmp_path: Path) -> None:
    source = tmp_path / "big.cpp"
    source.write_text("int values[1000000] = {1};")
    with mounted(tmp_path / "disk", "16k") as disk, pytest.raises((OSError, MachineError), match="No space left"):
        csim._all_succeed([["g++", "-c", str(source), "-o", str(disk / "big.o")]], tmp_path)
