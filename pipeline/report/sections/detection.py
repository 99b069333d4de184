"""The performance of jet finding: efficiency, fakes and resolutions of networks and of anti-kT on the same towers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from hls_projects.hls.jet_finder import JETS
from hls_projects.hls.project import HlsProject
from models.events.detection_measure import fakes_at
from models.events.jet_finder import FoundJets, concatenate, same
from models.events.jet_lists import found_jets
from pipeline.plots.resolution import resolution_curves
from pipeline.plots.style import svg_text
from pipeline.plots.turn_on import turn_on
from pipeline.report import svg
from pipeline.report.event_differences import Column, Number, differences_of, event_differences
from pipeline.report.event_results import EventResults, load_event_results
from pipeline.report.results import QUANTIZED, display_order, titles
from pipeline.report.run_folder import RunFolder, reading
from pipeline.report.section import Section, Tile, count, fraction
from pipeline.report.verdict import judge

FIGURES = {
    "turn-on": "Efficiency to find a truth jet against its transverse momentum, by method",
    "response": "Response and resolution of the pT of found jets against that of the truth jet, by method",
}


def values(run: RunFolder) -> dict[str, Any]:
    """Metrics of every method, figures in bins of pT, and whether the firmware finds the same jets."""
    metrics = run.json("30_model", "metrics.json")
    names = titles(run)
    with reading("30_model/metrics.json"):
        detection = metrics["detection"]
        methods = {names.get(name, name): detection[name] for name in display_order(detection)}
        closures = {name: method["closure"] for name, method in methods.items()}
        turn_ons = {name: method["turn_on"] for name, method in methods.items()}
        edges = next(iter(closures.values()))["edges"]
        overlaps = list(
            next(method["average_precision"] for method in detection.values() if method["average_precision"])
        )
        plots = {"turn-on": turn_on(turn_ons, edges), "response": resolution_curves(closures, "jet pT")}
    results = load_event_results(run)
    efficiencies = results.settings.detection.efficiencies
    with reading("30_model/metrics.json"):
        against = event_differences(
            differences_of(metrics, "detection"),
            _columns(detection, efficiencies),
            display_order(detection),
            lambda name: names.get(name, name),
            lambda name: name in names,
        )
    return {
        "methods": [{"name": name, "network": name in names.values()} | method for name, method in methods.items()],
        "overlaps": overlaps,
        "eta_max": metrics["eta_max"],
        "figures": [svg.inline(svg_text(plots[key]), f"detection-{key}", label) for key, label in FIGURES.items()],
        "events": metrics["events"],
        "settings": results.settings.detection,
        "against": against,
        "list": _list(run, results),
    }


def _columns(detection: dict[str, Any], efficiencies: Sequence[float]) -> list[Column]:
    """Efficiency and fakes of the lists as they are, and fakes at equal efficiency."""

    def of_list(key: str) -> Callable[[str], Number]:
        return lambda name: Number(detection[name][key], detection[name][f"{key}_error"])

    def at(index: int) -> Callable[[str], Number]:
        def number(name: str) -> Number:
            point = detection[name]["at_efficiency"][index]
            return Number(None, None) if point is None else Number(point["fakes"], point["error"])

        return number

    columns = [Column(key, QUANTIZED, key, key == "efficiency", of_list(key)) for key in ("efficiency", "fakes")]
    for index, efficiency in enumerate(efficiencies):
        title = f"fakes at an efficiency of {efficiency:g}"
        columns.append(Column(title, QUANTIZED, fakes_at(efficiency), False, at(index)))
    return columns


def _list(run: RunFolder, results: EventResults) -> dict[str, Any]:
    """Whether the jets of the emulated integers are those of the trained network, integer for integer."""
    if results.missing:
        return {"equal": None, "missing": results.missing}
    with reading("30_model/jets.npz"), np.load(run.require("30_model") / "jets.npz", allow_pickle=False) as arrays:
        trained = FoundJets(*(arrays[name] for name in ("offsets", "row", "column", "heat", "values")))
        fraction = int(arrays["fraction"])
    parts = [(maps.fraction, found_jets(maps, results.settings.detection)) for _, maps in results.batches()]
    emulated = concatenate([jets for _, jets in parts])
    equal = same(trained, emulated, parts[0][0] - fraction)
    return {"equal": equal, "jets": emulated.row.size, "missing": "", "compiled": _compiled(run)}


def _compiled(run: RunFolder) -> int:
    """The number of vectors on which the compiled jet finder was compared with the reference; 0 without one."""
    finder, proof = HlsProject.load(run.require("50_hls")).finder, judge(run).proof
    if finder is None or proof is None:
        return 0
    numbers = finder.finder.jets * finder.finder.record
    return sum(layer.values // numbers for layer in proof.layers if layer.name == JETS)


def tiles(run: RunFolder) -> list[Tile]:
    """Efficiency and fakes of the quantized network."""
    metrics = run.json("30_model", "metrics.json")
    with reading("30_model/metrics.json"):
        if "detection" not in metrics:
            return []
        detection = metrics["detection"][QUANTIZED]
        jets = f"of {count(detection['true'])} truth jets found by the quantized network"
        description = f"{jets}, with a fake fraction of {fraction(detection['fakes'], 3)}"
        return [(fraction(detection["efficiency"], 3), description)]


SECTION = Section(160, "Jets", "Jets found", values, tasks=frozenset({"detection"}), subject="Jet finder", tiles=tiles)
