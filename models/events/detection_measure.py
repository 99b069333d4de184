"""Jets that networks find beside anti-kT jets of the same towers, at one working point and at equal efficiency."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from data_prep.events.batch import EventBatch
from data_prep.grids.tower_geometry import Towers
from models.events.jet_finder import FoundJets, concatenate
from models.events.jet_lists import clustered, found_jets, jet_lists, truth_lists
from models.events.maps import Maps
from models.events.plain_methods import ALL, Baseline, Chosen, choose_by, tower_energy
from models.events.settings import DetectionSettings
from models.metrics.detection import DetectionSum
from models.metrics.fake_curve import FakeCurve
from models.metrics.jet_matching import JetList, Truth, assign
from models.metrics.method_differences import MethodDifferences

ANTI_KT = "anti-kT"
"""The method that clusters towers."""
SCAN = 0.5
"""anti-kT jets are compared from this part of `pt_min` on: their pT is scanned as the heat of networks is."""


def anti_kt(name: str) -> str:
    """The name of anti-kT on what a method keeps."""
    return f"{ANTI_KT}, {name}"


def fakes_at(efficiency: float) -> str:
    """The name of the fakes at an efficiency among the differences."""
    return f"fakes_at_{efficiency:g}"


@dataclass
class Detections:
    """Jets of the networks beside anti-kT jets of the same towers.

    Attributes:
        settings: what is a jet, and which are to be found.
        towers: of the image.
        eta_max: |η| up to which jets are to be found, by whatever method.
        methods: what is kept of towers before they are clustered; beside these all towers are.
        lists: filled with the jets that each network finds in all events.
        best: of `methods` and all towers the one that does best on validation events.
    """

    settings: DetectionSettings
    towers: Towers
    eta_max: float
    methods: Sequence[Baseline]
    lists: dict[str, FoundJets]
    best: str | None = None
    sums: dict[str, DetectionSum] = field(default_factory=dict)
    curves: dict[str, FakeCurve] = field(default_factory=dict)

    def add(self, batch: EventBatch, maps: Mapping[str, Maps]) -> None:
        """Add events."""
        settings, towers = self.settings, self.towers
        truth = truth_lists(batch, settings)
        for name, outputs in maps.items():
            found_list = found_jets(outputs, settings)
            self.lists[name] = concatenate([self.lists[name], found_list]) if name in self.lists else found_list
            scanned = jet_lists(found_jets(outputs, settings, all_heats=True), outputs.fraction, settings, towers)
            self._add(name, jet_lists(found_list, outputs.fraction, settings, towers), scanned, truth)
        kept = {ALL: tower_energy(batch)} | {method.name: method.keep(batch) for method in self.methods}
        for name, images in kept.items():
            scanned = clustered(images, settings, towers, SCAN * settings.pt_min)
            working = [jets.select(jets.pt >= settings.pt_min) for jets in scanned]
            self._add(anti_kt(name), working, scanned, truth)

    def _add(self, name: str, working: list[JetList], scanned: list[JetList], truth: list[Truth]) -> None:
        settings = self.settings
        total = self.sums.setdefault(name, DetectionSum(settings.match, self.eta_max, settings.pt_edges))
        curve = self.curves.setdefault(name, FakeCurve())
        for working_jets, all_jets, true in zip(working, scanned, truth, strict=True):
            total.add(working_jets, true)
            curve.add(all_jets.score, assign(all_jets, true, settings.match, self.eta_max), true.library)

    def result(self) -> dict[str, Any]:
        """Its part of `metrics.json`."""
        return {
            "detection": {
                name: total.result().as_json() | {"at_efficiency": self._points(name)}
                for name, total in self.sums.items()
            },
            "detection_differences": self._differences().as_json(),
            "eta_max": self.eta_max,
        }

    def _differences(self) -> MethodDifferences:
        """Of efficiency and fakes, as the lists are and at equal efficiency."""
        replicas = {
            name: total.replicas()
            | {
                fakes_at(efficiency): self.curves[name].replicas(efficiency)
                for efficiency in self.settings.efficiencies
            }
            for name, total in self.sums.items()
        }
        return MethodDifferences.of(replicas, list(self.lists), None if self.best is None else anti_kt(self.best))

    def _points(self, name: str) -> list[dict[str, Any] | None]:
        points = (self.curves[name].at(efficiency) for efficiency in self.settings.efficiencies)
        return [None if point is None else point.as_json() for point in points]

    def cost(self, name: str) -> float:
        """The fakes of anti-kT on what a method keeps, added up over the efficiencies; 1 for one it does not reach."""
        points = (self.curves[anti_kt(name)].at(efficiency) for efficiency in self.settings.efficiencies)
        return sum(1.0 if point is None else point.fakes for point in points)


def choose(
    batches: Iterable[EventBatch],
    methods: Sequence[Baseline],
    settings: DetectionSettings,
    towers: Towers,
    eta_max: float,
) -> Chosen:
    """Of each family of methods the one whose anti-kT jets have fewest fakes on validation events, and the best."""
    collected = Detections(settings, towers, eta_max, methods, {})
    for batch in batches:
        collected.add(batch, {})
    if not collected.sums:
        return Chosen(list(methods), None)
    names = (ALL, *(method.name for method in methods))
    return choose_by(methods, {name: collected.cost(name) for name in names})
