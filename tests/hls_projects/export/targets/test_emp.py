"""The payload: what leaves it, simulated by GHDL, is the expected pattern file, frame by frame."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
from tensorflow import keras

from data_prep.errors import ConfigurationError, PipelineError, ProofFailedError
from data_prep.fixed_point import FixedType
from data_prep.grids.square import SquareGrid
from data_prep.jets.candidates import CandidateSettings
from hls_projects.blocks.compose import compose
from hls_projects.blocks.image_builder import ImageBuilder
from hls_projects.export.formats.emp_patterns import read_v2
from hls_projects.export.links.frames import frames_of, packets_of
from hls_projects.export.links.packing_settings import PackingSettings, Placement
from hls_projects.export.links.plan import link_plan
from hls_projects.export.links.wiring import wire
from hls_projects.export.targets.emp import write_payload
from hls_projects.export.targets.emp_check import simulate
from hls_projects.export.targets.emp_settings import EmpSettings
from hls_projects.export.targets.patterns import write_patterns
from hls_projects.lowering.lower import lower
from hls_projects.lowering.types import prove_network
from hls_projects.network.integer_model import outputs
from hls_projects.network.network import Network
from hls_projects.rtl.forms.assemble import write_design
from hls_projects.rtl.simulation import verilator
from hls_projects.settings import BuilderSettings, HardwareSettings, HlsSettings, RtlSettings, VariantSettings
from tests.hls_projects.export.axi_streams import require_axi_streams
from tests.hls_projects.export.emp_cases import CASES, SLOW_OUT, Case, handmade
from tests.hls_projects.random_networks import NetworkBuilder

pytestmark = pytest.mark.skipif(shutil.which("ghdl") is None, reason="ghdl not found")


def _simulate(folder: Path, patterns: Path, *more: str) -> subprocess.CompletedProcess[str]:
    command = ["make", "--no-print-directory", "-C", folder / "emp" / "sim", f"PATTERNS={patterns}", *more]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def _payload(case: Case, settings: PackingSettings, folder: Path, emp: EmpSettings | None = None) -> Path:
    write_payload(case.folder, settings, HlsSettings(), folder / "emp", emp)
    write_patterns(case.design, settings, case.inputs, case.outputs, folder / "patterns")
    return folder / "patterns" / "emp_v2"


@pytest.mark.parametrize("name", list(CASES))
def test_frames_out_are_the_expected_ones(name: str, tmp_path: Path) -> None:
    design, settings = CASES[name]
    settings = settings.model_copy(update={"depth": 200, "files": 1})
    case = handmade(design, tmp_path / "rtl")
    done = _simulate(tmp_path, _payload(case, settings, tmp_path))
    assert done.returncode == 0, done.stdout + done.stderr
    plan = link_plan(case.design, settings)
    images = min(40, plan.packets(200))
    words = images * plan.outputs.frames * len(plan.outputs.links)
    assert f"200 frames equal, {words} valid words" in done.stdout + done.stderr


PORTS = {
    "ttc2": {
        *("clk40", "ttc2", "slink_q", "tts_busy", "backpressure", "ext_lvds_in", "ext_lvds_out"),
    },
    "slink": {"clk40", "bc0", "slink_q", "backpressure"},
    "basic": {"bc0"},
}
"""Those that frameworks differ in: of payloads that public projects build with each of them."""
IN_ALL = {
    *("clk", "rst", "ipb_in", "ipb_out", "clk_payload", "rst_payload", "clk_p", "rst_loc", "clken_loc", "ctrs"),
    *("d", "q", "gpio", "gpio_en"),
}


@pytest.mark.parametrize("framework", list(PORTS))
def test_the_ports_of_each_framework(framework: Literal["ttc2", "slink", "basic"], tmp_path: Path) -> None:
    case = handmade("summer", tmp_path / "rtl")
    settings = PackingSettings(depth=60, files=1)
    patterns = _payload(case, settings, tmp_path, EmpSettings(framework=framework))
    text = (tmp_path / "emp" / "firmware" / "hdl" / "emp_payload.vhd").read_text()
    entity = text[text.index("entity emp_payload") : text.index("end entity")]
    assert set(re.findall(r"^ +(\w+) : (?:in|out) ", entity, re.MULTILINE)) == PORTS[framework] | IN_ALL
    done = _simulate(tmp_path, patterns)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "60 frames equal" in done.stdout + done.stderr


def test_the_current_framework_where_nothing_is_said() -> None:
    assert HardwareSettings(name="tagger").emp == EmpSettings(framework="ttc2", clock_ratio=9)
    assert EmpSettings().kind == "csp25"
    assert EmpSettings(framework="basic").kind == "gty25"
    assert f"{1000 / EmpSettings().clk_p:.1f} MHz" == "360.7 MHz"


def test_the_declarations_of_the_project(tmp_path: Path) -> None:
    """GHDL reads every number back, so that comments and order do not matter."""
    case = handmade("wide", tmp_path / "rtl")
    settings = PackingSettings(outputs=(*SLOW_OUT,), depth=77, files=1)
    _payload(case, settings, tmp_path, EmpSettings(transceivers="gty25", clock_ratio=8))
    hdl = tmp_path / "emp" / "firmware" / "hdl"
    (tmp_path / "show.vhd").write_text(
        """use work.emp_project_decl.all; use work.emp_framework_decl.all; use work.tb_decl;
        entity show is end entity;
        architecture of_all of show is begin process begin
            for quad in REGION_CONF'range loop
                report "quad " & integer'image(quad) & " " & mgt_kind_t'image(REGION_CONF(quad).mgt_protocol_in) & " " &
                    mgt_kind_t'image(REGION_CONF(quad).mgt_protocol_out);
            end loop;
            report "clocks " & integer'image(CLOCK_COMMON_RATIO / CLOCK_AUX_DIV(2)) & " " & integer'image(CLOCK_RATIO);
            report "length " & integer'image(tb_decl.PLAYBACK_LENGTH);
            wait;
        end process; end architecture;"""
    )
    work = [f"--workdir={tmp_path}", "--std=08"]
    sources = [tmp_path / "emp" / "sim" / "stubs.vhd", hdl / "emp_project_decl.vhd", hdl / "tb_decl.vhd"]
    subprocess.run(["ghdl", "-a", *work, *sources, tmp_path / "show.vhd"], check=True)
    done = subprocess.run(
        ["ghdl", "--elab-run", *work, "show"], cwd=tmp_path, check=True, capture_output=True, text=True
    )
    said = [line.rpartition("(report note): ")[2] for line in (done.stdout + done.stderr).splitlines()]
    assert {line for line in said if "gty25" in line} == {
        "quad 0 gty25 no_mgt",
        "quad 1 gty25 gty25",
        "quad 2 no_mgt gty25",
    }
    assert {"clocks 1 8", "length 77"} <= set(said)


def test_a_late_frame_and_a_wrong_bit_are_named(tmp_path: Path) -> None:
    case = handmade("summer", tmp_path / "rtl")
    settings = PackingSettings(depth=60, files=1)
    patterns = _payload(case, settings, tmp_path)
    file = patterns / "output_0.txt"
    text = file.read_text()
    first = link_plan(case.design, settings).first_output
    lines = text.splitlines()
    line = lines[4 + first]
    word = line[-16:]
    lines[4 + first] = line[:-16] + f"{int(word, 16) ^ 4:016x}"
    file.write_text("\n".join(lines) + "\n")
    done = _simulate(tmp_path, patterns)
    assert done.returncode != 0
    assert (
        f"frame {first}, link 0: expected {int(word, 16) ^ 4:016X}, found {word.upper()}" in done.stdout + done.stderr
    )
    rows = text.splitlines()
    late = [*rows[:4], rows[4], *rows[4:-1]]
    numbered = [re.sub(r"^Frame \d+", f"Frame {i - 4:04d}", row) for i, row in enumerate(late)]
    file.write_text("\n".join(numbered) + "\n")
    done = _simulate(tmp_path, patterns)
    assert done.returncode != 0
    assert f"frame {first}, link 0: expected {0:016X}" in done.stdout + done.stderr


def _built(network: Network, folder: Path, rtl: RtlSettings | None = None, form: BuilderSettings | None = None) -> Case:
    """The RTL of a network with 30 random vectors."""
    write_design(network, "tagger", rtl or RtlSettings(), VariantSettings(), folder, form)
    rng = np.random.default_rng(7)
    ports = network.graph.inputs
    x = [rng.integers(port.type.raw_min, port.type.raw_max, (30, *port.shape), endpoint=True) for port in ports]
    y = outputs(network, x)
    return Case(
        folder, *(np.concatenate([port_values.reshape(30, -1) for port_values in values], axis=1) for values in (x, y))
    )


def test_a_link_that_no_board_has_is_refused(tmp_path: Path) -> None:
    case = handmade("summer", tmp_path / "rtl")
    beyond = PackingSettings(outputs=(Placement(port="sum", links=(128, 128)),))
    with pytest.raises(ConfigurationError, match="link 128 is used, an EMP payload has 0 to 127"):
        write_payload(case.folder, beyond, HlsSettings(), tmp_path / "emp")
    assert not (tmp_path / "emp").exists()


def test_a_network_with_two_inputs_and_two_outputs(make: Callable[[str], keras.Model], tmp_path: Path) -> None:
    case = _built(prove_network(lower(make("two_inputs_two_outputs"))), tmp_path / "rtl")
    assert case.design.latency > 1
    settings = PackingSettings(depth=64, files=1, wrapper_clocks=2)
    done = _simulate(tmp_path, _payload(case, settings, tmp_path))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "64 frames equal, 60 valid words" in done.stdout + done.stderr
    _require_verilog_gives(case, settings, tmp_path)


def test_candidates_that_come_one_a_clock(tmp_path: Path) -> None:
    """From links to scores: the serial image builder, the seed held for all beats, a streamed network."""
    candidates = CandidateSettings(number=4, per_pi=40, eta_bits=6, phi_bits=7)
    builder = ImageBuilder.of(candidates, SquareGrid(pixels=3, half_width=1.5), normalise=False)
    pixel_type = FixedType(10, 10, False, "RND_CONV", "SAT")
    layers = NetworkBuilder((builder.shape, pixel_type))
    layers.inputs = (layers.inputs[0].model_copy(update={"name": "image"}),)
    flat = layers.add("Flatten", ("image",), (9,))
    kernel = np.random.default_rng(5).integers(-8, 8, (9, 2))
    layers.add("QDense", (flat,), (2,), fraction=3, kernel=kernel, weight=FixedType(4, 1))
    network = compose(builder, layers.network())
    case = _built(network, tmp_path / "rtl", RtlSettings(form="streamed", rows=1), BuilderSettings(form="serial"))
    design = case.design
    assert (design.builder, design.beats, design.interval) == ("serial", 4, 4)
    assert design.every_beat == ("seed_eta", "seed_phi")
    assert len(np.unique(case.outputs, axis=0)) > 10
    settings = PackingSettings(depth=200, files=1, wrapper_clocks=1)
    done = _simulate(tmp_path, _payload(case, settings, tmp_path))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "200 frames equal, 30 valid words" in done.stdout + done.stderr
    _require_verilog_gives(case, settings, tmp_path)
    require_axi_streams(case, settings, tmp_path)


def _require_verilog_gives(case: Case, settings: PackingSettings, folder: Path) -> None:
    """The Verilog of the design, given what the input file holds, gives what the expected one holds."""
    plan = link_plan(case.design, settings)
    given, expected = (folder / "patterns" / "emp_v2" / f"{name}_0.txt" for name in ("input", "output"))
    packets = packets_of(read_v2(given), plan.inputs.links, plan.inputs.frames, given)
    (folder / "scratch").mkdir()
    (simulated,) = verilator.build(case.folder, folder / "scratch").run([plan.inputs.unpack(packets)])
    words = plan.outputs.pack(simulated.outputs)
    depth = settings.depth
    frames = frames_of("tagger", plan.outputs.links, words, first=plan.first_output, period=plan.period, depth=depth)
    np.testing.assert_array_equal(frames.data, read_v2(expected).data)
    np.testing.assert_array_equal(frames.marks, read_v2(expected).marks)


def test_what_is_given_with_every_beat_is_kept(tmp_path: Path) -> None:
    case = handmade("seeded", tmp_path / "rtl")
    wires = wire(link_plan(case.design, PackingSettings()), case.design).wires
    assert [(each.low, each.held, len(each.sources)) for each in wires] == [(0, False, 1), (6, False, 1), (12, True, 1)]


def _compile_order(file: Path) -> list[str]:
    """Sources in the order in which ipbb compiles them, with the component where it is not the file's own.

    The rule (ipbb, `DepFileParser`): the lines of a `.dep` file count from the last to the first, those of a `.d3`
    file as they stand; an included file stands where it is included, in its own direction; what is named twice counts
    where it comes first.
    """
    lines = [line.split() for line in file.read_text().splitlines() if line and line[0] not in "#?"]
    order: list[str] = []
    for command, *options, name in reversed(lines) if file.suffix == ".dep" else lines:
        if command == "include" and not options:
            order += _compile_order(file.with_name(name))
        elif command == "include":
            order.append(f"{options[options.index('-c') + 1]} {name}")
        elif command == "src":
            order.append(name if "-c" not in options else f"{options[options.index('-c') + 1]} {name}")
    return list(dict.fromkeys(order))


def test_the_rule_of_ipbb(tmp_path: Path) -> None:
    (tmp_path / "one.dep").write_text("# one\nsrc a\ninclude two.d3\nsrc b\n\nsrc -c x:y c\n")
    (tmp_path / "two.d3").write_text("src d\nsrc b\nsrc e\n")
    assert _compile_order(tmp_path / "one.dep") == ["x:y c", "b", "d", "e", "a"]


def test_the_files_of_ipbb_are_whole_and_compile_in_its_order(
    make: Callable[[str], keras.Model], tmp_path: Path
) -> None:
    network = prove_network(lower(make("two_inputs_two_outputs")))
    write_design(network, "tagger", RtlSettings(), VariantSettings(), tmp_path / "rtl")
    write_payload(tmp_path / "rtl", PackingSettings(), HlsSettings(), tmp_path / "emp")
    cfg, hdl = tmp_path / "emp" / "firmware" / "cfg", tmp_path / "emp" / "firmware" / "hdl"
    framework = "emp-fwk:components/datapath emp_data_types.vhd"
    slink = "emp-fwk:components/links/slink emp_slink_types.vhd"
    stubs = tmp_path / "emp" / "sim" / "stubs.vhd"
    compiled = set()
    for top, packages in (
        ("top.dep", ["emp_project_decl.vhd"]),
        ("sim.dep", ["emp_project_decl.vhd", "tb_decl.vhd"]),
    ):
        order = _compile_order(cfg / top)
        if top == "sim.dep":
            assert order.pop() == "emp-fwk:boards/testbench top.dep"
        assert order[:2] == [framework, slink]
        del order[:2]
        assert order == [*packages, *_compile_order(cfg / "tagger.dep"), "emp_payload.vhd"]
        assert len(order) > 5, "the design has modules of its own"
        compiled |= {hdl / source for source in order}
        for number, (sources, fine) in enumerate(((order, True), (order[::-1], False))):
            work = tmp_path / f"{top}_{number}"
            work.mkdir()
            command = ["ghdl", "-a", "--std=08", f"--workdir={work}", stubs, *sources]
            done = subprocess.run(command, cwd=hdl, check=False, capture_output=True, text=True)
            assert (done.returncode == 0) == fine, done.stderr
    assert compiled == set(hdl.rglob("*.vhd"))
    commands = [line.split()[0] for file in cfg.glob("*.dep") for line in file.read_text().splitlines() if line]
    # what the parser of ipbb knows
    assert set(commands) == {"#", "include", "src", "addrtab", "?"}


VIVADO = """
foreach name {create_project synth_design opt_design place_design phys_opt_design route_design report_timing_summary} {
    proc $name args "puts \\"$name \\$args\\""
}
proc read_vhdl {standard file} { if {![file exists $file]} { error "no $file" }; puts "read [file tail $file]" }
proc read_xdc {- mode file} { source $file }
proc get_ports name { return $name }
proc create_clock args { puts "clock $args" }
proc get_timing_paths args { return worst }
proc get_property args { return -0.125 }
proc report_utilization {option args} { if {$option eq "-return_string"} { return $::report } }
"""
UTILISATION = """
1. CLB Logic

