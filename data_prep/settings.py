"""The base of every configuration model."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field

Seed = Annotated[int, Field(ge=0, lt=2**31)]
"""A seed of random numbers, in the range that all generators accept."""
Gev = Annotated[float, Field(ge=0, le=1e5)]
"""An energy, momentum or mass (GeV), up to the highest collision energy that can be simulated."""


class Settings(BaseModel):
    """A frozen section of a configuration file; unknown keys are errors. A text below each field documents it."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    @classmethod
    def of_content(cls, content: Mapping[str, Any]) -> Self:
        """The settings from the content of a file, without conversion of types between text, number and boolean.

        Args:
            content: mappings, lists and scalars, as in JSON.

        Raises:
            ValidationError: the configuration is not valid.
        """
        return cls.model_validate_json(json.dumps(content), strict=True)
