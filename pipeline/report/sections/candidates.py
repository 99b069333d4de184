"""The loss if firmware sees only N integer candidates: AUC, and their share of a jet's pT and mass."""

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
    content = run.json(ARTEFACT, "cost.json")
    with reading(f"{ARTEFACT}/cost.json"):
        numbers = [int(number) for number in content["numbers"]]
        classes = [str(name) for name in content["classes"]]
        networks = {name: titles(run).get(name, name) for name in content["networks"]}
        rows = [_row(content, name, networks, classes) for name in ("float", *map(str, numbers))]
        auc = {
            title: {row["name"]: row["networks"][name]["macro_auc"] for row in rows} for name, title in networks.items()
        }
        share = {
            quantity: {
                name: [float(content["share"][str(n)][quantity][name]["mean"]) for n in numbers] for name in classes
            }
            for quantity in ("pt", "mass")
        }
        figure = candidate_cost(numbers, auc, share)
        counts = {"jets": int(content["test_jets"]), "replicas": int(content["replicas"])}
    label = "Macro-AUC and the fraction of jet pT and mass against the number of candidates"
    return {
        "figure": svg.inline(svg_text(figure), "candidates", label),
        "rows": rows,
        "networks": networks,
        "classes": classes,
        **counts,
    }


def _row(content: dict[str, Any], name: str, networks: dict[str, str], classes: list[str]) -> dict[str, Any]:
    """One image set: macro-AUC of each network, and shares by class if its images are from candidates."""
    cost = {
        network: {key: ValueWithError(**content["cost"][name][network][key]) for key in ("macro_auc", "difference")}
        for network in networks
    }
    share = content["share"].get(name)
    shares = (
        {q: [float(share[q][class_name]["mean"]) for class_name in classes] for q in ("pt", "mass")} if share else None
    )
    return {"name": name, "networks": cost, "share": shares}


SECTION = Section(60, "Candidates", "Loss from using only N candidates", values, optional=ARTEFACT)
