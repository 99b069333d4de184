"""What a task on events declares beside what every task does, and how all of them are trained and measured."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy.typing as npt

from data_prep.events.batch import EventBatch
from data_prep.grids.tower_geometry import Towers
from models.architectures.architecture import HARDWARE
from models.events.jet_finder import FoundJets
from models.events.maps import Maps, Prediction
from models.events.puppi import PileupShape
from models.events.settings import EventModelSettings
from models.tasks.registry import TASKS
from models.tasks.task import Progress, Task, Training

if TYPE_CHECKING:
    from models.settings import TrainSettings
    from models.training.objective import Objective


@dataclass(frozen=True)
class Measuring:
    """What is measured.

    Attributes:
        names: of the networks.
        settings: the task and what belongs to it.
        towers: of the image.
        eta_max: |η| up to which truth jets are listed.
        validation: gives the events on which the parameters of plain methods are chosen.
        shape: how pileup is distributed in them; None for images without tracks.
        lists: filled with the jets that each network finds in all events.
    """

    names: Sequence[str]
    settings: EventModelSettings
    towers: Towers
    eta_max: float
    validation: Callable[[], Iterable[EventBatch]]
    shape: PileupShape | None
    lists: dict[str, FoundJets]


class Collector(Protocol):
    """Adds up events to a part of `metrics.json`."""

    def add(self, batch: EventBatch, maps: Mapping[str, Maps]) -> None:
        """Add events, with what the networks give for them."""

    def result(self) -> dict[str, Any]:
        """Its part of `metrics.json`."""


@dataclass(frozen=True, kw_only=True)
class EventTask(Task):
    """What a network on images of events can be trained for.

    Attributes:
        objective: from the settings, the repeated columns on each side, the share of each class among the training
            towers, and the towers, what a network is trained for.
        collectors: what adds up its measurements.
        prediction: what a network says about one event, from its outputs, the settings and the towers.
        figures: from `metrics.json` what the network for hardware reaches, in a few words each.
    """

    objective: Callable[[EventModelSettings, int, npt.ArrayLike, Towers], Objective]
    collectors: Callable[[Measuring], Sequence[Collector]]
    prediction: Callable[[Maps, EventModelSettings, Towers], Prediction]
    figures: Callable[[Mapping[str, Any]], list[str]]


def event_task(name: str) -> EventTask:
    """A task on events.

    Raises:
        KeyError: there is none of this name.
    """
    task = TASKS[name]
    if not isinstance(task, EventTask):
        raise KeyError(name)
    return task


def train(images: Path, model: EventModelSettings, how: TrainSettings, work: Path, progress: Progress) -> Training:
    """Train the networks, and measure them and plain methods on the same test events."""
    from models.events import training
    from models.events.data import open_events
    from models.events.measure import measure
    from models.training.in_turn import counting

    dataset = open_events(images)
    trained = training.train(dataset, model, how, work, counting(progress, "jets"))
    predictors = {
        trained_network.network.name: training.predictor(
            trained_network.model, model, trained_network.network.name == HARDWARE
        )
        for trained_network in trained
    }
    test = dataset.split("test")
    lists: dict[str, FoundJets] = {}
    with progress("measure", test.rows, "events") as advance:
        metrics = measure(
            test.batches(training.BATCH),
            predictors,
            model,
            dataset.towers,
            advance,
            lists,
            validation=lambda: dataset.split("validation").batches(training.BATCH),
            eta_max=dataset.eta_max,
        )
    arrays: dict[str, Any] = {}
    if lists:
        arrays["jets.npz"] = {"fraction": training.fraction(model, quantized=True), **vars(lists[HARDWARE])}
    figures = ", ".join(event_task(model.task).figures(metrics))
    line = f"quantized network on {metrics['events']:,} test events: {figures}"
    return Training(trained, dataset.dataset.metadata, metrics, arrays, line)


def figure(value: float | None) -> str:
    """A figure for people."""
    return "–" if value is None else f"{value:.3f}"
