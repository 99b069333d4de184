"""Where the images that a network is given differ from those it was trained on, by the keys of `images.yaml`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeGuard

from data_prep.events.settings import EventDescription
from data_prep.settings import Settings
from data_prep.store.jet_images import ImageDescription

Description = ImageDescription | EventDescription

HARMLESS: dict[type[Settings], tuple[str, ...]] = {
    ImageDescription: ("format", "classes", "jets", "observables"),
    EventDescription: ("format", "jet_pt_min", "jet_eta_max", "box_min"),
}
"""Keys of a description that change no number at the network's input.

`observables` are columns beside the images. `classes` are the meaning of outputs and of labels, and are compared by
name where labels are used. `jet_pt_min`, `jet_eta_max` and `box_min` of events decide which truth is listed. `jets` is
the name of a collection, which other layouts give to other jets: the name alone does not say that the jets are others.
"""
WHERE_STATED = ("cluster",)
"""Keys that are compared where both sides have them: files that hold jets say nothing of a clustering."""


@dataclass(frozen=True)
class Difference:
    """One key.

    Attributes:
        key: with dots between the sections, a step by its name: `grid.half_width`, `steps.normalise.norm`.
        given: its value in the images that are given.
        wanted: its value in those that are wanted.
    """

    key: str
    given: str
    wanted: str


def differences(given: Description, wanted: Description) -> tuple[Difference, ...]:
    """All keys in which images differ at the input of a network, in the order of the description.

    Of sections of different kinds, as a square and a hexagonal grid, the kind alone is named.
    """
    if type(given) is not type(wanted):
        return (Difference("kind", _image_kind(given), _image_kind(wanted)),)
    left, right = (_compared(description) for description in (given, wanted))
    for key in WHERE_STATED:
        if left.get(key) is None or right.get(key) is None:
            left.pop(key, None)
            right.pop(key, None)
    return tuple(_sections(left, right, ""))


def _compared(description: Description) -> dict[str, Any]:
    """The keys of a description that may matter."""
    return description.model_dump(mode="json", exclude=set(HARMLESS[type(description)]))


def keys_of(description: Description) -> dict[str, str]:
    """Every key of a description with its value in words, as `Difference` names them."""
    keys = {"kind": _image_kind(description)}
    for name, value in description.model_dump(mode="json", exclude={"format"}).items():
        keys |= _flat(value, name)
    return keys


def _image_kind(description: Description) -> str:
    return "events" if isinstance(description, EventDescription) else "jets"


def _flat(value: Any, key: str) -> dict[str, str]:
    if _is_steps(value):
        texts = {key: _text(value)}
        for step in value:
            texts |= {
                f"{key}.{step['step']}.{name}": _text(content) for name, content in step.items() if name != "step"
            }
        return texts
    if isinstance(value, Mapping):
        return {name: text for part, content in value.items() for name, text in _flat(content, f"{key}.{part}").items()}
    return {key: _text(value)}


def _sections(given: Mapping[str, Any], wanted: Mapping[str, Any], prefix: str) -> list[Difference]:
    if given.get("kind") != wanted.get("kind"):
        return [Difference(f"{prefix}kind", _text(given.get("kind")), _text(wanted.get("kind")))]
    differing: list[Difference] = []
    for name in dict.fromkeys((*wanted, *given)):
        left, right = given.get(name), wanted.get(name)
        if left == right:
            continue
        if isinstance(left, Mapping) and isinstance(right, Mapping):
            differing += _sections(left, right, f"{prefix}{name}.")
        elif _is_steps(left) and _is_steps(right) and _names(left) == _names(right):
            for left_step, right_step in zip(left, right, strict=True):
                differing += _sections(left_step, right_step, f"{prefix}{name}.{left_step['step']}.")
        else:
            differing.append(Difference(f"{prefix}{name}", _text(left), _text(right)))
    return differing


def _is_steps(value: Any) -> TypeGuard[list[Mapping[str, Any]]]:
    return (
        isinstance(value, list) and bool(value) and all(isinstance(step, Mapping) and "step" in step for step in value)
    )


def _names(steps: list[Mapping[str, Any]]) -> list[str]:
    return [step["step"] for step in steps]


def _text(value: Any) -> str:
    """A value as people write it."""
    if value is None:
        return "not given"
    if _is_steps(value):
        return ", ".join(_names(value))
    if isinstance(value, list):
        return ", ".join(map(_text, value)) or "none"
    if isinstance(value, Mapping):
        return "given"
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:g}" if isinstance(value, float) and float(f"{value:g}") == value else str(value)
