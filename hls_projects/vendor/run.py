"""HLS project and RTL through the vendor's tools: C synthesis, then synthesis, placement and routing out of context."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from data_prep.system.programs import Children
from hls_projects.hls.project import HlsProject
from hls_projects.rtl.design import RtlDesign
from hls_projects.settings import HlsSettings
from hls_projects.templating import filled
from hls_projects.vendor.numbers import HardwareNumbers, Stage
from hls_projects.vendor.tools import hls_compiler, run_script, vivado
from hls_projects.vendor.vitis_report import HlsReport, read_csynth
from hls_projects.vendor.vivado_timing import read_timing
from hls_projects.vendor.vivado_utilisation import read_utilisation

_OPTIONS = ("reset", "csim", "synth", "cosim", "validation", "export", "vsynth", "fifo_opt")
"""The steps of hls4ml's `build_prj.tcl`."""


@dataclass(frozen=True)
class Sources:
    """The sources for Vivado.

    Attributes:
        top: module.
        files: Verilog, and the data files that it reads.
        clock: port of the clock.
    """

    top: str
    files: Sequence[Path]
    clock: str


def synthesise_rtl(
    folder: Path, hls: HlsSettings, route: bool, work: Path, children: Children
) -> list[HardwareNumbers]:
    """Take an RTL design through Vivado.

    Args:
        folder: a design: `rtl.json` and `verilog/`.
        hls: part and clock.
        route: whether it is placed and routed too.
        work: is created; scripts, logs and reports are left there.
        children: what the tools run in.

    Raises:
        ToolNotFoundError: when Vivado is missing.
        PipelineError: when it fails.
        InputFileError: when a report lacks a field.
    """
    design = RtlDesign.load(folder)
    sources = Sources(design.name, [folder / "verilog" / name for name in design.verilog], "clk")
    return _through_vivado(sources, "RTL", (design.latency, design.interval), hls, route, work, children)


def synthesise_hls(
    folder: Path, hls: HlsSettings, route: bool, work: Path, children: Children
) -> list[HardwareNumbers]:
    """Take an HLS project through C synthesis, and the resulting Verilog through Vivado.

    Args:
        folder: the project; it is copied, not changed.
        hls: part and clock; those of the project itself hold for C synthesis.
        route: whether it is placed and routed too.
        work: is created; scripts, logs and reports are left there.
        children: what the tools run in.

    Raises:
        ToolNotFoundError: when a tool is missing.
        PipelineError: when one fails.
        InputFileError: when a report lacks a field.
    """
    project = HlsProject.load(folder)
    # A design from candidates has a top function around that of the network, with a script of its own.
    top = project.top
    script = "build_prj.tcl" if project.builder is None else "build_candidates.tcl"
    work.mkdir(parents=True)
    copy = work / "project"
    shutil.copytree(folder, copy)
    steps = "".join(f"    {step} {int(step in ('reset', 'synth'))}\n" for step in _OPTIONS)
    (copy / "build_opt.tcl").write_text(f"array set opt {{\n{steps}}}\n", encoding="ascii")
    compiler = hls_compiler(project.settings.backend)
    run_script(compiler, script, copy, children)
    results = copy / f"{top}_prj" / "solution1" / "syn"
    shutil.copyfile(copy / f"{script}.out", work / f"{script}.out")
    report = read_csynth(results / "report" / f"{top}_csynth.xml")
    shutil.copyfile(results / "report" / f"{top}_csynth.xml", work / f"{top}_csynth.xml")
    files = sorted(path for path in (results / "verilog").iterdir() if path.suffix in (".v", ".sv", ".dat", ".mem"))
    sources = Sources(top, files, "ap_clk")
    timing = (report.latency, report.interval)
    through = _through_vivado(sources, "HLS project", timing, hls, route, work / "vivado", children)
    shutil.rmtree(copy)
    return [_of_c_synthesis(report, compiler[0]), *through]


def _of_c_synthesis(report: HlsReport, program: str) -> HardwareNumbers:
    return HardwareNumbers(
        design="HLS project",
        tool=f"{program} {report.tool}",
        stage="C synthesis",
        latency=report.latency,
        interval=report.interval,
        target_period=report.target_period,
        achieved_period=report.estimated_period,
        lut=report.lut,
        ff=report.ff,
        dsp=report.dsp,
        bram=report.bram / 2,
        uram=report.uram,
    )


def _through_vivado(
    sources: Sources,
    design: str,
    timing: tuple[int, int],
    hls: HlsSettings,
    route: bool,
    work: Path,
    children: Children,
) -> list[HardwareNumbers]:
    given = work / "sources"
    given.mkdir(parents=True)
    for path in sources.files:
        shutil.copyfile(path, given / path.name)
    script = "out_of_context.tcl"
    (work / script).write_text(_script(sources.top, hls.part, route), encoding="ascii")
    clock = f"create_clock -name {sources.clock} -period {hls.clock_period} [get_ports {sources.clock}]\n"
    (work / "clock.xdc").write_text(clock, encoding="ascii")
    run_script(vivado(), script, work, children)
    shutil.rmtree(given)
    stages: tuple[Stage, ...] = ("synthesised", "routed") if route else ("synthesised",)
    return [_of_vivado(design, stage, timing, sources.clock, work) for stage in stages]


def _of_vivado(design: str, stage: Stage, timing: tuple[int, int], clock: str, work: Path) -> HardwareNumbers:
    used = read_utilisation(work / f"{stage}_utilisation.rpt")
    clocking = read_timing(work / f"{stage}_timing.rpt", clock)
    latency, interval = timing
    return HardwareNumbers.model_validate(
        {
            "design": design,
            "tool": used.tool,
            "stage": stage,
            "latency": latency,
            "interval": interval,
            "target_period": clocking.period,
            "achieved_period": clocking.achieved,
            "hold_slack": clocking.hold_slack,
        }
        | {name: getattr(used, name) for name in ("lut", "ff", "dsp", "bram", "uram")}
    )


def _script(top: str, part: str, route: bool) -> str:
    return filled("out_of_context.tcl.j2", {"top": top, "part": part, "route": route}, trim=True)
