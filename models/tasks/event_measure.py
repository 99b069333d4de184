"""What the networks on event images find, measured against the truth and against plain methods on the same towers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from data_prep.event_batch import PILEUP, TOWER_CLASSES, EventBatch
from data_prep.tower_jets import anti_kt
from models.detection_metrics import DetectionSum, JetList
from models.event_settings import DetectionSettings, EventModelSettings
from models.jet_finder import FoundJets, concatenate, find_jets, group
from models.segmentation_metrics import PanopticSum, confusion, mean_quality, segmentation
from models.tasks.event_maps import Maps
from models.tasks.event_targets import BOX_UNIT
from models.tasks.mitigation import Mitigation, by_network, plain, tower_energy
from models.tower_geometry import Towers

Floats = npt.NDArray[np.float64]

ANTI_KT = "anti-kT"
"""The method that clusters all towers."""
SCORED = ("empty", "pileup")
"""Classes of towers that are stuff, not things: they have no instances."""

Predictors = Mapping[str, Callable[[EventBatch], Maps]]


def found_jets(maps: Maps, settings: DetectionSettings) -> FoundJets:
    """The list of jets, in integers; the threshold is rounded up to the next raw heat."""
    values = np.concatenate([maps.raw["pt"], maps.raw["box"]], axis=-1)
    threshold = int(np.ceil(np.ldexp(settings.threshold, maps.fraction)))
    return find_jets(maps.raw["heat"][..., 0], values, threshold=threshold, window=settings.window, jets=settings.jets)


def jet_lists(found: FoundJets, fraction: int, settings: DetectionSettings, towers: Towers) -> list[JetList]:
    """The jets of each event in physical units."""
    values = np.ldexp(found.values.astype(np.float64), -fraction)
    pt = np.maximum(values[:, 0], 0) * settings.pt_unit
    down, right = found.row + 0.5, found.column + 0.5
    eta, phi = towers.eta(down + values[:, 1]), towers.phi(right + values[:, 2])
    sides = np.maximum(values[:, 3:7], 0) * BOX_UNIT
    middle = np.asarray(right * towers.step - np.pi)
    box = np.stack(
        [
            towers.eta(down - sides[:, 0]),
            towers.eta(down + sides[:, 1]),
            middle - sides[:, 2] * towers.step,
            middle + sides[:, 3] * towers.step,
        ],
        axis=1,
    )
    return [
        JetList(pt[i:j], eta[i:j], phi[i:j], box[i:j], found.heat[i:j].astype(np.float64))
        for i, j in zip(found.offsets[:-1], found.offsets[1:], strict=True)
    ]


def truth_lists(batch: EventBatch, towers: Towers) -> list[JetList]:
    """The truth jets of each event whose axis lies in the image."""
    lists = []
    half = towers.rows * towers.tall / 2
    for i, j in zip(batch.jet_offsets[:-1], batch.jet_offsets[1:], strict=True):
        inside = np.abs(batch.jet_eta[i:j]) < half
        pt, eta, phi, box = (
            np.asarray(column[i:j][inside], np.float64)
            for column in (batch.jet_pt, batch.jet_eta, batch.jet_phi, batch.jet_box)
        )
        lists.append(JetList(pt, eta, phi, box, pt))
    return lists


def measure(
    batches: Any,
    predictors: Predictors,
    settings: EventModelSettings,
    towers: Towers,
    advance: Callable[[int], None],
    lists: dict[str, FoundJets] | None = None,
) -> dict[str, Any]:
    """Measure networks and plain methods on the same events.

    Args:
        batches: the events.
        predictors: networks by name.
        settings: the task and what belongs to it.
        towers: of the image.
        advance: called with the number of events done.
        lists: filled with the jets that each network finds in all events.

    Returns:
        the content of `metrics.json`.
    """
    segments = settings.task in ("segmentation", "panoptic")
    finds = settings.task in ("detection", "panoptic")
    collected: list[Any] = []
    if segments:
        collected.append(Semantic(list(predictors), settings, towers))
    if finds:
        collected.append(Found(list(predictors), settings, towers, {} if lists is None else lists))
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


class Semantic:
    """The class of every tower, and what leaving out pileup towers does for jets."""

    def __init__(self, names: list[str], settings: EventModelSettings, towers: Towers) -> None:
        self.settings = settings.segmentation
        self.counts = {name: np.zeros((len(TOWER_CLASSES),) * 2, np.int64) for name in names}
        self.mitigation = Mitigation(settings, towers)

    def add(self, batch: EventBatch, maps: Mapping[str, Maps]) -> None:
        """Add events."""
        true = batch.dense_class()
        kept = plain(batch, self.settings.thresholds)
        for name, made in maps.items():
            found = made.classes()
            self.counts[name] += confusion(true, found, len(TOWER_CLASSES))
            kept |= by_network(name, batch, made)
        self.mitigation.add(batch, kept)

    def result(self) -> dict[str, Any]:
        """Its part of `metrics.json`."""
        return {
            "classes": TOWER_CLASSES,
            "segmentation": {
                name: segmentation(counts, TOWER_CLASSES).as_json() | {"confusion": counts.tolist()}
                for name, counts in self.counts.items()
            },
            "mitigation": self.mitigation.result(),
        }


class Found:
    """Jets of the networks beside anti-kT jets of the same towers."""

    def __init__(
        self, names: list[str], settings: EventModelSettings, towers: Towers, lists: dict[str, FoundJets]
    ) -> None:
        self.settings, self.towers, self.lists = settings.detection, towers, lists
        self.thresholds = (0.0, *settings.detection.thresholds)
        methods = [*names, *(self._title(threshold) for threshold in self.thresholds)]
        wanted = self.settings
        self.sums = {name: DetectionSum(wanted.match, wanted.pt_min, wanted.pt_edges) for name in methods}

    @staticmethod
    def _title(threshold: float) -> str:
        return f"{ANTI_KT}, towers above {threshold:g} GeV" if threshold else f"{ANTI_KT}, all towers"

    def add(self, batch: EventBatch, maps: Mapping[str, Maps]) -> None:
        """Add events."""
        truth = truth_lists(batch, self.towers)
        for name, made in maps.items():
            found = found_jets(made, self.settings)
            self.lists[name] = concatenate([self.lists[name], found]) if name in self.lists else found
            for jets, true in zip(jet_lists(found, made.fraction, self.settings, self.towers), truth, strict=True):
                self.sums[name].add(jets, true)
        energy, towers = tower_energy(batch), self.towers
        eta, phi = towers.eta(np.arange(towers.rows) + 0.5), towers.phi(np.arange(towers.columns) + 0.5)
        for threshold in self.thresholds:
            kept = np.where(energy > threshold, energy, 0)
            clustered = anti_kt(kept, eta, phi, self.settings.radius, self.settings.pt_min)
            for number, true in enumerate(truth):
                part = slice(clustered.offsets[number], clustered.offsets[number + 1])
                pt = clustered.pt[part]
                jets = JetList(pt, clustered.eta[part], clustered.phi[part], np.full((pt.size, 4), np.nan), pt)
                self.sums[self._title(threshold)].add(jets, true)

    def result(self) -> dict[str, Any]:
        """Its part of `metrics.json`."""
        return {"detection": {name: total.result().as_json() for name, total in self.sums.items()}}


class Instances:
    """Towers grouped to jets: panoptic quality by class, and of jets whatever their class."""

    def __init__(self, names: list[str], settings: EventModelSettings, towers: Towers) -> None:
        self.settings, self.towers = settings.detection, towers
        self.sums = {name: [PanopticSum() for _ in TOWER_CLASSES] for name in names}
        self.any_jet = {name: PanopticSum() for name in names}

    def add(self, batch: EventBatch, maps: Mapping[str, Maps]) -> None:
        """Add events."""
        true_class, true_instance = batch.dense_class(), batch.dense_instance()
        for name, made in maps.items():
            found_class, found_instance = panoptic(made, self.settings, self.towers)
            for event in range(len(batch)):
                jets = (np.asarray(each[event], np.int64) for each in (true_instance, found_instance))
                self.any_jet[name].add(*jets)
                for code, total in enumerate(self.sums[name]):
                    total.add(
                        _segments(true_class[event], true_instance[event], code),
                        _segments(found_class[event], found_instance[event], code),
                    )

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
            }
        return {"panoptic": result}


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
