"""What it costs that firmware sees N integer candidates: AUC, and the share of a jet that they hold."""

from __future__ import annotations

from typing import Any

from models.metrics.bootstrap import ValueWithError
from pipeline.plots.candidates import candidate_cost
from pipeline.plots.style import svg_text
from pipeline.report import svg
from pipeline.report.results import titles
from pipeline.report.run_folder import RunFolder, reading
from pipeline.report.section import Section

ARTEFACT = "25_candidates"


def values(run: RunFolder) -> dict[str, Any]:
    """The figure and the table."""
    found = run.json(ARTEFACT, "cost.json")
    with reading(f"{ARTEFACT}/cost.json"):
        numbers = [int(number) for number in found["numbers"]]
        classes = [str(name) for name in found["classes"]]
        networks = {name: titles(run).get(name, name) for name in found["networks"]}
        rows = [_row(found, name, networks, classes) for name in ("float", *map(str, numbers))]
        auc = {
            shown: {row["name"]: row["networks"][name]["macro_auc"] for row in rows} for name, shown in networks.items()
        }
        share = {
            quantity: {
                name: [float(found["share"][str(n)][quantity][name]["mean"]) for n in numbers] for name in classes
            }
            for quantity in ("pt", "mass")
        }
        figure = candidate_cost(numbers, auc, share)
        counts = {"jets": int(found["test_jets"]), "replicas": int(found["replicas"])}
    label = "Macro-AUC and the fraction of jet pT and mass against the number of candidates"
    return {
        "figure": svg.inline(svg_text(figure), "candidates", label),
        "rows": rows,
        "networks": networks,
        "classes": classes,
        **counts,
    }


def _row(found: dict[str, Any], name: str, networks: dict[str, str], classes: list[str]) -> dict[str, Any]:
    """One image set: macro-AUC of each network, shares by class where it is of candidates."""
    cost = {
        network: {key: ValueWithError(**found["cost"][name][network][key]) for key in ("macro_auc", "difference")}
        for network in networks
    }
    share = found["share"].get(name)
    kept = {q: [float(share[q][each]["mean"]) for each in classes] for q in ("pt", "mass")} if share else None
    return {"name": name, "networks": cost, "share": kept}


SECTION = Section(60, "Candidates", "Loss from using only N candidates", values, optional=ARTEFACT)
