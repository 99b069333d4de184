"""The results of the vendor's tools for the design, compared with those of the open tools."""

from __future__ import annotations

from typing import Any

from hls_projects.rtl.record import RtlProof
from hls_projects.vendor.devices import device_of
from hls_projects.vendor.numbers import VendorNumbers, all_numbers
from pipeline.artefacts.lineage import changed_inputs
from pipeline.report.before_ports import before_ports
from pipeline.report.run_folder import NotMadeError, RunFolder, reading
from pipeline.report.section import Section

ARTEFACT = "66_synth"


def values(run: RunFolder) -> dict[str, Any]:
    """The numbers of every tool, if they are of the present design."""
    folder = run.require(ARTEFACT)
    if changed := changed_inputs(run.path, run.manifests)[ARTEFACT]:
        raise NotMadeError(f"{ARTEFACT} was made from another {changed[0]}", remedy="make it again with `make synth`")
    with reading(f"{ARTEFACT}/synth.json"):
        vendor = VendorNumbers.load(folder)
    proof = None
    path = run.path / "65_rtl.json"
    if path.exists():
        with reading(path.name):
            proof = RtlProof.load(path)
    numbers = all_numbers(proof, vendor)
    device = device_of(vendor.part)
    return {"before": before_ports(run), "numbers": numbers, "part": vendor.part, "device": device}


SECTION = Section(200, "Synthesis", "Vitis HLS and Vivado, beside the open estimates", values, optional=ARTEFACT)
