"""Detection: the jets of an event, each with its centre, transverse momentum and box."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy.typing as npt

from data_prep.grids.tower_geometry import Towers
from models.architectures.architecture import HARDWARE
from models.events import detection_measure
from models.events.jet_lists import found_jets, jet_lists
from models.events.maps import Maps, Prediction
from models.events.plain_methods import candidates
from models.events.settings import EventModelSettings
from models.events.targets import BOX_CHANNELS
from models.events.task import EventTask, Measuring, figure, train

if TYPE_CHECKING:
    from models.training.objective import Objective

HEADS = {"heat": 1, "pt": 1, "box": BOX_CHANNELS}


def objective(settings: EventModelSettings, wrap: int, shares: npt.ArrayLike, towers: Towers) -> Objective:
    """The losses of the three outputs."""
    from models.events import losses

    return losses.of_jets(settings.detection, wrap, towers)


def collectors(of: Measuring) -> list[Any]:
    """Jets of the networks beside anti-kT jets."""
    settings = of.settings.detection
    methods = candidates(settings.thresholds, of.towers, of.shape)
    chosen = detection_measure.choose(of.validation(), methods, settings, of.towers, of.eta_max)
    return [detection_measure.Detections(settings, of.towers, of.eta_max, chosen.methods, of.lists, chosen.best)]


def meaning(settings: EventModelSettings, classes: tuple[str, ...]) -> dict[str, Any]:
    """No output is a class."""
    return {"classes": (), "detection": settings.detection}


def prediction(maps: Maps, settings: EventModelSettings, towers: Towers) -> Prediction:
    """The jets of one event."""
    jets = found_jets(maps, settings.detection)
    return Prediction(jets=jet_lists(jets, maps.fraction, settings.detection, towers)[0])


def figures(metrics: Mapping[str, Any]) -> list[str]:
    """Truth jets that are found, and found jets that are none."""
    jets = metrics["detection"][HARDWARE]
    return [f"efficiency {figure(jets['efficiency'])} with {figure(jets['fakes'])} fakes"]


TASK = EventTask(
    settings=EventModelSettings,
    images="events",
    train=train,
    meaning=meaning,
    heads=HEADS,
    measures={
        "efficiency": "efficiency",
        "fakes": "fakes",
        "pT response": "pt_response",
        "pT resolution": "pt_resolution",
    },
    objective=objective,
    collectors=collectors,
    prediction=prediction,
    figures=figures,
)
