"""What the networks on event images give: their outputs by name, as the integers that hardware gives; numpy alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from data_prep.fixed_point import FixedType
from models import registries
from models.metrics.jet_matching import JetList
from models.metrics.taggers import softmax


def heads(task: str) -> dict[str, int]:
    """The outputs of the network of a task, in order: channels by name."""
    return dict(registries.task(task).heads)


@dataclass(frozen=True)
class Maps:
    """The outputs of a network for some events, without repeated columns, as the integers that hardware gives.

    Attributes:
        raw: int64 [events, rows, columns, channels] by output; of a float network rounded to 2⁻²⁰.
        fraction: bits behind the point.
    """

    raw: dict[str, npt.NDArray[np.int64]]
    fraction: int

    @classmethod
    def of(cls, names: list[str], values: list[npt.NDArray[np.int64]], types: list[FixedType], wrap: int) -> Maps:
        """From the raw outputs of hardware, each in its type, with repeated columns."""
        fraction = max(number_type.fraction for number_type in types)
        raw = {
            name: part[:, :, wrap : part.shape[2] - wrap] << (fraction - number_type.fraction)
            for name, part, number_type in zip(names, values, types, strict=True)
        }
        return cls(raw, fraction)

    def classes(self) -> npt.NDArray[np.uint8]:
        """The class of every tower, uint8 [events, rows, columns]; the first of the largest logits."""
        return np.asarray(self.raw["classes"].argmax(axis=-1), np.uint8)

    def chances(self) -> npt.NDArray[np.float32]:
        """The probability of each class, float32 [events, rows, columns, classes]."""
        return softmax(np.ldexp(self.raw["classes"].astype(np.float64), -self.fraction))


@dataclass(frozen=True)
class Prediction:
    """What a network says about one event.

    Attributes:
        classes: uint8 [rows, columns], the class of each tower; None where it gives none.
        jets: the jets that it finds; None where it finds none.
    """

    classes: npt.NDArray[np.uint8] | None = None
    jets: JetList | None = None
