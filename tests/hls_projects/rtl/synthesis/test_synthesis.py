"""The counts of structures whose cost the architecture fixes."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any, get_args

import pytest

from data_prep.errors import PipelineError, ToolNotFoundError
from hls_projects.rtl.synthesis import synthesis
from hls_projects.rtl.synthesis.synthesis import Synthesis, count_cells, synthesise
from hls_projects.rtl.synthesis.yosys import Tool, yosys_version

HEADER = (
    "module {name} (input clk, rst, in_valid, input [{inputs}:0] in_data, output out_valid, output [7:0] out_data);"
)
SAME_VALID = "assign out_valid = in_valid;"


@pytest.fixture(params=get_args(Tool))
def tool(request: pytest.FixtureRequest) -> Any:
    try:
        yosys_version(request.param)
    except ToolNotFoundError:
        pytest.skip(f"{request.param} not found")
    return request.param


@pytest.fixture
def count(adder: Any, tmp_path: Path) -> Any:
    """Counts the cells of a module's text: `count(body, inputs=bits)`."""

    def run(body: str, inputs: int = 64, modules: str = "", **options: Any) -> Synthesis:
        folder = adder.write(tmp_path / "design")
        text = HEADER.format(name="adder", inputs=inputs - 1) + body + "\nendmodule\n" + modules
        (folder / "verilog" / "adder.v").write_text(text)
        (tmp_path / "scratch").mkdir()
        return synthesise(folder, tmp_path / "scratch", **options)

    return run


def numbers(cells: Synthesis) -> dict[str, int]:
    """What is not zero."""
    left_out = {"tool", "flattened", "cells"}
    return {name: number for name, number in cells.model_dump().items() if name not in left_out and number}


# A bit of a sum takes one LUT (the exclusive or in front of the carry chain) and a CARRY4 four bits of the chain. A
# LUT6 holds any function of six bits, so a multiplexer of four takes one a bit. A chain of 12 registers without a reset
# is one shift register of up to 16.
STRUCTURES = {
    "adder": ("assign out_data = in_data[7:0] + in_data[15:8];", {"lut": 8, "carry": 2}),
    "wide adder": (
        "wire [31:0] sum = in_data[31:0] + in_data[63:32]; reg [31:0] kept;"
        "always @(posedge clk) kept <= sum; assign out_data = kept[31:24] & kept[23:16] & kept[15:8] & kept[7:0];",
        {"lut": 32 + 8, "carry": 8, "ff": 32},
    ),
    "subtractor": ("assign out_data = in_data[7:0] - in_data[15:8];", {"lut": 8, "carry": 2}),
    "register": (
        "reg [7:0] kept; always @(posedge clk) kept <= in_data[7:0]; assign out_data = kept;",
        {"ff": 8},
    ),
    "register with reset": (
        "reg [7:0] kept; always @(posedge clk) if (rst) kept <= 0; else kept <= in_data[7:0]; assign out_data = kept;",
        {"ff": 8},
    ),
    "multiplexer": (
        "assign out_data = in_data[63] ? (in_data[62] ? in_data[7:0] : in_data[15:8])"
        " : (in_data[62] ? in_data[23:16] : in_data[31:24]);",
        {"lut": 8},
    ),
    "parity of 6": ("assign out_data = ^in_data[5:0];", {"lut": 1}),
    "delay": (
        "reg [11:0] line; always @(posedge clk) line <= {line[10:0], in_data[0]}; assign out_data = line[11];",
        {"srl": 1},
    ),
    "wire": ("assign out_data = in_data[7:0];", {}),
}


@pytest.mark.parametrize("name", STRUCTURES)
def test_counts_are_those_of_the_architecture(count: Any, name: str) -> None:
    body, expected = STRUCTURES[name]
    counted = count(SAME_VALID + body)
    assert counted.flattened
    assert numbers(counted) == expected


PARTS = """
module part (input [7:0] a, input [7:0] b, output [7:0] sum);
  assign sum = a + b;
endmodule
module parts (input [31:0] x, output [7:0] sum);
  wire [7:0] left, right;
  part p0 (.a(x[7:0]), .b(x[15:8]), .sum(left));
  part p1 (.a(x[23:16]), .b(x[31:24]), .sum(right));
  assign sum = left & right;
endmodule
"""
TWO_PARTS = SAME_VALID + (
    "wire [7:0] a, b; parts q0 (.x(in_data[31:0]), .sum(a)); parts q1 (.x(in_data[63:32]), .sum(b));"
    "assign out_data = a | b;"
)

# The conjunction in `parts` and the disjunction in the top are no longer one LUT.
APART = {"lut": 4 * 8 + 2 * 8 + 8, "carry": 4 * 2}


def test_both_programs_count_the_same(count: Any, tool: Any) -> None:
    counted = count(TWO_PARTS, modules=PARTS, tool=tool)
    assert numbers(counted) == {"lut": 4 * 8 + 8, "carry": 4 * 2}
    assert counted.tool.startswith(f"{tool} 0.")


def test_modules_count_as_often_as_they_are_used(count: Any, tool: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    really = synthesis._run

    def never_flat(*args: Any) -> Any:
        *others, flattened, seconds, children = args
        return really(*others, flattened, 0 if flattened else seconds, children)

    monkeypatch.setattr(synthesis, "_run", never_flat)
    counted = count(TWO_PARTS, modules=PARTS, tool=tool)
    assert not counted.flattened
    assert numbers(counted) == APART


def test_flattening_may_be_left_out(count: Any) -> None:
    counted = count(TWO_PARTS, modules=PARTS, flatten=False)
    assert (counted.flattened, numbers(counted)) == (False, APART)


def test_synthesis_that_does_not_end_in_time(count: Any) -> None:
    with pytest.raises(PipelineError, match=r"yosys did not end in 0 s of processor time \(allow it more\)"):
        count(TWO_PARTS, modules=PARTS, cpu_seconds=0)


def test_verilog_that_is_refused(count: Any) -> None:
    with pytest.raises(PipelineError, match="yosys refuses the design: .*syntax error"):
        count("assign out_data = ;")


def test_a_missing_module_is_refused(count: Any) -> None:
    with pytest.raises(PipelineError, match="yosys refuses the design: .*nothing"):
        count("nothing n (.x(in_data));")


def test_a_wire_without_a_driver_is_named(count: Any) -> None:
    with pytest.raises(PipelineError, match=r"yosys refuses the design: Wire adder.*out_valid is used but has no"):
        count("assign out_data = 8'd5;")


@pytest.mark.parametrize("body", [SAME_VALID + "assign out_data = 8'd5;", "assign out_valid = 1; assign out_data = 0;"])
def test_a_design_of_constants_has_no_cells(count: Any, body: str) -> None:
    assert numbers(count(body)) == {}


def test_a_latch_is_no_known_cell(count: Any) -> None:
    with pytest.raises(PipelineError, match="unknown kind LDCE"):
        count(SAME_VALID + "reg [7:0] held; always @* if (rst) held = in_data[7:0]; assign out_data = held;")


def test_a_missing_tool_is_named(count: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(ToolNotFoundError, match="yosys not found"):
        count("", tool="yosys")


def test_counts_without_what_they_must_hold_are_an_error() -> None:
    with pytest.raises(KeyError, match="num_cells_by_type"):
        count_cells('{"modules": {"\\\\top": {}}}', "top")
    with pytest.raises(KeyError, match="top"):
        count_cells('{"modules": {}}', "top")
    with pytest.raises(KeyError, match="modules"):
        count_cells("{}", "top")
