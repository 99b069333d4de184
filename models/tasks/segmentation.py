"""Segmentation: what every tower belongs to, and what leaving out pileup towers does for jets."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from data_prep.events.batch import TOWER_CLASSES, EventBatch
from data_prep.grids.tower_geometry import Towers
from models.architectures.architecture import HARDWARE
from models.events.maps import Maps, Prediction
from models.events.mitigation import HARD, Mitigation, by_network, names_of, plain
from models.events.plain_methods import Baseline, Chosen, candidates, choose_by
from models.events.settings import EventModelSettings
from models.events.task import EventTask, Measuring, figure, train
from models.metrics.library_bootstrap import LibrarySums
from models.metrics.method_differences import MethodDifferences
from models.metrics.segmentation import confusion, segmentation

if TYPE_CHECKING:
    from models.training.objective import Objective

Floats = npt.NDArray[np.float64]

HEADS = {"classes": len(TOWER_CLASSES)}


def objective(settings: EventModelSettings, wrap: int, shares: npt.ArrayLike, towers: Towers) -> Objective:
    """Cross entropy of every tower."""
    from models.events import losses

    return losses.of_classes(settings.segmentation.class_weighting, wrap, shares)


def collectors(of: Measuring) -> list[Any]:
    """The classes of the networks, and pileup mitigation by them and by plain methods."""
    methods = candidates(of.settings.segmentation.thresholds, of.towers, of.shape)
    chosen = _choose(of.validation(), methods, of.settings, of.towers)
    return [Semantic(list(of.names), of.settings, of.towers, chosen)]


def _choose(
    batches: Iterable[EventBatch], methods: Sequence[Baseline], settings: EventModelSettings, towers: Towers
) -> Chosen:
    """Of each family of methods the one with the best resolutions of jets on validation events, and the best."""
    collected = Mitigation(settings, towers)
    for batch in batches:
        kept = plain(batch)
        del kept[HARD]  # no method knows it
        collected.add(batch, kept | {method.name: method.keep(batch) for method in methods})
    cost = collected.cost()
    return choose_by(methods, cost) if cost else Chosen(list(methods), None)


class Semantic:
    """The class of every tower, and what leaving out pileup towers does for jets."""

    def __init__(self, names: list[str], settings: EventModelSettings, towers: Towers, chosen: Chosen) -> None:
        self.methods, self.best = chosen.methods, chosen.best
        self.counts = {name: np.zeros((len(TOWER_CLASSES),) * 2, np.int64) for name in names}
        self.by_library = {name: LibrarySums() for name in names}
        self.mitigation = Mitigation(settings, towers)

    def add(self, batch: EventBatch, maps: Mapping[str, Maps]) -> None:
        """Add events."""
        true = batch.dense_class()
        kept = plain(batch) | {method.name: method.keep(batch) for method in self.methods}
        for name, outputs in maps.items():
            predicted = outputs.classes()
            for event, library in enumerate(batch.library.tolist()):
                counts = confusion(true[event], predicted[event], len(TOWER_CLASSES))
                self.counts[name] += counts
                self.by_library[name].add(library, counts)
            kept |= by_network(name, batch, outputs)
        self.mitigation.add(batch, kept)

    def result(self) -> dict[str, Any]:
        """Its part of `metrics.json`."""
        return {
            "classes": TOWER_CLASSES,
            "segmentation": {
                name: segmentation(counts, TOWER_CLASSES).as_json()
                | {"confusion": counts.tolist(), "errors": self._errors(self.by_library[name])}
                for name, counts in self.counts.items()
            },
            "segmentation_differences": MethodDifferences.of(
                {name: {"mean_iou": sums.replicas(_mean_iou)} for name, sums in self.by_library.items()},
                list(self.counts),
            ).as_json(),
            **self.mitigation.result([kept for name in self.counts for kept in names_of(name)], self.best),
        }

    @staticmethod
    def _errors(sums: LibrarySums) -> dict[str, Any]:
        """Statistical errors of the IoU of every class and of their mean."""

        def iou(name: str) -> Callable[[Floats], float | None]:
            return lambda counts: segmentation(counts, TOWER_CLASSES).iou[name]

        return {"iou": {name: sums.error(iou(name)) for name in TOWER_CLASSES}, "mean_iou": sums.error(_mean_iou)}


def _mean_iou(counts: Floats) -> float | None:
    return segmentation(counts, TOWER_CLASSES).mean_iou


def meaning(settings: EventModelSettings, classes: tuple[str, ...]) -> dict[str, Any]:
    """One logit a class of towers."""
    return {"classes": classes, "segmentation": settings.segmentation}


def prediction(maps: Maps, settings: EventModelSettings, towers: Towers) -> Prediction:
    """The classes of the towers of one event."""
    return Prediction(classes=maps.classes()[0])


def figures(metrics: Mapping[str, Any]) -> list[str]:
    """The mean over classes."""
    return [f"mean IoU {figure(metrics['segmentation'][HARDWARE]['mean_iou'])}"]


TASK = EventTask(
    settings=EventModelSettings,
    images="events",
    train=train,
    meaning=meaning,
    heads=HEADS,
    measures={"mean IoU": "mean_iou", "tower accuracy": "accuracy"},
    objective=objective,
    collectors=collectors,
    prediction=prediction,
    figures=figures,
)
