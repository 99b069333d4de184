"""One input or output of the hardware: its name, shape and type."""

from __future__ import annotations

from typing import Annotated

import numpy as np
import numpy.typing as npt
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

    def require_raw(self, values: npt.NDArray[np.int64]) -> None:
        """Make sure that these are raw integers of a port of one axis: int64 [vectors, size].

        Raises:
            ValueError: another dtype or shape, or an integer that the type does not hold.
        """
        if values.dtype != np.int64 or values.ndim != 2 or values.shape[1:] != self.shape:
            raise ValueError(
                f"{self.name} must be int64 [vectors, {self.shape[0]}], not {values.dtype} {list(values.shape)}"
            )
        if values.size and not self.type.raw_min <= values.min() <= values.max() <= self.type.raw_max:
            raise ValueError(
                f"{self.name} holds values outside {self.type.raw_min} to {self.type.raw_max}, its type's range"
            )
