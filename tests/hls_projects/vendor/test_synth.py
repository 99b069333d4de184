"""The stage `synth` with stand-ins for the vendor's tools, which run our Tcl and leave reports of the right shape."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from data_prep.fixed_point import FixedType
from hls_projects.hls.project import HlsProject
from hls_projects.network.port import Port
from hls_projects.rtl.design import RtlDesign
from hls_projects.settings import HlsSettings
from pipeline.app import main
from pipeline.artefacts.artefact import artefact

INPUTS = (Port(name="image", shape=(4,), type=FixedType(8, 0, False)),)
OUTPUTS = (Port(name="logits", shape=(2,), type=FixedType(9, 3)),)

VIVADO = """\
# Every command that the script may use, written down in calls.txt; reports are those of the test.
set reports [file dirname [info script]]
set calls [open calls.txt w]
proc noted {args} { puts $::calls $args }
foreach name {create_project synth_design opt_design place_design phys_opt_design route_design create_clock} {
    proc $name {args} "noted $name {*}\\$args"
}
proc get_ports {name} { return $name }
proc add_files {folder} { noted add_files {*}[lsort [glob -directory $folder -tails *]] }
proc read_xdc {mode value file} { source $file }
proc report_utilization {option file} { noted report $file; file copy $::reports/utilisation.rpt $file }
proc report_timing_summary {option file} { noted report $file; file copy $::reports/timing.rpt $file }
source [lindex $argv end]
"""

VITIS = """\
#!/bin/sh
# vitis-run --mode hls --tcl build_prj.tcl, in the folder of the project
test "$*" = "--mode hls --tcl build_prj.tcl" -a -f build_prj.tcl || exit 2
echo "INFO: options: $(tr -s ' \\n' ' ' < build_opt.tcl)"
mkdir -p tagger_prj/solution1/syn/report tagger_prj/solution1/syn/verilog
cp "$(dirname "$0")/tagger_csynth.xml" tagger_prj/solution1/syn/report/
echo "module tagger; endmodule" > tagger_prj/solution1/syn/verilog/tagger.v
echo "0f" > tagger_prj/solution1/syn/verilog/tagger_rom.dat
touch tagger_prj/solution1/syn/verilog/notes.txt
"""


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """An HLS project and an RTL design as `convert` and `rtl` leave them, and a hardware.yaml."""
    project = HlsProject(name="tagger", settings=HlsSettings(), inputs=INPUTS, outputs=OUTPUTS, traced=())
    with artefact(tmp_path / "50_hls", "convert") as space:
        (space.path / "hls.json").write_text(project.model_dump_json())
        (space.path / "build_prj.tcl").touch()
    with artefact(tmp_path / "65_rtl", "rtl", companions=[tmp_path / "65_rtl.json"]) as space:
        timing: dict[str, Any] = {"form": "unrolled", "beats": 1, "interval": 1, "latency": 12}
        sources: dict[str, Any] = {"verilog": ("mux.v", "tagger.v"), "vhdl": ("tagger.vhd",)}
        RtlDesign(name="tagger", inputs=INPUTS, outputs=OUTPUTS, **timing, **sources).save(space.path)
        (space.path / "verilog").mkdir()
        for name in sources["verilog"]:
            (space.path / "verilog" / name).write_text("module m; endmodule\n")
        space.companions[0].write_text("{}")
    (tmp_path / "hardware.yaml").write_text("name: tagger\n")
    return tmp_path


@pytest.fixture
def tools(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, csynth: Callable[[], Path], utilisation: Callable[[], Path]
) -> Path:
    """Stand-ins for `vivado` and `vitis-run`, alone on PATH with what a shell needs."""
    tclsh = shutil.which("tclsh")
    if tclsh is None:
        pytest.skip("tclsh not found")
    folder = tmp_path / "tools"
    folder.mkdir()
    (folder / "vivado.tcl").write_text(VIVADO)
    (folder / "vivado").write_text(f'#!/bin/sh\nexec {tclsh} "$(dirname "$0")/vivado.tcl" "$@"\n')
    (folder / "vitis-run").write_text(VITIS)
    for name in ("vivado", "vitis-run"):
        (folder / name).chmod(0o755)
    for report in (csynth(), utilisation()):
        report.rename(folder / report.name)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    return folder


@pytest.fixture
def timing_of(tools: Path, timing: Callable[..., Path]) -> Callable[[str], None]:
    """Leaves the timing report of one clock for Vivado to give."""

    def leave(clock: str) -> None:
        timing(("clk    {", f"{clock}    {{")).rename(tools / "timing.rpt")

    return leave


def _synth(run: Path, *arguments: str) -> int:
    return main(["synth", "--config", f"{run}/hardware.yaml", *arguments, "--out", f"{run}/66_synth"])


def test_rtl_is_synthesised_placed_and_routed(run: Path, timing_of: Callable[[str], None]) -> None:
    timing_of("clk")
    assert _synth(run, "--rtl", f"{run}/65_rtl") == 0
    numbers = json.loads((run / "66_synth" / "synth.json").read_text())
    assert numbers["part"] == "xcvu13p-flga2577-2-e"
    wanted = {"design": "RTL", "tool": "Vivado v.2023.2", "latency": 12, "interval": 1, "target_period": 2.5}
    wanted |= {"achieved_period": 2.673, "lut": 47001, "ff": 22334, "dsp": 7, "bram": 1.5, "uram": 0}
    wanted |= {"hold_slack": 0.031}
    assert numbers["numbers"] == [wanted | {"stage": stage} for stage in ("synthesised", "routed")]
    assert (run / "66_synth" / "rtl" / "calls.txt").read_text().splitlines() == [
        "create_project -in_memory -part xcvu13p-flga2577-2-e",
        "add_files mux.v tagger.v",
        "create_clock -name clk -period 2.5 clk",
        "synth_design -top tagger -part xcvu13p-flga2577-2-e -mode out_of_context",
        "report synthesised_utilisation.rpt",
        "report synthesised_timing.rpt",
        "opt_design",
        "place_design",
        "phys_opt_design",
        "route_design",
        "report routed_utilisation.rpt",
        "report routed_timing.rpt",
    ]


def test_an_hls_project_goes_through_c_synthesis_first(run: Path, timing_of: Callable[[str], None]) -> None:
    timing_of("ap_clk")
    (run / "hardware.yaml").write_text("name: tagger\nsynth: {route: false}\n")
    before = sorted(path.name for path in (run / "50_hls").rglob("*"))
    assert _synth(run, "--hls", f"{run}/50_hls") == 0
    c_synthesis, synthesised = json.loads((run / "66_synth" / "synth.json").read_text())["numbers"]
    assert c_synthesis["tool"] == "vitis-run 2023.2"
    assert (c_synthesis["latency"], c_synthesis["interval"], c_synthesis["achieved_period"]) == (18, 2, 1.804)
    assert (c_synthesis["lut"], c_synthesis["bram"]) == (67890, 1.5)
    assert (synthesised["stage"], synthesised["latency"], synthesised["lut"]) == ("synthesised", 18, 47001)
    calls = (run / "66_synth" / "hls" / "vivado" / "calls.txt").read_text()
    assert "add_files tagger.v tagger_rom.dat\ncreate_clock -name ap_clk -period 2.5 ap_clk\n" in calls
    assert "route_design" not in calls
    said = (run / "66_synth" / "hls" / "build_prj.tcl.out").read_text()
    assert "reset 1 csim 0 synth 1 cosim 0 validation 0 export 0 vsynth 0 fifo_opt 0 }" in said
    assert sorted(path.name for path in (run / "50_hls").rglob("*")) == before


@pytest.mark.parametrize(
    ("tool", "design", "line"),
    [
        (
            "vivado",
            "rtl",
            "vivado not found, needed to synthesise, place and route (it is part of AMD Vivado: install it from",
        ),
        ("vivado", "hls", "vivado not found"),
        (
            "vitis-run",
            "hls",
            "neither vitis-run nor vitis_hls found, needed to synthesise the HLS project (it is part of AMD Vitis",
        ),
    ],
)
def test_a_missing_tool_is_one_line(
    run: Path, tools: Path, capsys: pytest.CaptureFixture[str], tool: str, design: str, line: str
) -> None:
    (tools / tool).unlink()
    folder = {"rtl": "65_rtl", "hls": "50_hls"}[design]
    assert _synth(run, f"--{design}", f"{run}/{folder}") == 1
    errors = capsys.readouterr().err.strip().splitlines()
    assert len(errors) == 1
    assert line in errors[0]
    assert not (run / "66_synth").exists()


def test_a_tool_that_fails_says_its_first_error(
    run: Path, tools: Path, timing_of: Callable[[str], None], capsys: pytest.CaptureFixture[str]
) -> None:
    timing_of("clk")
    script = (tools / "vivado.tcl").read_text()
    fault = 'puts "ERROR: \\[Synth 8-439\\] module not found"; puts "more"; exit 1'
    (tools / "vivado.tcl").write_text(script.replace("source [lindex", f"{fault}\nsource [lindex"))
    assert _synth(run, "--rtl", f"{run}/65_rtl") == 1
    error = capsys.readouterr().err
    assert "vivado ended with code 1, saying: ERROR: [Synth 8-439] module not found" in error
    log = next(run.glob(".66_synth.making/work/tools/rtl/out_of_context.tcl.out"))
    assert str(log) in error
    assert not (run / "66_synth").exists()


def test_a_report_without_a_field_is_no_result(
    run: Path, tools: Path, timing_of: Callable[[str], None], capsys: pytest.CaptureFixture[str]
) -> None:
    timing_of("clk")
    report = tools / "utilisation.rpt"
    report.write_text(report.read_text().replace("| DSPs ", "| Dsp "))
    assert _synth(run, "--rtl", f"{run}/65_rtl") == 1
    error = capsys.readouterr().err
    assert "synthesised_utilisation.rpt: has no row 'DSPs or DSP Slices'" in error
    assert not (run / "66_synth").exists()


def test_nothing_to_synthesise(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _synth(run) == 1
    assert "there is nothing to synthesise (give --hls, or --rtl of a run with RTL)" in capsys.readouterr().err
