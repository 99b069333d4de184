"""What the networks on event images find, measured against the truth and against plain methods on the same towers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from data_prep.events.batch import EventBatch
from data_prep.grids.tower_geometry import Towers
from models.events.jet_finder import FoundJets
from models.events.maps import Maps
from models.events.plain_methods import pileup_shape
from models.events.settings import EventModelSettings
from models.events.task import Measuring, event_task

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
    shape = pileup_shape(validation(), towers)
    jets = {} if lists is None else lists
    of = Measuring(list(predictors), settings, towers, eta_max, validation, shape, jets)
    collected = event_task(settings.task).collectors(of)
    events = 0
    for batch in batches:
        maps = {name: predict(batch) for name, predict in predictors.items()}
        for collector in collected:
            collector.add(batch, maps)
        events += len(batch)
        advance(len(batch))
    result: dict[str, Any] = {"task": settings.task, "events": events}
    for collector in collected:
        result |= collector.result()
    return result
