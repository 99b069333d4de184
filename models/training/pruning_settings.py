"""The section of `train.yaml` on pruning."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from data_prep.settings import Settings


class PruningSettings(Settings):
    """Magnitude pruning of the quantized network while it is trained: the smallest weights become 0 and stay 0.

    Biases are not pruned, nor are the float networks.
    """

    sparsity: float = Field(ge=0, lt=1)
    """Share of the weights of every kernel that are 0 at the end; one of each kernel stays."""

    begin: float = Field(default=0.1, ge=0, lt=1)
    """Share of all steps of the quantized training after which pruning begins."""

    end: float = Field(default=0.7, gt=0, le=1)
    """Share of all steps after which no more is pruned; only epochs that end later can be the best one."""

    every: int = Field(default=10, ge=1, le=1_000_000)
    """Steps from one pruning to the next."""

    layers: Literal["all"] | Annotated[tuple[str, ...], Field(min_length=1)] = "all"
    """Names of the layers that are pruned, as `arithmetic.json` gives them (`block1`, `dense1`, `logits`)."""

    @model_validator(mode="after")
    def _begins_before_it_ends(self) -> Self:
        if self.begin >= self.end:
            raise ValueError(f"'begin' must be below 'end', {self.begin} is not below {self.end}")
        return self
