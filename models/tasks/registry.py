"""The tasks that a network can be trained for, by the word `task` in `model.yaml`; a new task is one file."""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict

from data_prep.registry import Registry
from data_prep.settings import Settings
from models.registries import TaskName
from models.tasks.task import Task

TASKS = Registry("models.tasks", "TASK", Task)
"""Every task by the name of its file."""


class TaskChoice(Settings):
    """The one key of `model.yaml` that says how to read all others: `TASKS[task].settings`."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    task: TaskName = "classification"
    """What the network is trained for."""


def on_images(images: Literal["jets", "events"], word: str) -> str:
    """The word of a task on these images, unchanged.

    Raises:
        ValueError: it is none; lists those that are.
    """
    if word not in TASKS or TASKS[word].images != images:
        known = [name for name, task in TASKS.items() if task.images == images]
        raise ValueError(f"must be {', '.join(known[:-1])} or {known[-1]}")
    return word
