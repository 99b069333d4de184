"""What the networks on event images find, measured against the truth and against plain methods on the same towers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from data_prep.events.batch import PILEUP, TOWER_CLASSES, UNDECIDED, EventBatch
from data_prep.grids.tower_geometry import Towers
from models.metrics.library_bootstrap import LibrarySums
from models.metrics.segmentation import PanopticSum, confusion, mean_quality, quality, segmentation
from models.tasks import detection_measure
from models.tasks.baselines import Baseline, best, candidates, pileup_shape
from models.tasks.detection_measure import Found
from models.tasks.event_maps import Maps
from models.tasks.event_settings import DetectionSettings, EventModelSettings
from models.tasks.jet_finder import FoundJets, group
from models.tasks.jet_lists import found_jets
from models.tasks.mitigation import Mitigation, by_network, plain

Floats = npt.NDArray[np.float64]

Predictors = Mapping[str, Callable[[EventBatch], Maps]]


def measure(
    batches: Iterable[EventBatch],
    predictors: Predictors,
    settings: EventModelSettings,
    towers: Towers,
    advance: Callable[[int], None],
    lists: dict[str, FoundJets] | None = None,
    *,
    validation: Callable[[], Iterable[EventBatch]],
    eta_max: float,
) -> dict[str, Any]:
    """Measure networks and plain methods on the same events.

    Args:
        batches: the events.
        predictors: networks by name.
        settings: the task and what belongs to it.
        towers: of the image.
        advance: called with the number of events done.
        validation: gives the events on which the parameters of plain methods are chosen, and their pileup surveyed.
        eta_max: |η| up to which truth jets are listed.
        lists: filled with the jets that each network finds in all events.

    Returns:
        the content of `metrics.json`.
    """
    segments = settings.task in ("segmentation", "panoptic")
    finds = settings.task in ("detection", "panoptic")
    collected: list[Any] = []
    shape = pileup_shape(validation(), towers)
    if segments:
        methods = candidates(settings.segmentation.thresholds, towers, shape)
        collected.append(Semantic(list(predictors), settings, towers, _choose(validation(), methods, settings, towers)))
    if finds:
        methods = candidates(settings.detection.thresholds, towers, shape)
        methods = detection_measure.choose(validation(), methods, settings.detection, towers, eta_max)
        collected.append(Found(settings.detection, towers, eta_max, methods, {} if lists is None else lists))
    if segments and finds:
        collected.append(Instances(list(predictors), settings, towers))
    events = 0
    for batch in batches:
        maps = {name: predict(batch) for name, predict in predictors.items()}
        for each in collected:
            each.add(batch, maps)
        events += len(batch)
        advance(len(batch))
    result: dict[str, Any] = {"task": settings.task, "events": events}
    for each in collected:
        result |= each.result()
    return result


def _choose(
    batches: Iterable[EventBatch], methods: Sequence[Baseline], settings: EventModelSettings, towers: Towers
) -> list[Baseline]:
    """Of each family of methods the one with the best resolutions of jets on validation events."""
    collected = Mitigation(settings, towers)
    for batch in batches:
        collected.add(batch, {method.name: method.keep(batch) for method in methods})
    cost = collected.cost()
    return best(methods, cost) if cost else list(methods)


class Semantic:
    """The class of every tower, and what leaving out pileup towers does for jets."""

    def __init__(
        self, names: list[str], settings: EventModelSettings, towers: Towers, methods: Sequence[Baseline]
    ) -> None:
        self.methods = methods
        self.counts = {name: np.zeros((len(TOWER_CLASSES),) * 2, np.int64) for name in names}
        self.by_library = {name: LibrarySums() for name in names}
        self.mitigation = Mitigation(settings, towers)

    def add(self, batch: EventBatch, maps: Mapping[str, Maps]) -> None:
        """Add events."""
        true = batch.dense_class()
        kept = plain(batch) | {method.name: method.keep(batch) for method in self.methods}
        for name, made in maps.items():
            found = made.classes()
            for event, library in enumerate(batch.library.tolist()):
                counts = confusion(true[event], found[event], len(TOWER_CLASSES))
                self.counts[name] += counts
                self.by_library[name].add(library, counts)
            kept |= by_network(name, batch, made)
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
            "mitigation": self.mitigation.result(),
        }

    @staticmethod
    def _errors(sums: LibrarySums) -> dict[str, Any]:
        """Statistical errors of the IoU of every class and of their mean."""

        def iou(name: str) -> Callable[[Floats], float | None]:
            return lambda counts: segmentation(counts, TOWER_CLASSES).iou[name]

        mean = sums.error(lambda counts: segmentation(counts, TOWER_CLASSES).mean_iou)
        return {"iou": {name: sums.error(iou(name)) for name in TOWER_CLASSES}, "mean_iou": mean}


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
        for name, made in maps.items():
            found_class, found_instance = panoptic(made, self.settings, self.towers)
            for event, library in enumerate(batch.library.tolist()):
                void = true_class[event] == UNDECIDED
                jets = [np.asarray(each[event], np.int64) for each in (true_instance, found_instance)]
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
            found = [total.result() for total in sums]
            result[name] = {
                "mean": mean_quality(found),
                "things": mean_quality(found[PILEUP + 1 :]),
                "classes": {each: quality.as_json() for each, quality in zip(TOWER_CLASSES, found, strict=True)},
                "any_jet": self.any_jet[name].result().as_json(),
                "errors": self._errors(self.by_library[name]),
            }
        return {"panoptic": result}

    @staticmethod
    def _errors(sums: LibrarySums) -> dict[str, Any]:
        """Statistical errors of PQ: of any jet, of every class, and of the means over classes."""

        def one(row: int) -> Callable[[Floats], float | None]:
            return lambda rows: quality(*rows[row]).pq

        def mean(first: int) -> Callable[[Floats], float | None]:
            return lambda rows: mean_quality(quality(*row) for row in rows[first:])

        return {
            "any_jet": sums.error(one(0)),
            "classes": {name: sums.error(one(row)) for row, name in enumerate(TOWER_CLASSES, 1)},
            "mean": sums.error(mean(1)),
            "things": sums.error(mean(2 + PILEUP)),
        }


def panoptic(
    maps: Maps, settings: DetectionSettings, towers: Towers
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    """Class and instance of every tower, uint8 [events, rows, columns].

    Towers of a jet class go to the nearest found centre, and those out of reach of all become pileup. All towers of an
    instance get one class, as in Panoptic-DeepLab (Cheng et al. 2020, arXiv:1911.10194, section 3.2); not the one that
    most of them have but the one whose logits add up to most over them, the lower code where two are equal: a jet is
    known by all of its towers better than by any. Sums of integers, so the result is exact.
    """
    found = found_jets(maps, settings)
    said = maps.classes()
    reach = int((settings.reach / towers.step) ** 2)
    grouped = group(found, (towers.rows, towers.columns), reach)
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