| Site Type        | Used | Fixed |
| CLB LUTs*        | 4701 |     0 |
|   LUT as Logic   | 4700 |     0 |
| CLB Registers    | 2233 |     0 |
| Block RAM Tile   |  1.5 |     0 |
| DSPs             |    7 |     0 |

4. SLR CLB Logic and Dedicated Block Utilization

| Site Type        | SLR0 |
| CLB LUTs         |    9 |
"""


def _in_tcl(vivado: Path, report: str) -> subprocess.CompletedProcess[str]:
    """Run the script for Vivado with stand-ins for its commands."""
    script = f"set report {{{report}}}\n{VIVADO}\nsource {vivado / 'out_of_context.tcl'}\n"
    return subprocess.run(["tclsh"], input=script, capture_output=True, text=True, check=False)


@pytest.mark.skipif(shutil.which("tclsh") is None, reason="tclsh not found")
def test_the_script_for_vivado_says_what_was_achieved(tmp_path: Path) -> None:
    case = handmade("summer", tmp_path / "rtl")
    write_payload(case.folder, PackingSettings(), HlsSettings(clock_period=2.5), tmp_path / "emp")
    vivado = tmp_path / "emp" / "vivado"
    lines = _in_tcl(vivado, UTILISATION).stdout.splitlines()
    assert [line for line in lines if line.startswith("read")] == [
        f"read {name}.vhd" for name in ("summer", "summer_links", "summer_axis")
    ]
    assert "clock -name clk -period 2.5 clk" in lines
    assert "synth_design -top summer_links -part xcvu13p-flga2577-2-e -mode out_of_context" in lines
    assert lines[-2:] == [
        "utilisation: 4701 LUT, 2233 FF, 7 DSP, 1.5 BRAM of 36 kbit",
        "achieved period: 2.625 ns (target 2.5 ns, worst slack -0.125 ns)",
    ]
    seven_series = UTILISATION.replace("CLB ", "Slice ")
    assert "utilisation: 4701 LUT, 2233 FF" in _in_tcl(vivado, seven_series).stdout
    without = _in_tcl(vivado, UTILISATION.replace("DSPs", "Dsp"))
    assert "utilisation.rpt has no row DSPs or DSP Slices" in without.stderr


def test_the_proof_in_the_bundle(tmp_path: Path) -> None:
    case = handmade("summer", tmp_path / "rtl")
    patterns = _payload(case, PackingSettings(), tmp_path)
    assert simulate(tmp_path / "emp", patterns, 60) == 14
    text = (patterns / "output_0.txt").read_text()
    (patterns / "output_0.txt").write_text(text.replace(" 0111 ", " 0110 ", 1))
    with pytest.raises(ProofFailedError, match="gives other frames: frame [0-9]+, link 0: expected"):
        simulate(tmp_path / "emp", patterns, 60)
    assert not (tmp_path / "emp" / "sim" / "work").exists()
    payload = tmp_path / "emp" / "firmware" / "hdl" / "emp_payload.vhd"
    payload.write_text(payload.read_text().replace("end architecture", "end architekture"))
    with pytest.raises(PipelineError, match="GHDL refuses the payload"):
        simulate(tmp_path / "emp", patterns, 60)
