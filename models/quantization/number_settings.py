"""The width of a number, as all configuration files of networks give it."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from data_prep.settings import Settings

Bits = Annotated[int, Field(ge=2, le=16)]


class QuantizerSettings(Settings):
    """The width of one kind of number, as QKeras counts it."""

    bits: Bits
    """All bits, the sign included where there is one."""

    integer: int = Field(default=0, ge=0, le=14)
    """Bits before the binary point, the sign not included."""


class WeightSettings(Settings):
    """The width of a layer's weights: one for all, one for each output channel, or chosen for each within a mean."""

    bits: Bits | Annotated[tuple[Bits, ...], Field(min_length=1)]
    """All bits, the sign included; or a list with those of every output channel (of a depthwise kernel: of every
    channel). A narrower channel has fewer bits behind the point, so all are numbers of the widest one's type."""

    integer: int = Field(default=0, ge=0, le=14)
    """Bits before the binary point, the sign not included."""

    mean_bits: float | None = Field(default=None, ge=2, le=16)
    """Bits on average over the output channels: each gets 2 to `bits`, the fewer the less the loss of the float network
    minds (`models/quantization/channel_bits.py`). Where nothing is said all have `bits`."""

    digits: int | None = Field(default=None, ge=1, le=8)
    """Signed digits (powers of two with their sign) that a weight has at most: unrolled logic adds once for each.
    Weights are rounded to the nearest such number of `bits` bits; where nothing is said to the nearest number."""

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if self.mean_bits is not None and not isinstance(self.bits, int):
            raise ValueError(
                "'mean_bits' chooses the widths that the list in 'bits' gives: it goes with one number there"
            )
        if self.mean_bits is not None and isinstance(self.bits, int) and self.mean_bits > self.bits:
            raise ValueError(f"'mean_bits' is at most 'bits', {self.mean_bits} is above {self.bits}")
        return self
