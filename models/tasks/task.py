"""What a task declares: the settings of its `model.yaml`, its training and measurement, and what it leaves of them.

A task is one file of this package with a line `TASK = Task(…)`. The file is read whenever a `model.yaml` is looked at,
so TensorFlow is imported where a network is trained, not at its top.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from data_prep.settings import Settings

if TYPE_CHECKING:
    from data_prep.images.differences import Description
    from models.settings import TrainSettings
    from models.training.in_turn import TrainedNetwork

Advance = Callable[[int], None]
Progress = Callable[[str, int, str], AbstractContextManager[Advance]]
"""Opens a progress bar: what is done, of how many, and what these are."""


@dataclass(frozen=True)
class Training:
    """What the training of a task leaves.

    Attributes:
        networks: the trained networks in their order.
        images: what they were trained on, as the dataset describes it.
        metrics: the content of `metrics.json`.
        arrays: the arrays of each `.npz` file beside it, by file.
        line: what was reached, in one line.
        warnings: what lets one doubt it.
    """

    networks: Sequence[TrainedNetwork]
    images: Description
    metrics: dict[str, Any]
    arrays: dict[str, dict[str, npt.NDArray[np.generic]]]
    line: str
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Task:
    """What a network can be trained for.

    Attributes:
        settings: what `model.yaml` holds.
        images: what it is trained on.
        train: trains and measures its networks; from the folder of the images, the settings of `model.yaml` and
            `train.yaml`, a folder for checkpoints, and what opens progress bars.
        meaning: from the settings and the classes of the images, the fields of `models.files.meaning.Meaning` that say
            what the outputs are.
        also: from the content of `model.yaml` the other tasks that its networks have, and are measured by, too.
        heads: channels of every output by name, in order, where they are the same for all images.
        measures: what a bundle's card tells of each network: by its name the key in the part of `metrics.json` that is
            called as the task.
    """

    settings: type[Settings]
    images: Literal["jets", "events"]
    train: Callable[[Path, Any, TrainSettings, Path, Progress], Training]
    meaning: Callable[[Any, tuple[str, ...]], dict[str, Any]]
    also: Callable[[Mapping[str, Any]], tuple[str, ...]] = lambda model: ()
    heads: Mapping[str, int] = field(default_factory=dict)
    measures: Mapping[str, str] = field(default_factory=dict)
