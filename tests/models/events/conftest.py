"""Settings of tasks on events, and events in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.mock import mock_events
from data_prep.events.batch import EventBatch
from data_prep.grids.tower_geometry import Towers
from models.events.settings import EventModelSettings


class MemorySplit:
    """A split of events that were made on the spot."""

    def __init__(self, batch: EventBatch) -> None:
        self.batch = batch
        self.rows = len(batch)

    def batches(self, size: int, shuffle_seed: int | None = None) -> Iterator[EventBatch]:
        order = np.arange(self.rows) if shuffle_seed is None else self.order(shuffle_seed)
        for start in range(0, self.rows, size):
            yield self.batch.take(order[start : start + size])

    def order(self, shuffle_seed: int) -> np.ndarray[Any, Any]:
        return np.random.default_rng(shuffle_seed).permutation(self.rows)


class MemoryEvents:
    """A dataset of events in memory."""

    def __init__(self, batches: dict[str, EventBatch]) -> None:
        self.folder = Path("memory")
        self.batches = batches
        first = batches["train"]
        self.shape = first.image_shape
        self.towers = Towers(*first.shape[:2])

    def split(self, name: str) -> MemorySplit:
        return MemorySplit(self.batches[name])


EVENT_SHAPE = (8, 12, 3)


@pytest.fixture(scope="session")
def events() -> MemoryEvents:
    """Small events: 8 × 12 towers of 30°, jets of a few towers, little pileup."""
    rng = np.random.default_rng(11)
    sizes = {"train": 300, "validation": 60, "test": 60}
    return MemoryEvents(
        {name: mock_events(rng, n, shape=EVENT_SHAPE, wrap=2, pileup=3, jets=(0, 2)) for name, n in sizes.items()}
    )


def event_content(task: str, **changes: Any) -> dict[str, Any]:
    """The content of a small model.yaml for events."""
    width = {"bits": 8, "integer": 1}
    unet = {"widths": [8, 12], "weights": width, "bias": {"bits": 8, "integer": 2}}
    unet |= {"activation": {"bits": 8, "integer": 4}, "output": {"bits": 10, "integer": 4}}
    detection = {"window": 1, "match": 0.8, "reach": 1.5, "spread": 0.5, "pt_unit": 64.0}
    segmentation = {"cone": 0.8, "thresholds": [1.0]}
    content = {"task": task, "input": {"bits": 10, "integer": 7}, "pixel_scale": 5.0, "unet": unet | changes}
    return content | {"detection": detection, "segmentation": segmentation}


@pytest.fixture
def event_settings() -> Callable[..., EventModelSettings]:
    """Settings of a task, with changes to its U-Net."""
    return lambda task, **changes: EventModelSettings.model_validate(event_content(task, **changes))
