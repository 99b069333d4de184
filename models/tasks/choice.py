"""Which settings a task has."""

from __future__ import annotations

from pydantic import ConfigDict

from data_prep.settings import Settings
from models.settings import ModelSettings
from models.tasks.event_settings import EventModelSettings
from models.tasks.settings import Task


class TaskChoice(Settings):
    """The one key of `model.yaml` that says how to read all others."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    task: Task = "classification"
    """What the network is trained for."""


def settings_of(task: Task) -> type[Settings]:
    """The settings that `model.yaml` holds for a task."""
    return ModelSettings if task in ("classification", "regression") else EventModelSettings
