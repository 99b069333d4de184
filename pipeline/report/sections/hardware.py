"""The design and its proof: ports, test vectors, and every layer with its types and the integers compared."""

from __future__ import annotations

from typing import Any

from hls_projects.hls.project import HlsProject
from hls_projects.network.graph import Graph
from hls_projects.proof.record import LayerProof
from pipeline.report.before_ports import before_ports
from pipeline.report.run_folder import RunFolder, reading
from pipeline.report.section import Section
from pipeline.report.verdict import judge

VECTOR_KINDS = {
    "data": "the test set",
    "extreme": "smallest and largest values, alternating, one lit element at a time",
    "beyond": "values up to four times the range of the input",
    "tie": "rounding ties and values next to them",
    "random": "uniform over the range of the input, half of them mostly zeros",
    "candidates, data": "the candidates of the test set",
    "candidates, border": "candidates on every pixel border and one unit below",
    "candidates, wrap": "φ of candidates and seed at, next to and beyond ±π, in all pairs",
    "candidates, extreme": "smallest value, largest value and 0 at every port, in all combinations",
    "candidates, saturation": "all in one pixel, sums around its largest value and around powers of two",
    "candidates, outside": "all one unit outside the window",
    "candidates, single": "one candidate alone",
    "candidates, empty": "no candidate",
    "candidates, random": "uniform over the range of the ports, and around the seed",
}
"""The kinds of test vectors in words."""


def values(run: RunFolder) -> dict[str, Any]:
    """Design, vectors and the table of layers; types are shown even if the comparison is missing."""
    types_folder = run.require("40_lowered")
    with reading("40_lowered/types.json"):
        types = Graph.load(types_folder / "types.json")
    project = None
    if "50_hls" in run.manifests:
        with reading("50_hls/hls.json"):
            project = HlsProject.load(run.require("50_hls"))
    verdict = judge(run)
    compared = {layer.name: layer for layer in verdict.proof.layers} if verdict.proof else {}
    rows = [(layer, compared.pop(layer.name, None)) for layer in types.layers]
    in_hardware = {layer.name for layer in project.traced} if project else set()
    vectors = verdict.proof.vectors if verdict.proof else {}
    available = (verdict.proof.available if verdict.proof else {}) or vectors
    order = [kind for kind in VECTOR_KINDS if kind in vectors] + [kind for kind in vectors if kind not in VECTOR_KINDS]
    return {
        "verdict": verdict,
        "project": project,
        "builder": project.builder.builder if project and project.builder else None,
        "finder": project.finder.finder if project and project.finder else None,
        "before": before_ports(run),
        "types": types,
        "rows": rows,
        "in_hardware": in_hardware,
        "ends": list(compared.values()),
        "vectors": [(kind, vectors[kind], available[kind], VECTOR_KINDS.get(kind, "")) for kind in order],
        "limited": available != vectors,
        "total": _total(list(verdict.proof.layers) if verdict.proof else []),
        "widest": max((layer.accumulator.width for layer in types.layers if layer.accumulator), default=0),
    }


def _total(layers: list[LayerProof]) -> tuple[int, int]:
    return sum(layer.values for layer in layers), sum(layer.mismatches for layer in layers)


SECTION = Section(180, "Proof", "Bit-exactness, layer by layer", values)
