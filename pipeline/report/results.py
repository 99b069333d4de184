"""The taggers of a run on the test jets: those that training measured, and the emulated design."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from data_prep.errors import PipelineError
from hls_projects.hls.emulated_outputs import EmulatedOutputs
from models import registries
from models.architectures.registry import symmetry_titles
from models.metrics.bootstrap import ValueWithError
from models.metrics.taggers import Against, Performance, Rejection, performance
from models.metrics.uncertainty import UNKNOWN, Uncertainties, Uncertainty, uncertainties
from pipeline.report.run_folder import RunFolder, reading
from pipeline.report.verdict import judge

Scores = npt.NDArray[np.float32]

STANDARD, SEPARABLE, QUANTIZED, EMULATED, TREES = "float_standard", "float_separable", "model", "emulated", "trees"
TREES_SEEN = "trees_seen"
FLOAT_UNET, FLOAT_SYMMETRIC = "float_unet", "float_symmetric"
TITLES = {
    STANDARD: "float, standard convolution",
    SEPARABLE: "float, separable convolution",
    FLOAT_UNET: "float U-Net",
    FLOAT_SYMMETRIC: "float, with the symmetry",
    QUANTIZED: "quantized, separable convolution",
    EMULATED: "quantized, HLS emulation",
    TREES: "boosted trees on observables",
    TREES_SEEN: "boosted trees on observables of what the network sees",
}
"""Names in tables and figures, in the order of display."""


def titles(run: RunFolder) -> dict[str, str]:
    """The names of the networks of a run in tables and figures."""
    trained = run.manifests.get("30_model")
    return titles_of({} if trained is None else trained.configuration.get("model", {}))


def titles_of(model: Mapping[str, Any]) -> dict[str, str]:
    """The names of networks in tables and figures.

    Args:
        model: the content of `model.yaml`.
    """
    if registries.task(str(model.get("task", "classification"))).images == "events":
        return TITLES | {QUANTIZED: "quantized U-Net"}
    symmetry = symmetry_titles().get(str(model.get("symmetry")))
    if symmetry is None:
        return TITLES
    return TITLES | {FLOAT_SYMMETRIC: f"float, {symmetry}", QUANTIZED: f"quantized, {symmetry}"}


def display_order(names: Iterable[str]) -> list[str]:
    """Known taggers in the order of display, then all others."""
    all_names = list(names)
    return [name for name in TITLES if name in all_names] + [name for name in all_names if name not in TITLES]


@dataclass(frozen=True)
class Tagger:
    """One tagger on the test jets.

    Attributes:
        name: key in metrics and scores.
        title: its name in tables and figures.
        performance: its metrics.
        scores: float32 [jets, classes].
    """

    name: str
    title: str
    performance: Performance
    scores: Scores


@dataclass(frozen=True)
class Results:
    """All taggers on the same test jets.

    Attributes:
        classes: names of the classes.
        label: uint8 [jets].
        weight: float32 [jets].
        taggers: in the order of display; the emulated design only if it is proven.
        emulation: one sentence on the emulated scores: equal to the quantized network's, or why they are missing.
        equal: whether the emulated scores are those of the quantized network, None without emulated scores.
        uncertainty: statistical errors, including those of the emulated design; None if training measured none.
    """

    classes: tuple[str, ...]
    label: npt.NDArray[np.uint8]
    weight: npt.NDArray[np.float32]
    taggers: tuple[Tagger, ...]
    emulation: str
    equal: bool | None
    uncertainty: Uncertainties | None

    def find(self, name: str) -> Tagger | None:
        """One tagger; None if it does not exist."""
        return next((tagger for tagger in self.taggers if tagger.name == name), None)

    def macro_auc(self, name: str) -> float | None:
        """The macro-AUC of one tagger; None if it was not measured."""
        tagger = self.find(name)
        return None if tagger is None else tagger.performance.macro_auc

    def errors(self, name: str) -> Uncertainty:
        """The errors of one tagger's metrics, as far as they were measured."""
        return UNKNOWN if self.uncertainty is None else self.uncertainty.taggers.get(name, UNKNOWN)

    def difference(self, name: str, reference: str) -> ValueWithError | None:
        """The macro-AUC of a tagger minus that of another on the same jets; for the emulated design only if equal."""
        if self.uncertainty is None:
            return None
        names = [QUANTIZED if tagger == EMULATED and self.equal else tagger for tagger in (name, reference)]
        return self.uncertainty.macro_auc(*names)

    @property
    def deployed(self) -> Tagger | None:
        """The tagger closest to the hardware: the emulated design, otherwise the quantized network."""
        return self.find(EMULATED) or self.find(QUANTIZED)


