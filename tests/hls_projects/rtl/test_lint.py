"""Other tools than the simulator of this project read the Verilog: without a word, with all their warnings on."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from tensorflow import keras

from data_prep.fixed_point import FixedType
from data_prep.grids.square import SquareGrid
from data_prep.jets.candidates import CandidateSettings
from hls_projects.blocks.image_builder import ImageBuilder
from hls_projects.lowering.lower import lower
from hls_projects.lowering.types import prove_network
from hls_projects.rtl.clocked.write import LIBRARY, portable
from hls_projects.rtl.design import RtlDesign
from hls_projects.rtl.forms.assemble import write_design
from hls_projects.rtl.simulation.verilator import verilator_root
from hls_projects.settings import BuilderSettings, RtlSettings, VariantSettings
from tests.hls_projects.rtl.forms.test_image_builder import tagger

OLD = "/usr/bin/verilator"
"""Where a distribution puts its Verilator: 5.006 in Debian 12."""
WIDTHS = [(bits, out, signed) for bits in (1, 4, 8) for out in (1, 4, 8, 9) for signed in (0, 1)]


def _built(name: str, make: Callable[[str], keras.Model], folder: Path) -> RtlDesign:
    """A design of every form, its Verilog in the folder."""
    rtl, variant, builder = RtlSettings(), VariantSettings(), None
    if name == "serial builder":
        candidates = CandidateSettings(number=4, per_pi=40, eta_bits=6, phi_bits=7)
        images = ImageBuilder.of(candidates, SquareGrid(pixels=3, half_width=1.5), normalise=False)
        network = tagger(images, FixedType(10, 10, False, "RND_CONV", "SAT"))
        rtl, builder = RtlSettings(form="streamed", rows=1), BuilderSettings(form="serial")
    else:
        network = prove_network(lower(make("separable" if name == "streamed" else name)))
    if name == "streamed":
        rtl, variant = RtlSettings(form="streamed", rows=1), VariantSettings(saturation="compare", ternary=False)
    write_design(network, "dut", rtl, variant, folder / "rtl", builder)
    return RtlDesign.load(folder / "rtl")


def _commands() -> dict[str, list[str]]:
    return {
        "verilator of this project": [str(verilator_root() / "bin" / "verilator_bin")],
        OLD: [OLD],
        "iverilog": ["iverilog"],
    }


def _lint(tool: str, top: str, sources: list[Path]) -> None:
    command = _commands()[tool]
    if shutil.which(command[0]) is None:
        pytest.skip(f"{tool} not found")
    how = ["-g2005", "-Wall", "-t", "null", "-s", top] if tool == "iverilog" else ["--lint-only", "-Wall"]
    top_of = [] if tool == "iverilog" else ["--top-module", top]
    own = {"VERILATOR_ROOT": str(verilator_root())} if tool == "verilator of this project" else {}
    done = subprocess.run(
        [*command, *how, *top_of, *sources], capture_output=True, text=True, check=False, env=os.environ | own
    )
    # what a newer Verilator reports of its own work stands on the other channel
    assert (done.returncode, done.stderr) == (0, "")


@pytest.fixture(scope="module", params=["two_inputs_two_outputs", "streamed", "serial builder"])
def sources(
    request: pytest.FixtureRequest, make: Callable[[str], keras.Model], tmp_path_factory: pytest.TempPathFactory
) -> list[Path]:
    folder = tmp_path_factory.mktemp("lint")
    design = _built(request.param, make, folder)
    return [folder / "rtl" / "verilog" / name for name in design.verilog]


@pytest.mark.parametrize("tool", ["verilator of this project", OLD, "iverilog"])
def test_no_warning(tool: str, sources: list[Path]) -> None:
    _lint(tool, "dut", sources)


@pytest.mark.parametrize("tool", ["verilator of this project", OLD, "iverilog"])
def test_negative_of_every_width(tool: str, tmp_path: Path) -> None:
    """The one module whose own directives an older Verilator does not know."""
    negative = tmp_path / "negative.v"
    negative.write_text(portable((LIBRARY / "verilog" / "source" / "negative.v").read_text()))
    cells = "".join(
        f"    wire [{out - 1}:0] y{i}; assign odd[{i}] = ^y{i};\n"
        f"    negative #(.BW_IN({bits}), .BW_OUT({out}), .IN_SIGNED({signed}))\n"
        f"        n{i} (.in(x[{bits - 1}:0]), .out(y{i}));\n"
        for i, (bits, out, signed) in enumerate(WIDTHS)
    )
    ports = f"input [7:0] x, output [{len(WIDTHS) - 1}:0] odd"
    (tmp_path / "every.v").write_text(f"`timescale 1ns / 1ps\nmodule every ({ports});\n{cells}endmodule\n")
    _lint(tool, "every", [tmp_path / "every.v", negative])
