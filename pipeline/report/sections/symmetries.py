"""Equivariant networks: performance on rotated jets, and the size of their logic."""

from __future__ import annotations

from typing import Any

from pipeline.plots.style import svg_text
from pipeline.plots.symmetries import Point, auc_against_cost
from pipeline.report import svg
from pipeline.report.run_folder import RunFolder, reading
from pipeline.report.section import Section

STUDY, LOGIC = "26_symmetries", "27_symmetries_rtl"
UPRIGHT, TURNED = "as they are", "turned"


def values(run: RunFolder) -> dict[str, Any]:
    """The figure and the table."""
    content = run.json(STUDY, "symmetries.json")
    logic = run.json(LOGIC, "rtl.json") if LOGIC in run.manifests else {}
    with reading(f"{STUDY}/symmetries.json"):
        classes = [str(name) for name in content["classes"]]
        rows = [_row(content["variants"][name], logic.get(name), classes) for name in content["names"]]
        points = [
            Point(row["title"], row["multiplications"], row["turned"]["mean"], row["turned"]["spread"] or 0.0)
            for row in rows
        ]
        counts = {"seeds": len(content["seeds"]), "jets": {name: int(n) for name, n in content["jets"].items()}}
    label = "Macro-AUC of each network on rotated jets against its multiplications"
    figure = svg.inline(svg_text(auc_against_cost(points)), "symmetries", label)
    return {"figure": figure, "rows": rows, "classes": classes, "logic": bool(logic), **counts}


def _row(variant: dict[str, Any], logic: dict[str, Any] | None, classes: list[str]) -> dict[str, Any]:
    quantized = variant["networks"]["quantized"]
    return {
        "title": str(variant["title"]),
        "parameters": int(variant["parameters"]),
        "multiplications": int(variant["multiplications"]),
        "upright": quantized[UPRIGHT]["macro_auc"],
        "turned": quantized[TURNED]["macro_auc"],
        "float": variant["networks"]["float"][TURNED]["macro_auc"],
        "changed": quantized["changed"],
        "rejection": [quantized[TURNED]["rejection"][name] for name in classes],
        "logic": None if logic is None or logic["status"] != "proven" else logic,
        "reason": "" if logic is None else str(logic["reason"]),
    }


SECTION = Section(70, "Symmetries", "Networks with built-in symmetry", values, optional=STUDY)
