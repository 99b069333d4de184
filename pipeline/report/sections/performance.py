"""The performance of the taggers: ROC curves of float, quantized and emulated network in one plot, and their metrics.

The statistical errors are those measured by the training; none are estimated here.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from data_prep.digits import with_error
from data_prep.images.summary import Summary
from data_prep.store.jet_images import open_dataset
from models.metrics.bootstrap import ValueWithError
from models.metrics.taggers import Rejection, effective_number, roc_curve
from models.metrics.uncertainty import Uncertainty
from pipeline.plots.roc import Curve, roc_panels
from pipeline.plots.style import svg_text
from pipeline.report import svg
from pipeline.report.confusions import confused, quantile_half_width
from pipeline.report.results import (
    EMULATED,
    QUANTIZED,
    SEPARABLE,
    STANDARD,
    TREES,
    TREES_SEEN,
    Results,
    Tagger,
    load_results,
)
from pipeline.report.run_folder import RunFolder, reading
from pipeline.report.section import Section, Tile, count


class PercentInterval(NamedTuple):
    """A share in percent, with an interval of one standard deviation."""

    value: float
    low: float
    high: float


def values(run: RunFolder) -> dict[str, Any]:
    """Curves, metrics, and conclusions in sentences."""
    results = load_results(run)
    label = "Background rejection against signal efficiency for each class and tagger"
    deployed = results.deployed
    points = sorted({point for tagger in results.taggers for point in tagger.performance.rejection})
    return {
        "results": results,
        "figure": svg.inline(svg_text(roc_panels(_curves(results))), "roc", label),
        "points": points,
        "confusion": None if deployed is None else _confusion(deployed, results.errors(deployed.name)),
        "replicas": None if results.uncertainty is None else results.uncertainty.replicas,
        "deployed": deployed,
        "confused": [] if deployed is None else confused(results.classes, _shares(deployed), _spreads(run)),
        "steps": _steps(results),
        "trees": _trees(results),
        "against": next((tagger.performance.against for tagger in results.taggers if tagger.performance.against), None),
        "missing": Rejection(0.0, None, None, None),
    }


def _spreads(run: RunFolder) -> dict[str, float]:
    """The spread of the jet mass in the images (GeV), by class, as far as it is known."""
    if "20_images" not in run.manifests:
        return {}
    folder = run.require("20_images")
    with reading("20_images/summary.npz"):
        summary = Summary.load(folder / "summary.npz")
        names = open_dataset(folder).metadata.classes
    widths = {
        name: quantile_half_width(counts, summary.mass_edges)
        for name, counts in zip(names, summary.mass_image, strict=True)
    }
    return {name: value for name, value in widths.items() if value is not None}


def _curves(results: Results) -> dict[str, list[Curve]]:
    """By class the ROC curve of every tagger, with the number of background jets."""
    curves: dict[str, list[Curve]] = {}
    for index, name in enumerate(results.classes):
        signal = results.label == index
        jets = effective_number(results.weight[~signal])
        measurable = results.weight[signal].sum() > 0 and results.weight[~signal].sum() > 0
        curves[name] = [
            Curve(
                tagger.name,
                tagger.title,
                roc_curve(tagger.scores[:, index], signal, results.weight),
                jets,
                results.errors(tagger.name).roc.get(name),
            )
            for tagger in results.taggers
            if measurable
        ]
    return curves


def _confusion(tagger: Tagger, errors: Uncertainty) -> list[list[PercentInterval]]:
    """The shares of each true class, in percent, with their intervals."""
    shares = _shares(tagger)
    if not errors.confusion:
        return [[PercentInterval(100 * value, 100 * value, 100 * value) for value in row] for row in shares]
    return [
        [PercentInterval(100 * value, 100 * low, 100 * high) for value, (low, high) in zip(row, intervals, strict=True)]
        for row, intervals in zip(shares, errors.confusion, strict=True)
    ]


def _shares(tagger: Tagger) -> list[list[float]]:
    """The shares of each true class that are classified as each class."""
    return [[value / max(sum(row), 1e-300) for value in row] for row in tagger.performance.confusion]


def _steps(results: Results) -> list[tuple[str, ValueWithError]]:
    """The change of the macro-AUC by each step towards hardware; missing errors are NaN."""
    steps = (
        ("separable instead of standard convolutions", STANDARD, SEPARABLE),
        ("quantized instead of float numbers", SEPARABLE, QUANTIZED),
    )
    changes = []
    for step, before, after in steps:
        value_before, value_after = results.macro_auc(before), results.macro_auc(after)
        if value_before is not None and value_after is not None:
            changes.append(
                (
                    f"{step}: macro-AUC ",
                    results.difference(after, before) or ValueWithError(value_after - value_before, math.nan),
                )
            )
    return changes


def _trees(results: Results) -> list[dict[str, Any]]:
    """The tagger closest to the hardware compared with each existing baseline."""
    deployed = results.deployed
    if deployed is None or (network := deployed.performance.macro_auc) is None:
        return []
    comparisons = []
    for name, constituents in ((TREES, "all constituents"), (TREES_SEEN, "the constituents that the network sees")):
        if (trees := results.macro_auc(name)) is not None:
            errors = [results.errors(tagger).macro_auc for tagger in (deployed.name, name)]
            difference = results.difference(deployed.name, name) or ValueWithError(network - trees, math.nan)
            comparisons.append(
                {
                    "constituents": constituents,
                    "trees": trees,
                    "network": network,
                    "errors": errors,
                    "difference": difference,
                }
            )
    return comparisons


def tiles(run: RunFolder) -> list[Tile]:
    """The macro-AUC of the tagger closest to the hardware."""
    results = load_results(run)
    name = EMULATED if results.find(EMULATED) else QUANTIZED
    description = "emulated design" if name == EMULATED else "quantized network"
    value = with_error(results.macro_auc(name), results.errors(name).macro_auc)
    return [(value, f"macro-AUC of the {description} on {count(results.label.size)} test jets")]


SECTION = Section(120, "Performance", "Performance", values, tasks=frozenset({"classification"}), tiles=tiles)
