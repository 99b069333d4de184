"""How well the taggers separate: ROC curves of float, quantized and emulated network in one plot, and their metrics."""

from __future__ import annotations

from typing import Any

from models.metrics import Rejection, effective_number, roc_curve
from pipeline.plots.roc import Curve, roc_panels
from pipeline.plots.style import svg_text
from pipeline.report import svg
from pipeline.report.results import QUANTIZED, SEPARABLE, STANDARD, TREES, Results, load_results
from pipeline.report.run_folder import RunFolder
from pipeline.report.section import Section


def values(run: RunFolder) -> dict[str, Any]:
    """Curves, metrics, and what they say in sentences."""
    results = load_results(run)
    label = "Background rejection against signal efficiency for each class and tagger"
    deployed = results.deployed
    shares = None
    if deployed is not None:
        confusion = deployed.performance.confusion
        shares = [[value / max(sum(row), 1e-300) for value in row] for row in confusion]
    points = sorted({point for tagger in results.taggers for point in tagger.performance.rejection})
    return {
        "results": results,
        "figure": svg.inline(svg_text(roc_panels(_curves(results))), "roc", label),
        "points": points,
        "confusion": shares,
        "deployed": deployed,
        "steps": _steps(results),
        "trees": _trees(results),
        "against": next((each.performance.against for each in results.taggers if each.performance.against), None),
        "missing": Rejection(0.0, None, None, None),
    }


def _curves(results: Results) -> dict[str, list[Curve]]:
    """By class the ROC curve of every tagger, with the number of background jets."""
    curves: dict[str, list[Curve]] = {}
    for index, name in enumerate(results.classes):
        signal = results.label == index
        jets = effective_number(results.weight[~signal])
        measurable = results.weight[signal].sum() > 0 and results.weight[~signal].sum() > 0
        curves[name] = [
            Curve(tagger.name, tagger.title, roc_curve(tagger.scores[:, index], signal, results.weight), jets)
            for tagger in results.taggers
            if measurable
        ]
    return curves


def _steps(results: Results) -> list[tuple[str, float]]:
    """What each step on the way to hardware costs in macro-AUC."""
    steps = (
        ("separable instead of standard convolutions", STANDARD, SEPARABLE),
        ("quantized instead of float numbers", SEPARABLE, QUANTIZED),
    )
    found = []
    for what, before, after in steps:
        first, second = results.macro_auc(before), results.macro_auc(after)
        if first is not None and second is not None:
            found.append((what, second - first))
    return found


def _trees(results: Results) -> dict[str, Any] | None:
    """The baseline against the tagger nearest to hardware."""
    trees = results.macro_auc(TREES)
    deployed = results.deployed
    if trees is None or deployed is None or deployed.performance.macro_auc is None:
        return None
    network = deployed.performance.macro_auc
    return {"trees": trees, "network": network, "title": deployed.title, "beaten": network > trees}


SECTION = Section("performance", "Performance", "Performance", values, tasks=frozenset({"classification"}))
