"""Target `emp/`: the VHDL of the design as a payload of the EMP framework, and with AXI streams.

Sources: the interface of payloads, https://serenity.web.cern.ch/serenity/emp-fwk/firmware/payload-interface.html; the
payloads, `emp_project_decl`, `tb_decl` and dependency files of https://github.com/cms-L1TK/l1tk-for-emp; the dependency
files of ipbb, https://ipbus.web.cern.ch.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from data_prep.errors import ConfigurationError
from hls_projects.export.design import Design
from hls_projects.export.links.packing_settings import BOARD_LINKS, WORD_BITS, PackingSettings
from hls_projects.export.links.plan import LinkPlan, link_plan
from hls_projects.export.links.wiring import wire
from hls_projects.export.render import TEMPLATES, rendered
from hls_projects.export.target import Target
from hls_projects.export.targets.emp_check import simulate
from hls_projects.export.targets.emp_settings import EmpSettings
from hls_projects.export.targets.patterns import FOLDER as PATTERNS
from hls_projects.export.targets.patterns import PatternRecord
from hls_projects.export.targets.proofs import FOLDER as PROOFS
from hls_projects.proof.record import LayerProof, Proof
from hls_projects.rtl.design import RtlDesign
from hls_projects.settings import HlsSettings

FOLDER = "emp"
RTL = "rtl"
PACKETS = 100
"""Packets that are played at most: GHDL is slow."""


def write(design: Design, root: Path) -> None:
    """Write `emp/`; nothing where there is no RTL."""
    if design.rtl is not None:
        write_payload(design.rtl.folder, design.packing, design.project.settings, root / FOLDER, design.emp)


def in_words(links: Sequence[int]) -> str:
    """Link numbers as a person reads them.

    >>> in_words((0, 1, 2, 3, 7, 9, 10))
    '0 to 3, 7, 9, 10'
    """
    runs: list[list[int]] = []
    for link in links:
        if runs and runs[-1][-1] == link - 1:
            runs[-1].append(link)
        else:
            runs.append([link])
    parts = [f"{run[0]} to {run[-1]}" if len(run) > 2 else ", ".join(map(str, run)) for run in runs]
    return ", ".join(parts)


def write_payload(
    rtl: Path, packing: PackingSettings, hls: HlsSettings, folder: Path, emp: EmpSettings | None = None
) -> None:
    """Write the firmware project of an RTL design.

    Args:
        rtl: a design: `rtl.json` and `vhdl/`.
        packing: where its values lie on the links.
        hls: part and clock.
        folder: is created.
        emp: the framework; the current one where not given.

    Raises:
        ConfigurationError: a packing that does not fit the design, or links that no board has.
    """
    design = RtlDesign.load(rtl)
    plan = link_plan(design, packing)
    last = max(*plan.inputs.links, *plan.outputs.links)
    if last >= BOARD_LINKS:
        raise ConfigurationError(
            f"'packing' of hardware.yaml: link {last} is used, an EMP payload has 0 to {BOARD_LINKS - 1}",
            remedy=f"give placements on those, or 'links: {BOARD_LINKS}' or less",
        )
    name, emp = design.name, emp or EmpSettings()
    hdl, cfg, sim, vivado = (folder / part for part in ("firmware/hdl", "firmware/cfg", "sim", "vivado"))
    for subfolder in (hdl / RTL, cfg, sim, vivado):
        subfolder.mkdir(parents=True)
    for source in design.vhdl:
        shutil.copyfile(rtl / "vhdl" / source, hdl / RTL / source)
    values = {
        "name": name,
        "design": design,
        "plan": plan,
        "wiring": wire(plan, design),
        "in_bits": WORD_BITS * len(plan.inputs.links),
        "out_bits": WORD_BITS * len(plan.outputs.links),
        "beat_bits": sum(design.input_widths),
        "result_bits": sum(design.output_widths),
        "registers_in": plan.wrapper_clocks // 2,
        "registers_out": plan.wrapper_clocks - plan.wrapper_clocks // 2,
        "sources": [*(f"{RTL}/{source}" for source in design.vhdl), f"{name}_links.vhd", f"{name}_axis.vhd"],
        "emp": emp,
        "regions": _regions(plan),
        "depth": packing.depth,
        "part": hls.part,
        "period": hls.clock_period,
        "folder": FOLDER,
        "in_links": in_words(plan.inputs.links),
        "out_links": in_words(plan.outputs.links),
        # what is on its way while packets begin as often as they may, and one that waits to be taken
        "packets": -(-(plan.first_output + plan.outputs.frames + 2) // plan.period) + 1,
    }
    for template, file in (
        ("links.vhd", hdl / f"{name}_links.vhd"),
        ("axis.vhd", hdl / f"{name}_axis.vhd"),
        ("emp_payload.vhd", hdl / "emp_payload.vhd"),
        ("emp_project_decl.vhd", hdl / "emp_project_decl.vhd"),
        ("tb_decl.vhd", hdl / "tb_decl.vhd"),
        ("design.dep", cfg / f"{name}.dep"),
        ("top.dep", cfg / "top.dep"),
        ("sim.dep", cfg / "sim.dep"),
        ("clock.xdc", vivado / "clock.xdc"),
        ("out_of_context.tcl", vivado / "out_of_context.tcl"),
        ("testbench.vhd", sim / "testbench.vhd"),
        ("sim.mk", sim / "Makefile"),
        ("README.md", folder / "README.md"),
    ):
        file.write_text(rendered(f"emp/{template}.j2", values), encoding="utf-8")
    shutil.copyfile(TEMPLATES / "emp" / "stubs.vhd", sim / "stubs.vhd")


def _regions(plan: LinkPlan) -> list[tuple[int, bool, bool]]:
    """The quads of links that are used: number, whether inputs come in, whether outputs go out."""
    taken, given = ({link // 4 for link in packing.links} for packing in (plan.inputs, plan.outputs))
    return [(quad, quad in taken, quad in given) for quad in sorted(taken | given)]


def prove_payload(design: Design, root: Path) -> None:
    """Simulate the payload and write `proof/emp.json`; nothing where there is no payload or no GHDL.

    Args:
        design: what was exported.
        root: folder of the bundle with its payload and pattern files.

    Raises:
        PipelineError: when GHDL refuses the VHDL.
        ProofFailedError: when a frame differs.
    """
    patterns = root / PATTERNS
    if not (root / FOLDER).exists() or not patterns.exists() or shutil.which("ghdl") is None:
        return
    record = PatternRecord.load(patterns)
    packets = min(PACKETS, len(record.files[0]))
    frames = record.first_output + (packets - 1) * record.period + record.output_frames
    words = simulate(root / FOLDER, patterns / "emp_v2", frames)
    layer = LayerProof(name="words of the links", type="64 bits", values=words, mismatches=0)
    reason = "emp_payload, simulated by GHDL, gives the frames of the pattern files"
    proof = Proof(status="proven", reason=reason, vectors={"pattern files": packets}, layers=(layer,))
    (root / PROOFS / "emp.json").write_text(proof.model_dump_json(indent=1) + "\n", encoding="utf-8")


TARGET = Target(70, write, check=prove_payload)
