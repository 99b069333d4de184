"""What is known of a trial."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from data_prep.settings import Settings
from pipeline.studies.search.settings import Scalar

HAND_MADE = "files"
"""What the trial of the files as they are is called."""

State = Literal["waiting", "running", "finished", "hopeless", "refused", "failed"]


class TrialMeasurement(Settings):
    """What a finished trial found."""

    objective: float
    """What the search makes large, on validation jets."""
    auc: float
    """Macro-AUC of the quantized network, on validation jets."""
    auc_error: float
    """Its statistical error."""
    rejection: float
    """Logarithm of the mean background rejection at half the signal."""
    accuracy: float
    """Share of validation jets that are taken for what they are."""
    estimate: int
    """LUTs of the traced design by the compiler's cost model."""
    registers: int
    """Bits in registers as written."""
    clocks: int
    """From the first pixels to the scores."""
    interval: int
    """Clocks from one image to the next."""
    parameters: int
    """Weights and biases."""
    curve: tuple[float, ...]
    """The objective after every epoch of the short training of the quantized network."""
    epochs: int
    """Epochs of the quantized network, those of a longer training too."""


@dataclass(frozen=True)
class Record:
    """One trial.

    Attributes:
        number: of the trial.
        state: what became of it.
        point: what was tried.
        reason: why it did not finish.
        start: the name of a design that was given, as `files` for the hand-made one; empty for one that was drawn.
        design: name of its settings, equal for equal designs.
        images: its image set.
        kin: what networks must have in common to inherit weights.
        inherited: the trial that its weights started from.
        estimate: LUTs before it was trained.
        measured: what it found.
        seconds: of each of its steps.
    """

    number: int
    state: State
    point: Mapping[str, Scalar] = field(default_factory=dict)
    reason: str = ""
    start: str = ""
    design: str = ""
    images: str = ""
    kin: str = ""
    inherited: int | None = None
    estimate: int | None = None
    measured: TrialMeasurement | None = None
    seconds: Mapping[str, float] = field(default_factory=dict)

    @property
    def trained(self) -> bool:
        """Whether it was trained, to the end or until it was hopeless."""
        return self.state in ("finished", "hopeless")
