"""Panoptic segmentation: segmentation and detection at once, and towers grouped to jets."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from data_prep.events.batch import PILEUP, TOWER_CLASSES, UNDECIDED, EventBatch
from data_prep.grids.tower_geometry import Towers
from models.architectures.architecture import HARDWARE
from models.events.jet_finder import group
from models.events.jet_lists import found_jets
from models.events.maps import Maps, Prediction
from models.events.settings import DetectionSettings, EventModelSettings
from models.events.task import EventTask, Measuring, figure, train
from models.metrics.library_bootstrap import LibrarySums, spread
from models.metrics.method_differences import MethodDifferences
from models.metrics.segmentation import PanopticSum, mean_quality, quality
from models.tasks import detection, segmentation

if TYPE_CHECKING:
    from models.training.objective import Objective

Floats = npt.NDArray[np.float64]


def objective(settings: EventModelSettings, wrap: int, shares: npt.ArrayLike, towers: Towers) -> Objective:
    """The losses of both."""
    from models.training.objective import joined

    parts = [part.objective(settings, wrap, shares, towers) for part in (segmentation, detection)]
    return joined(parts[0], parts[1], (settings.segmentation.weight, 1.0))


def collectors(of: Measuring) -> list[Any]:
    """What both measure, and the grouping of towers."""
    return [
        *segmentation.collectors(of),
        *detection.collectors(of),
        Instances(list(of.names), of.settings, of.towers),
    ]


class Instances:
    """Towers grouped to jets: panoptic quality by class, and of jets whatever their class."""

    def __init__(self, names: list[str], settings: EventModelSettings, towers: Towers) -> None:
        self.settings, self.towers = settings.detection, towers
        self.sums = {name: [PanopticSum() for _ in TOWER_CLASSES] for name in names}
        self.any_jet = {name: PanopticSum() for name in names}
        self.by_library = {name: LibrarySums() for name in names}

    def add(self, batch: EventBatch, maps: Mapping[str, Maps]) -> None:
        """Add events."""
        true_class, true_instance = batch.dense_class(), batch.dense_instance()
        for name, outputs in maps.items():
            found_class, found_instance = panoptic(outputs, self.settings, self.towers)
            for event, library in enumerate(batch.library.tolist()):
                void = true_class[event] == UNDECIDED
                jets = [np.asarray(instance[event], np.int64) for instance in (true_instance, found_instance)]
                added = [self.any_jet[name].add(jets[0], jets[1], void)]
                for code, total in enumerate(self.sums[name]):
                    added.append(
                        total.add(
                            _segments(true_class[event], true_instance[event], code),
                            _segments(found_class[event], found_instance[event], code),
                            void,
                        )
                    )
                self.by_library[name].add(library, added)

    def result(self) -> dict[str, Any]:
        """Its part of `metrics.json`."""
        result = {}
        for name, sums in self.sums.items():
            qualities = [total.result() for total in sums]
            result[name] = {
                "mean": mean_quality(qualities),
                "things": mean_quality(qualities[PILEUP + 1 :]),
                "classes": {
                    class_name: quality.as_json() for class_name, quality in zip(TOWER_CLASSES, qualities, strict=True)
                },
                "any_jet": self.any_jet[name].result().as_json(),
                "errors": self._errors(self.by_library[name]),
            }
        replicas = {name: self._replicas(sums) for name, sums in self.by_library.items()}
        return {
            "panoptic": result,
            "panoptic_differences": MethodDifferences.of(replicas, list(self.sums)).as_json(),
        }

    @classmethod
    def _errors(cls, sums: LibrarySums) -> dict[str, Any]:
        """Statistical errors of PQ: of any jet, of every class, and of the means over classes."""
        classes = {name: sums.error(cls._pq(row)) for row, name in enumerate(TOWER_CLASSES, 1)}
        return {name: spread(values[1:]) for name, values in cls._replicas(sums).items()} | {"classes": classes}

    @classmethod
    def _replicas(cls, sums: LibrarySums) -> dict[str, Floats]:
        """PQ of any jet, and its means over classes, of the events and of every replica of them."""

        def mean(first: int) -> Callable[[Floats], float | None]:
            return lambda rows: mean_quality(quality(*row) for row in rows[first:])

        figures = {"any_jet": cls._pq(0), "mean": mean(1), "things": mean(2 + PILEUP)}
        return {name: sums.replicas(figure) for name, figure in figures.items()}

    @staticmethod
    def _pq(row: int) -> Callable[[Floats], float | None]:
        return lambda rows: quality(*rows[row]).pq


def panoptic(
    maps: Maps, settings: DetectionSettings, towers: Towers
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    """Class and instance of every tower, uint8 [events, rows, columns].

    Towers of a jet class go to the nearest found centre, and those out of reach of all become pileup. All towers of an
    instance get one class, as in Panoptic-DeepLab (Cheng et al. 2020, arXiv:1911.10194, section 3.2); not the one that
    most of them have but the one whose logits add up to most over them, the lower code where two are equal: a jet is
    known by all of its towers better than by any. Sums of integers, so the result is exact.
    """
    jets = found_jets(maps, settings)
    said = maps.classes()
    reach = int((settings.reach / towers.step) ** 2)
    grouped = group(jets, (towers.rows, towers.columns), reach)
    things = said > PILEUP
    instance = np.where(things, grouped, 0).astype(np.uint8)
    said = np.where(things & (instance == 0), PILEUP, said).astype(np.uint8)
    logits = maps.raw["classes"][..., PILEUP + 1 :]
    for event in range(len(said)):
        for number in range(1, int(instance[event].max(initial=0)) + 1):
            here = instance[event] == number
            if here.any():
                said[event][here] = PILEUP + 1 + logits[event][here].sum(axis=0).argmax()
    return said, instance


def _segments(classes: npt.NDArray[np.uint8], instance: npt.NDArray[np.uint8], code: int) -> npt.NDArray[np.int64]:
    """The segments of one class: one for all of it where it is stuff, one an instance where it is a thing."""
    here = classes == code
    number = here if code <= PILEUP else np.where(here, instance, 0)
    return np.asarray(number, np.int64)


def meaning(settings: EventModelSettings, classes: tuple[str, ...]) -> dict[str, Any]:
    """The outputs of both."""
    return detection.meaning(settings, classes) | segmentation.meaning(settings, classes)


def also(model: Mapping[str, Any]) -> tuple[str, ...]:
    """Both."""
    return "segmentation", "detection"


def prediction(maps: Maps, settings: EventModelSettings, towers: Towers) -> Prediction:
    """The jets of one event, and the classes of its towers, one for all towers of a jet."""
    jets = detection.prediction(maps, settings, towers).jets
    return Prediction(classes=panoptic(maps, settings.detection, towers)[0][0], jets=jets)


def figures(metrics: Mapping[str, Any]) -> list[str]:
    """Those of both, and the mean panoptic quality over classes."""
    quality = f"panoptic quality {figure(metrics['panoptic'][HARDWARE]['mean'])}"
    return [*segmentation.figures(metrics), *detection.figures(metrics), quality]


TASK = EventTask(
    settings=EventModelSettings,
    images="events",
    train=train,
    meaning=meaning,
    also=also,
    heads=segmentation.HEADS | detection.HEADS,
    measures={"PQ, all": "mean", "PQ, jets": "things"},
    objective=objective,
    collectors=collectors,
    prediction=prediction,
    figures=figures,
)
