"""The registries of tasks and architectures for settings, imported when a value of `model.yaml` is validated.

Every stage reads settings, and the registries import all code that builds and trains networks. A stage is run again
when code that it imports has changed, as far as import statements show (`pipeline/artefacts/code_version.py`). A
simulation should not be run again because the code of a training has changed: the meaning of `model.yaml` enters it
through the trained network alone. So these imports are not import statements.
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
    """The `models.architectures.architecture.Architecture` of the values of `architecture` and `symmetry`.

    Raises:
        ValueError: the architecture does not have the symmetry.
    """
    return import_module("models.architectures.registry").architecture_of(name, symmetry)


def _known_task(word: str) -> str:
    return str(import_module("models.tasks.registry").TASKS.require_known(word))


def _known_symmetry(word: str) -> str:
    return str(import_module("models.architectures.registry").known_symmetry(word))


def _architecture_on(images: Literal["jets", "events"]) -> AfterValidator:
    def known(word: str) -> str:
        return str(import_module("models.architectures.registry").known_architecture(word, images))

    return AfterValidator(known)


def _task_on(images: Literal["jets", "events"]) -> AfterValidator:
    def check(word: str) -> str:
        return str(import_module("models.tasks.registry").on_images(images, word))

    return AfterValidator(check)


TaskName = Annotated[str, AfterValidator(_known_task)]
"""The name of any task."""
JetTaskName = Annotated[str, _task_on("jets")]
"""The name of a task on images of jets."""
EventTaskName = Annotated[str, _task_on("events")]
"""The word of a task on images of events."""
JetArchitectureName = Annotated[str, _architecture_on("jets")]
"""The word of an architecture of networks on images of jets."""
EventArchitectureName = Annotated[str, _architecture_on("events")]
"""The word of an architecture of networks on images of events."""
Symmetry = Annotated[str, AfterValidator(_known_symmetry)]
"""The name of a symmetry."""
