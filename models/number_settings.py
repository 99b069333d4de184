"""The width of a number, as all configuration files of networks give it."""

from __future__ import annotations

from pydantic import Field

from data_prep.settings import Settings


class QuantizerSettings(Settings):
    """The width of one kind of number, as QKeras counts it."""

    bits: int = Field(ge=2, le=16)
    """All bits, the sign included where there is one."""

    integer: int = Field(default=0, ge=0, le=14)
    """Bits before the binary point, the sign not included."""
