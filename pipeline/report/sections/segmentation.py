"""The classification of towers, and the effect of pileup mitigation on the jets."""

from __future__ import annotations

from typing import Any

import numpy as np

from data_prep.events.batch import TOWER_CLASSES
from models.events.mitigation import names_of
from models.metrics.segmentation import confusion
from pipeline.plots.resolution import resolution_curves
from pipeline.plots.style import svg_text
from pipeline.report import svg
from pipeline.report.event_differences import Column, Number, differences_of, event_differences, from_float
from pipeline.report.event_results import EventResults, load_event_results
from pipeline.report.results import QUANTIZED, display_order, titles
from pipeline.report.run_folder import RunFolder, reading
from pipeline.report.section import Section, Tile, count, fraction

QUANTITIES = {"pt": "jet pT", "mass": "jet mass"}
"""The measured quantities of the jets: key of the metrics, and name."""
CALIBRATED = "{}_calibrated"
"""The key of a quantity after calibration."""


def values(run: RunFolder) -> dict[str, Any]:
    """Intersection over union of every class, the confusion matrix, and resolutions with every method."""
    metrics = run.json("30_model", "metrics.json")
    names = titles(run)
    with reading("30_model/metrics.json"):
        segmentation = metrics["segmentation"]
        networks = [_network(segmentation[name], names.get(name, name)) for name in display_order(segmentation)]
        matrix = np.asarray(segmentation[QUANTIZED]["confusion"], np.float64)
        mitigation = metrics["mitigation"]
        rows = [_method(name, mitigation[name], names) for name in mitigation]
        methods = [name for name in mitigation if name == QUANTIZED or not _is_network(name, names)]
        figures = {key: _figure(mitigation, methods, key, names) for key in QUANTITIES}
        against = event_differences(
            differences_of(metrics, "mitigation"),
            [_column(mitigation, key, name, names) for name in names_of(QUANTIZED) for key in QUANTITIES],
            mitigation,
            lambda name: _title(name, names),
            lambda name: _is_network(name, names),
        )
        changes = from_float(metrics, "segmentation", {"mean_iou": "mean IoU"})
    shares = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    results = load_event_results(run)
    equal = _equal(results, matrix)
    return {
        "classes": TOWER_CLASSES,
        "networks": networks,
        "shares": shares.tolist(),
        "rows": sorted(rows, key=_mass_resolution),
        "figures": figures,
        "events": metrics["events"],
        "settings": results.settings.segmentation,
        "against": against,
        "changes": changes,
        "equal": equal,
        "missing": results.missing,
    }


def _network(metrics: dict[str, Any], title: str) -> dict[str, Any]:
    return {"title": title} | {key: metrics[key] for key in ("mean_iou", "iou", "accuracy", "mean_accuracy", "errors")}


def _method(name: str, closures: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    responses = {}
    for key in QUANTITIES:
        calibrated = CALIBRATED.format(key)
        responses[key] = (
            closures[key]["whole"],
            closures[calibrated]["whole"],
            closures["resolution_errors"][calibrated],
        )
    return {"name": _title(name, names), "network": _is_network(name, names), "measured": responses}


def _column(mitigation: dict[str, Any], key: str, network: str, names: dict[str, str]) -> Column:
    """The calibrated resolution of the jets' pT or mass with one form of the network."""
    calibrated = CALIBRATED.format(key)

    def number(name: str) -> Number:
        whole, errors = mitigation[name][calibrated]["whole"], mitigation[name]["resolution_errors"]
        return Number(whole["resolution"] if whole else None, errors[calibrated])

    form = _title(network, names).split(": ")[-1]
    return Column(f"{QUANTITIES[key]} resolution, {form}", network, calibrated, False, number)


def _mass_resolution(row: dict[str, Any]) -> float:
    calibrated = row["measured"]["mass"][1]
    return -float(calibrated["resolution"]) if calibrated else 0.0


def _is_network(name: str, names: dict[str, str]) -> bool:
    return name.split(",")[0] in names


def _title(name: str, names: dict[str, str]) -> str:
    """The title of a method: networks drop pileup towers, or weight every tower."""
    if not _is_network(name, names):
        return name
    network = names[name.split(",")[0]]
    return f"{network}: towers weighted by its probability" if "," in name else f"{network}: pileup towers dropped"


def _figure(mitigation: dict[str, Any], methods: list[str], key: str, names: dict[str, str]) -> Any:
    curves = {_title(name, names): mitigation[name][CALIBRATED.format(key)] for name in methods}
    label = f"Response and resolution of the calibrated {QUANTITIES[key]} against its true value, by method"
    return svg.inline(svg_text(resolution_curves(curves, QUANTITIES[key])), f"segmentation-{key}", label)


def _equal(results: EventResults, matrix: Any) -> bool | None:
    """Whether the emulated design and the quantized network have the same confusion matrix of test towers."""
    if results.missing:
        return None
    counts = np.zeros(matrix.shape, np.int64)
    for batch, maps in results.batches():
        counts += confusion(batch.dense_class(), maps.classes(), len(TOWER_CLASSES))
    return bool(np.array_equal(counts, matrix))


def tiles(run: RunFolder) -> list[Tile]:
    """The mean intersection over union of the quantized network."""
    metrics = run.json("30_model", "metrics.json")
    with reading("30_model/metrics.json"):
        if "segmentation" not in metrics:
            return []
        description = f"mean IoU of the quantized network on {count(metrics['events'])} test events"
        return [(fraction(metrics["segmentation"][QUANTIZED]["mean_iou"], 3), description)]


SECTION = Section(
    150,
    "Segmentation",
    "Tower classes and pileup mitigation",
    values,
    tasks=frozenset({"segmentation"}),
    subject="Segmentation of events",
    tiles=tiles,
)
