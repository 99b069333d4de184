"""One input or output of the hardware: its name, shape and type."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field, PlainSerializer

from data_prep.fixed_point import FixedType
from data_prep.settings import Settings

TypeName = Annotated[
    FixedType,
    BeforeValidator(lambda value: FixedType.parse(value) if isinstance(value, str) else value),
    PlainSerializer(lambda value: value.name, return_type=str),
]

LayerName = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]*$")]
"""The names that lowering gives. They stand in generated source code, so no other is accepted from a file."""


class Port(Settings):
    """An input or output of the hardware."""

    name: LayerName
    """Layer of the lowered model."""
    shape: tuple[int, ...]
    """Shape without the batch."""
    type: TypeName
    """Type of one element."""
    added: bool = False
    """Of an input: the model has no quantizer there; the type was given, and the trained model gets inputs of it."""
    left_out: str | None = None
    """Of an output: the activation (softmax, sigmoid) of the trained model that the hardware leaves out."""