@cache
def load_results(run: RunFolder) -> Results:
    """Read the metrics of `train` and the outputs emulated by `csim`.

    Raises:
        NotMadeError: when there is no trained model.
    """
    metrics = run.json("30_model", "metrics.json")
    with reading("30_model"):
        classes = tuple(str(name) for name in metrics["classes"])
        # A tagger trained together with a regression shares its files with it.
        has_tagger_section = "tagger" in metrics
        tagger_metrics = metrics["tagger"] if has_tagger_section else metrics
        file, prefix = ("values.npz", "scores_") if has_tagger_section else ("scores.npz", "")
        with np.load(run.require("30_model") / file, allow_pickle=False) as arrays:
            label, weight = arrays["label"], arrays["weight"]
            scores = {name: arrays[f"{prefix}{name}"] for name in tagger_metrics if f"{prefix}{name}" in arrays.files}
        names = {name: titles(run).get(name, name) for name in display_order(scores)}
        taggers = [
            Tagger(name, title, _performance(tagger_metrics[name]), scores[name]) for name, title in names.items()
        ]
        errors = Uncertainties.of_json(metrics["uncertainty"]) if "uncertainty" in metrics else None
    emulated, sentence, equal = _emulated(run, label, scores.get(QUANTIZED))
    if emulated is not None:
        place = next((i + 1 for i, tagger in enumerate(taggers) if tagger.name == QUANTIZED), len(taggers))
        against = taggers[place - 1].performance.against if taggers else None
        emulated_performance = performance(emulated, label, classes, weight, against.classes if against else ())
        taggers.insert(place, Tagger(EMULATED, TITLES[EMULATED], emulated_performance, emulated))
        if errors is not None and equal:
            errors = replace(errors, taggers=errors.taggers | {EMULATED: errors.taggers[QUANTIZED]})
        elif errors is not None:
            emulated_errors = uncertainties({EMULATED: emulated}, label, classes, weight, errors.seed, errors.replicas)
            errors = replace(errors, taggers=errors.taggers | emulated_errors.taggers)
    return Results(classes, label, weight, tuple(taggers), sentence, equal, errors)


def _performance(content: dict[str, Any]) -> Performance:
    against = content.get("against")
    if against is not None:
        points = _points(against["rejection"])
        against = Against(**(against | {"classes": tuple(against["classes"]), "rejection": points}))
    return Performance(**(content | {"rejection": _points(content["rejection"]), "against": against}))


def _points(content: dict[str, dict[str, Any]]) -> dict[str, dict[str, Rejection]]:
    return {
        point: {name: Rejection(**values) for name, values in by_class.items()} for point, by_class in content.items()
    }


def _emulated(
    run: RunFolder, label: npt.NDArray[np.uint8], quantized: Scores | None
) -> tuple[Scores | None, str, bool | None]:
    """The emulated scores, a sentence on them, and whether they are those of the quantized network."""
    if not judge(run).proven:
        return None, "The emulated design is not shown, because it is not proven.", None
    path = run.emulated
    if path is None:
        return None, "The emulated design is not shown: the comparison was run without the test set.", None
    try:
        outputs = EmulatedOutputs.load(path)
    except PipelineError as error:
        return None, f"The emulated design is not shown: {error.problem}.", None
    if not np.array_equal(outputs.label, label):
        return None, "The emulated design is not shown: it was emulated on other test jets (run csim again).", None
    scores = None if quantized is None else outputs.scores(quantized.shape[1])
    if scores is None or quantized is None:
        return None, "The emulated design is not shown: its output is not one logit per class.", None
    different = (scores != quantized).any(axis=1)
    if not different.any():
        return (
            scores,
            f"The emulated scores equal those of the quantized network on all {label.size:,} test jets.",
            True,
        )
    largest = float(np.abs(scores - quantized).max())
    sentence = (
        f"The emulated scores differ from those written by the training on {int(different.sum()):,} of {label.size:,} "
        f"test jets, at most by {largest:.2g}."
    )
    return scores, sentence, False
