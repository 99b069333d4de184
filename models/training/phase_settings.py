"""The settings of one training, of a network or of its teachers."""

from __future__ import annotations

from pydantic import Field

from data_prep.settings import Settings


class PhaseSettings(Settings):
    """One training: warm-up and cosine decay of the learning rate with Adam, early stopping on the validation loss."""

    epochs: int = Field(ge=1, le=10_000)
    """Passes over the training jets at most; the learning rate ends at 0 there."""

    learning_rate: float = Field(gt=0, le=1)
    """The highest learning rate, reached at the end of the warm-up."""

    warm_up: float = Field(default=0.05, ge=0, lt=1)
    """Share of all steps during which the learning rate grows linearly from 0."""

    patience: int = Field(default=5, ge=1, le=10_000)
    """Epochs without a better validation loss after which training stops; the best epoch's weights are kept."""
