"""Which rule lowers which layer class."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tensorflow import keras

from data_prep.errors import UnsupportedModelError
from hls_projects.lowering.plain_model import PlainModel

Tensors = list[Any]
Rule = Callable[[Any, Tensors, PlainModel], Tensors]

RULES: dict[type[keras.layers.Layer], Rule] = {}


def rule(*classes: type[keras.layers.Layer]) -> Callable[[Rule], Rule]:
    """Register the decorated function as the rule of these layer classes."""

    def register(function: Rule) -> Rule:
        for cls in classes:
            RULES[cls] = function
        return function

    return register


def rule_for(layer: keras.layers.Layer) -> Rule:
    """The rule of a layer.

    Raises:
        UnsupportedModelError: when no rule lowers this class exactly.
    """
    lowering_rule = RULES.get(type(layer))
    if lowering_rule is None:
        raise UnsupportedModelError(
            f"layer '{layer.name}' ({type(layer).__name__}) has no exact form in plain layers",
            remedy="replace it; docs/hardware.md lists the layers that can be lowered",
        )
    return lowering_rule
