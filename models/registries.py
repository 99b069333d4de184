"""The registries of tasks and architectures for settings, imported when a word of `model.yaml` is looked at.

Every stage reads settings, and the registries lead to all code that builds and trains networks. A stage is made again
when code that it imports has changed, as text says (`pipeline/artefacts/code_version.py`); a simulation should not be
made again because a training has changed, and what a word of `model.yaml` means changes no result but through the
training. So these imports are no text.
"""

from __future__ import annotations

from importlib import import_module
from typing import Annotated, Any, Literal

from pydantic import AfterValidator


def task(name: str) -> Any:
    """The `models.tasks.task.Task` of this name.

    Raises:
        KeyError: there is none.
    """
    return import_module("models.tasks.registry").TASKS[name]


def architecture(name: str, symmetry: str) -> Any:
    """The `models.architectures.architecture.Architecture` that the words `architecture` and `symmetry` stand for.

    Raises:
        ValueError: the one does not know the other.
    """
    return import_module("models.architectures.registry").architecture_of(name, symmetry)


def _known_task(word: str) -> str:
    return str(import_module("models.tasks.registry").TASKS.known(word))


def _known_symmetry(word: str) -> str:
    return str(import_module("models.architectures.registry").known_symmetry(word))


def _architecture_on(images: Literal["jets", "events"]) -> AfterValidator:
    def known(word: str) -> str:
        return str(import_module("models.architectures.registry").known_architecture(word, images))

    return AfterValidator(known)


def _task_on(images: Literal["jets", "events"]) -> AfterValidator:
    def known(word: str) -> str:
        return str(import_module("models.tasks.registry").on_images(images, word))

    return AfterValidator(known)


TaskName = Annotated[str, AfterValidator(_known_task)]
"""The word of any task."""
JetTaskName = Annotated[str, _task_on("jets")]
"""The word of a task on images of jets."""
EventTaskName = Annotated[str, _task_on("events")]
"""The word of a task on images of events."""
JetArchitectureName = Annotated[str, _architecture_on("jets")]
"""The word of an architecture of networks on images of jets."""
EventArchitectureName = Annotated[str, _architecture_on("events")]
"""The word of an architecture of networks on images of events."""
Symmetry = Annotated[str, AfterValidator(_known_symmetry)]
"""The word of a symmetry that an architecture knows."""
