"""The section of `train.yaml` on taking signed digits away."""

from __future__ import annotations

from itertools import takewhile
from typing import Any

from pydantic import Field

from data_prep.settings import Settings


class DigitSettings(Settings):
    """Signed digits of the quantized network's weights that are taken away behind its training, the cheapest first.

    Biases keep theirs.
    """

    share: float = Field(gt=0, lt=1)
    """Share of the digits that is left, each counted as often as it stands in unrolled logic: a digit of a convolution
    once for every output pixel."""

    step: float = Field(default=0.15, gt=0, lt=1)
    """Share of the digits that is taken away at once; the last step is what remains."""

    epochs: int = Field(default=8, ge=1, le=10_000)
    """Passes over the training images behind every step; the best of them is gone on from."""

    learning_rate: float | None = Field(default=None, gt=0, le=1)
    """The highest learning rate behind a step, from which it falls to 0; that of `quantized_training` where it is left
    out."""

    @property
    def shares(self) -> tuple[float, ...]:
        """The share that is left behind every step.

        >>> DigitSettings(share=0.5).shares
        (0.85, 0.7, 0.55, 0.5)
        """
        falling = (round(1 - number * self.step, 9) for number in range(1, 10_000_000))
        return (*takewhile(lambda each: each > self.share, falling), self.share)

    def phase(self, training: Any) -> Any:
        """The settings of the training behind a step, from those of the quantized training."""
        rate = training.learning_rate if self.learning_rate is None else self.learning_rate
        return training.model_copy(
            update={"epochs": self.epochs, "patience": self.epochs, "learning_rate": rate, "warm_up": 0.0}
        )
