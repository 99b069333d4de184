"""The parts of `model.yaml` that one task alone has."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Annotated, Any, Literal, Self

import numpy as np
import numpy.typing as npt
from pydantic import AfterValidator, Field, model_validator

from data_prep.settings import Gev, Settings
from models.quantization.number_settings import QuantizerSettings


def _ascending(edges: tuple[float, ...]) -> tuple[float, ...]:
    if any(low >= high for low, high in pairwise(edges)):
        raise ValueError("the borders of bins must ascend")
    if edges[0] <= 0:
        raise ValueError("the first border must be above 0, for the response is a ratio to the truth")
    return edges


Edges = Annotated[tuple[Gev, ...], Field(min_length=2, max_length=100), AfterValidator(_ascending)]
"""Borders of bins of a true value in which the response is shown (GeV)."""


class TargetSettings(Settings):
    """One number of a jet that a network is to find."""

    name: Literal["pt", "mass", "sdmass"]
    """The jet's pT, mass or soft-drop mass, as all its constituents give it."""

    unit: float = Field(gt=0, le=1e5)
    """What an output of 1 stands for (GeV); a power of two costs nothing in hardware."""

    tolerance: float = Field(gt=0, le=1e5)
    """From here on the loss grows linearly with the error instead of quadratically (GeV)."""

    output: QuantizerSettings
    """Width of the number at the output port, unsigned."""

    residual: bool = False
    """Whether the network finds only what is to be added to the sum of the pixels (pT alone), as the blocks of a
    residual network do (arXiv:1512.03385); the unit is then a power of two."""

    edges: Edges
    """Borders of the bins of truth in which closure is shown (GeV)."""

    @model_validator(mode="after")
    def _meaningful(self) -> Self:
        if self.residual and self.name != "pt":
            raise ValueError("'residual' is only for the target 'pt', which the pixels add up to")
        if self.residual and (self.unit < 1 or math.frexp(self.unit)[0] != 0.5):
            raise ValueError("with 'residual' the 'unit' is a power of two, 1 or more")
        return self


class RegressionSettings(Settings):
    """What a regression finds, and whether a tagger stands beside it."""

    targets: tuple[TargetSettings, ...] = Field(min_length=1)
    """The numbers of a jet, in the order of the outputs."""

    beside_tagger: bool = False
    """Whether the network also has one logit a class, as its first output."""

    weight: float = Field(default=1.0, gt=0, le=1e6)
    """How much the regression counts in the loss beside a tagger."""

    @property
    def units(self) -> npt.NDArray[np.float32]:
        """What an output of 1 stands for, float32 [targets] (GeV)."""
        return np.array([target.unit for target in self.targets], np.float32)

    def in_gev(self, outputs: npt.NDArray[np.floating[Any]]) -> npt.NDArray[np.float32]:
        """The numbers of jets, float32 [jets, targets] (GeV).

        Args:
            outputs: the last output of the network, [jets, targets] in any shape.
        """
        return outputs.reshape(-1, len(self.targets)).astype(np.float32) * self.units

    @model_validator(mode="after")
    def _different(self) -> Self:
        names = [target.name for target in self.targets]
        if len(set(names)) < len(names):
            raise ValueError("two targets have the same name")
        return self
