"""The performance of a regression: response and resolution of networks and of the sum of the pixels."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from data_prep.errors import PipelineError
from hls_projects.hls.emulated_outputs import EmulatedOutputs
from models.regression.settings import RegressionSettings, TargetSettings
from models.settings import ModelSettings
from pipeline.plots.resolution import resolution_curves
from pipeline.plots.style import svg_text
from pipeline.report import svg
from pipeline.report.results import QUANTIZED, display_order, titles
from pipeline.report.run_folder import RunFolder, reading
from pipeline.report.section import TARGET_NAMES, Section, Tile, count, fraction
from pipeline.report.verdict import judge

BASELINES = {"image": "sum of the pixels", "port": "sum of the pixels at the input port"}
"""Methods without a network."""


def values(run: RunFolder) -> dict[str, Any]:
    """Response of every target in bins of the reconstructed value, and whether the firmware gives the same numbers."""
    metrics = run.json("30_model", "metrics.json")
    with reading("30_model.manifest.json"):
        regression = ModelSettings.model_validate(run.manifests["30_model"].configuration["model"]).regression
        if regression is None:
            raise ValueError("no regression")
    with reading("30_model/metrics.json"):
        closures = metrics["closure"]
        order = [*display_order(name for name in closures if name not in BASELINES), *BASELINES]
        all_titles = titles(run) | BASELINES
        names = {name: all_titles.get(name, name) for name in order if name in closures}
        targets = [_target(target, closures, names) for target in regression.targets]
    with reading("30_model/values.npz"), np.load(run.require("30_model") / "values.npz", allow_pickle=False) as arrays:
        trained, jets = arrays[QUANTIZED], len(arrays["weight"])
    equal, missing = _equal(run, regression, trained)
    return {"targets": targets, "jets": jets, "equal": equal, "missing": missing}


def _target(target: TargetSettings, closures_of: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    """One figure and one table, bins in rows, methods in columns."""
    quantity = TARGET_NAMES[target.name]
    closures = {title: closures_of[name][target.name] for name, title in names.items()}
    label = f"Response and resolution of the {quantity} against that of the reconstructed jet, by method"
    return {
        "quantity": quantity,
        "settings": target,
        "bins": ["all", *(f"{low:g}–{high:g}" for low, high in pairwise(target.edges))],
        "methods": [{"name": name, "bins": [closure["whole"], *closure["bins"]]} for name, closure in closures.items()],
        "figure": svg.inline(svg_text(resolution_curves(closures, quantity)), f"regression-{target.name}", label),
    }


def _equal(run: RunFolder, regression: RegressionSettings, trained: npt.NDArray[np.float32]) -> tuple[bool | None, str]:
    """Whether the emulated integers equal the numbers of the quantized network for every test jet."""
    if not judge(run).proven:
        return None, "The emulated design is not shown, because it is not proven."
    path = run.emulated
    if path is None:
        return None, "The emulated design is not shown: the comparison was run without the test set."
    try:
        outputs = EmulatedOutputs.load(path)
    except PipelineError as error:
        return None, f"The emulated design is not shown: {error.problem}."
    raw = outputs.raw[-1].reshape(len(outputs.weight), -1)
    if raw.shape != trained.shape:
        return None, "The emulated design is not shown: it was emulated on other test jets (run csim again)."
    emulated = regression.in_gev(np.ldexp(raw.astype(np.float64), -outputs.fraction[-1]))
    return bool(np.array_equal(emulated, trained)), ""


def tiles(run: RunFolder) -> list[Tile]:
    """The resolution of the quantized network."""
    metrics = run.json("30_model", "metrics.json")
    with reading("30_model/metrics.json"):
        pt = metrics.get("closure", {}).get(QUANTIZED, {}).get("pt", {}).get("whole")
        if not pt:
            return []
        description = f"resolution of the jet pT of the quantized network on {count(pt['jets'])} test jets"
        return [(fraction(pt["resolution"]), description)]


SECTION = Section(
    140,
    "Regression",
    "Jet measurements",
    values,
    tasks=frozenset({"regression"}),
    subject="Jet regression",
    tiles=tiles,
)
