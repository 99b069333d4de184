"""The base of every configuration model."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Settings(BaseModel):
    """A frozen section of a configuration file; unknown keys are errors, below every field stands what it is."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
