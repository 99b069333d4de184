"""`rtl`: the lowered model as Verilog and VHDL, synthesised, simulated clock by clock, and compared with the model."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Annotated

import typer

from data_prep.errors import ProofFailedError, ToolNotFoundError
from hls_projects.settings import HardwareSettings
from pipeline import configuration
from pipeline.artefacts.artefact import artefact
from pipeline.artefacts.json_file import write_json
from pipeline.console import done
from pipeline.options import Hardware, Images, MaybeCsim, result
from pipeline.proving import leave_proof
from pipeline.stage import Stage


def run(
    lowered: Annotated[Path, typer.Argument(help="Network: a folder made by `lower`.")],
    config: Hardware,
    out: Annotated[Path, result("a folder, build/<run>/65_rtl; the proof goes beside it (.json)")],
    csim: MaybeCsim = None,
    images: Images = None,
) -> None:
    """Write Verilog and VHDL, proven equal to the network.

    Simulated clock by clock, they must give the same integers as the trained model on random vectors, on corner cases,
    on the whole test set of --images, and as the HLS project of --csim. If images are made from candidates, the design
    starts from these. Needs g++; the VHDL is simulated if GHDL is installed.
    """
    settings = configuration.load(config, HardwareSettings)
    proof_file = out.with_name(f"{out.name}.json")
    inputs = {"lower": lowered, "csim": csim, "images": images}
    with artefact(out, "rtl", settings={"hardware": settings}, inputs=inputs, companions=[proof_file]) as space:
        from hls_projects.rtl.record import RtlProof
        from pipeline.proven_rtl import make_rtl

        try:
            design = make_rtl(lowered, settings, space.work, csim, images)
        except ToolNotFoundError as error:
            leave_proof(space, space.companions[0], RtlProof(status="not run", reason=error.problem))
            raise
        record = design.record
        if record.status == "failed":
            leave_proof(space, space.companions[0], record)
            raise ProofFailedError(f"model and RTL differ: {record.first_mismatch}", file=lowered)
        if design.folder is not None:
            shutil.copytree(design.folder, space.path, dirs_exist_ok=True)
        write_json(space.companions[0], record.model_dump(mode="json"))
    if record.status == "proven":
        done("rtl", f"{out}: {record.reason}, {design.size}")
    else:
        done("rtl", f"{out}: not run, {record.reason}")


STAGE = Stage(
    run,
    place=65,
    example=r"""
python -m pipeline rtl --config configs/demo/hardware.yaml \
  --csim build/demo/60_csim.json --images build/demo/20_images \
  build/demo/40_lowered --out build/demo/65_rtl
""",
    artefact="65_rtl",
    inputs=("images", "lower", "csim"),
    in_every_run=True,
)
