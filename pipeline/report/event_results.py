"""The outputs for the test events of a network on event images: the integers of the emulated design, if proven."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from data_prep.errors import PipelineError
from data_prep.events.batch import EventBatch
from data_prep.fixed_point import FixedType
from hls_projects.hls.emulated_outputs import EmulatedOutputs
from hls_projects.network.graph import Graph
from models.events.data import Events, open_events
from models.events.maps import Maps, heads
from models.events.settings import EventModelSettings
from pipeline.report.run_folder import NotMadeError, RunFolder, reading
from pipeline.report.verdict import judge

BATCH = 200
"""Events whose outputs are unpacked at a time."""


@dataclass(frozen=True)
class EventResults:
    """The test events with the outputs of the emulated design.

    Attributes:
        events: the dataset.
        settings: those of the network and its task.
        outputs: the emulated integers of all test events; None if there are none.
        types: those of the outputs.
        missing: one sentence why there are no outputs; empty if there are.
    """

    events: Events
    settings: EventModelSettings
    outputs: EmulatedOutputs | None
    types: tuple[FixedType, ...]
    missing: str

    def batches(self) -> Iterator[tuple[EventBatch, Maps]]:
        """All test events with their outputs; nothing if there are no outputs."""
        if self.outputs is None:
            return
        start = 0
        for batch in self.events.split("test").batches(BATCH):
            yield batch, self.maps(start, start + len(batch))
            start += len(batch)

    def maps(self, start: int, stop: int) -> Maps:
        """The outputs for the test events `start` to `stop` − 1.

        Raises:
            NotMadeError: when there are no outputs.
        """
        if self.outputs is None:
            raise NotMadeError(self.missing.rstrip("."), remedy="make it with `make csim`")
        raw = [values[start:stop].astype(np.int64) for values in self.outputs.raw]
        wrap = self.events.dataset.metadata.grid.wrap
        return Maps.of(list(heads(self.settings.task)), raw, list(self.types), wrap)


def event_settings(run: RunFolder) -> EventModelSettings:
    """The settings of the network of a run on event images.

    Raises:
        NotMadeError: when there is no trained model.
    """
    run.require("30_model")
    with reading("30_model.manifest.json"):
        return EventModelSettings.model_validate(run.manifests["30_model"].configuration["model"])


@cache
def load_event_results(run: RunFolder) -> EventResults:
    """Read the test events and the outputs that `csim` emulated.

    Raises:
        NotMadeError: when there are no images, no trained model, or no lowered one.
    """
    settings = event_settings(run)
    with reading("20_images"):
        events = open_events(run.require("20_images"))
    with reading("40_lowered/types.json"):
        types = Graph.load(run.require("40_lowered") / "types.json")
    outputs, missing = _outputs(run, events, settings, types)
    return EventResults(events, settings, outputs, tuple(port.type for port in types.outputs), missing)


def _outputs(
    run: RunFolder, events: Events, settings: EventModelSettings, types: Graph
) -> tuple[EmulatedOutputs | None, str]:
    if not judge(run).proven:
        return None, "The emulated design is not shown, because it is not proven."
    path = run.emulated
    if path is None:
        return None, "The emulated design is not shown: the comparison was run without the test set."
    try:
        outputs = EmulatedOutputs.load(path)
    except PipelineError as error:
        return None, f"The emulated design is not shown: {error.problem}."
    rows, columns, _ = events.shape
    test = events.split("test").rows
    expected: list[Any] = [(test, rows, columns, channels) for channels in heads(settings.task).values()]
    if [values.shape for values in outputs.raw] != expected or len(types.outputs) != len(expected):
        return None, "The emulated design is not shown: it was emulated on other test events (run csim again)."
    return outputs, ""
