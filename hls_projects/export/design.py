"""A design with its proof, as every target of the bundle gets it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from data_prep.errors import PipelineError
from hls_projects.export.file_hashes import hash_files
from hls_projects.export.links.packing_settings import PackingSettings
from hls_projects.export.reference_vectors import ReferenceVectors
from hls_projects.export.targets.emp_settings import EmpSettings
from hls_projects.hls.image_builder import IMAGE
from hls_projects.hls.jet_finder import JETS
from hls_projects.hls.project import HlsProject
from hls_projects.network.graph import Graph
from hls_projects.network.port import Port
from hls_projects.proof.record import Proof
from hls_projects.rtl.design import RtlDesign
from hls_projects.rtl.record import RtlProof


@dataclass(frozen=True)
class RtlPart:
    """The Verilog and VHDL of a design, as `rtl` left them.

    Attributes:
        folder: `rtl.json`, `verilog/` and `vhdl/`.
        design: the content of `rtl.json`.
        proof: the comparison, timing and size.
        proof_file: the proof on disk.
    """

    folder: Path
    design: RtlDesign
    proof: RtlProof
    proof_file: Path


@dataclass(frozen=True)
class Design:
    """A proven design to be exported.

    Attributes:
        project: name, backend, io type, part, clock, ports.
        graph: the nodes and proven types, from the inputs of the top function on.
        proof: the comparison of model and HLS emulation.
        vectors: input and expected output integers.
        hls: folder of the HLS project.
        lowered: folder of the lowered model.
        proof_file: the proof on disk.
        rtl: Verilog and VHDL; None where there is no RTL.
        rtl_reason: why there is no RTL.
        version: of the design: digits, and underscores between them.
        packing: how the ports of the RTL lie on links.
        emp: the framework that the payload is for.
    """

    project: HlsProject
    graph: Graph
    proof: Proof
    vectors: ReferenceVectors
    hls: Path
    lowered: Path
    proof_file: Path
    rtl: RtlPart | None = None
    rtl_reason: str = "no RTL was made"
    version: str = "1"
    packing: PackingSettings = field(default_factory=PackingSettings)
    emp: EmpSettings = field(default_factory=EmpSettings)


def require_proven_rtl(rtl: RtlPart, project: HlsProject) -> None:
    """Refuse RTL that is not proven, or is of another design.

    Raises:
        PipelineError: when its proof failed, was not run, compared nothing or is of other files, or it has another name
            or other inputs.
    """
    proof, remedy = rtl.proof, "only a proven design is exported; run `rtl` until it holds"
    compared = sum(layer.values for layer in proof.layers)
    if proof.status != "proven" or proof.mismatches or not compared or not sum(proof.vectors.values()):
        reason = f"the proof says '{proof.status}'" if proof.status != "proven" else "the proof compared nothing"
        raise PipelineError(f"{reason}: {proof.reason}", file=rtl.proof_file, remedy=remedy)
    if hash_files(rtl.folder) != proof.files:
        reason = f"is not what was proven, says {rtl.proof_file.name}"
        raise PipelineError(reason, file=rtl.folder, remedy=remedy)
    if rtl.design.name != project.name:
        reason = f"is the design '{rtl.design.name}', the HLS project is '{project.name}'"
        raise PipelineError(reason, file=rtl.folder, remedy="run `rtl` again")
    if rtl.design.inputs != project.top_inputs:
        taken = [", ".join(port.name for port in ports) for ports in (rtl.design.inputs, project.top_inputs)]
        reason = f"takes {taken[0]}, the HLS project {taken[1]}"
        raise PipelineError(reason, file=rtl.folder, remedy="run `convert` and `rtl` again, with the same `--images`")


def require_proven(proof: Proof, project: HlsProject, file: Path) -> None:
    """Refuse a design that is not proven bit by bit.

    Args:
        proof: the comparison.
        project: the design; every layer that computes in it must have been compared.
        file: of the proof, for the message.

    Raises:
        PipelineError: when the proof failed, was not run, or leaves a layer out.
    """
    compared = {layer.name for layer in proof.layers if layer.values and not layer.mismatches}
    computing = [layer.name for layer in project.traced]
    computing += ([IMAGE] if project.builder else []) + ([JETS] if project.finder else [])
    left_out = [name for name in computing if name not in compared]
    whole = compared and not left_out and not proof.mismatches and sum(proof.vectors.values())
    if proof.status == "proven" and whole:
        return
    if proof.status == "proven":
        finding, reason = "the proof leaves out " + (f"layer '{left_out[0]}'" if left_out else "the comparison"), ""
    else:
        finding, reason = f"the proof says '{proof.status}'", f": {proof.reason}" if proof.reason else ""
    remedy = "only a proven design is exported; run `csim` until it holds"
    raise PipelineError(f"{finding}{reason}", file=file, remedy=remedy)


def packing(project: HlsProject, port: Port, *, is_input: bool) -> str:
    """How the elements of a port lie on its wires, as hls4ml's interface pragmas order it."""
    order = "row, column, channel" if len(port.shape) == 3 else "index"
    width = port.type.width
    if project.settings.io_type == "io_stream":
        return f"AXI stream in the order of {order}; the channels of a pixel (all elements of a vector) are one beat"
    if is_input and project.builder is None:
        return f"one word; element i in the order of {order} lies in bits {width}·i to {width}·i + {width - 1}"
    return f"one port of {width} bits an element, in the order of {order}"
