"""How well the taggers separate: ROC curves of float, quantized and emulated network in one plot, and their metrics.

All with the statistical errors that the training measured; nothing is estimated here.
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
from pipeline.report.confusions import confused, spread
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


class Share(NamedTuple):
    """A share in percent, with an interval of one standard deviation."""

    value: float
    low: float
    high: float


def values(run: RunFolder) -> dict[str, Any]:
    """Curves, metrics, and what they say in sentences."""
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
        "against": next((each.performance.against for each in results.taggers if each.performance.against), None),
        "missing": Rejection(0.0, None, None, None),
    }


def _spreads(run: RunFolder) -> dict[str, float]:
    """How far the jet mass in the images is spread (GeV), by class, as far as it is known."""
    if "20_images" not in run.manifests:
        return {}
    folder = run.require("20_images")
    with reading("20_images/summary.npz"):
        summary = Summary.load(folder / "summary.npz")
        names = open_dataset(folder).metadata.classes
    found = {name: spread(counts, summary.mass_edges) for name, counts in zip(names, summary.mass_image, strict=True)}
    return {name: value for name, value in found.items() if value is not None}


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


def _confusion(tagger: Tagger, errors: Uncertainty) -> list[list[Share]]:
    """The shares of each true class, in percent, with their intervals."""
    shares = _shares(tagger)
    if not errors.confusion:
        return [[Share(100 * value, 100 * value, 100 * value) for value in row] for row in shares]
    return [
        [Share(100 * value, 100 * low, 100 * high) for value, (low, high) in zip(row, intervals, strict=True)]
        for row, intervals in zip(shares, errors.confusion, strict=True)
    ]


def _shares(tagger: Tagger) -> list[list[float]]:
    """The shares of each true class that are taken for each."""
    return [[value / max(sum(row), 1e-300) for value in row] for row in tagger.performance.confusion]


def _steps(results: Results) -> list[tuple[str, ValueWithError]]:
    """What each step on the way to hardware costs in macro-AUC; without errors they count as unknown."""
    steps = (
        ("separable instead of standard convolutions", STANDARD, SEPARABLE),
        ("quantized instead of float numbers", SEPARABLE, QUANTIZED),
    )
    found = []
    for what, before, after in steps:
        first, second = results.macro_auc(before), results.macro_auc(after)
        if first is not None and second is not None:
            found.append(
                (f"{what}: macro-AUC ", results.difference(after, before) or ValueWithError(second - first, math.nan))
            )
    return found


def _trees(results: Results) -> list[dict[str, Any]]:
    """The tagger nearest to hardware beside each baseline that there is."""
    deployed = results.deployed
    if deployed is None or (network := deployed.performance.macro_auc) is None:
        return []
    found = []
    for name, of in ((TREES, "all constituents"), (TREES_SEEN, "the constituents that the network sees")):
        if (trees := results.macro_auc(name)) is not None:
            errors = [results.errors(each).macro_auc for each in (deployed.name, name)]
            difference = results.difference(deployed.name, name) or ValueWithError(network - trees, math.nan)
            found.append({"of": of, "trees": trees, "network": network, "errors": errors, "difference": difference})
    return found


def tiles(run: RunFolder) -> list[Tile]:
    """The macro-AUC of the tagger nearest to hardware."""
    results = load_results(run)
    shown = EMULATED if results.find(EMULATED) else QUANTIZED
    what = "emulated design" if shown == EMULATED else "quantized network"
    value = with_error(results.macro_auc(shown), results.errors(shown).macro_auc)
    return [(value, f"macro-AUC of the {what} on {count(results.label.size)} test jets")]


SECTION = Section(120, "Performance", "Performance", values, tasks=frozenset({"classification"}), tiles=tiles)
