"""The section of `train.yaml` on teachers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from data_prep.settings import Settings
from models.training.phase_settings import PhaseSettings


class TeacherBlock(Settings):
    """One block of a teacher for jets: convolution, rectifier, maximum pooling; keys as in `model.yaml`."""

    filters: int = Field(ge=1, le=1024)
    """Output channels."""

    kernel: int = Field(default=3, ge=1, le=15)
    """Rows and columns of the kernel, pixels."""

    stride: int = Field(default=1, ge=1, le=8)
    """Stride of the convolution, pixels."""

    padding: Literal["same", "valid"] = "same"
    """Zeros around the image, or none."""

    pooling: int = Field(default=2, ge=1, le=8)
    """Rows and columns of the pooling window; 1 pools nothing."""

    convolution: Literal["separable", "full"] = "full"
    """Kind of the convolution."""


class TeacherTopology(Settings):
    """A float network of another size: blocks and dense layers for jets, or the widths of a U-Net for events."""

    blocks: tuple[TeacherBlock, ...] = ()
    """Blocks from input to output, for jets."""

    dense: tuple[Annotated[int, Field(ge=1, le=4096)], ...] = ()
    """Units of the hidden dense layers behind them."""

    widths: tuple[Annotated[int, Field(ge=1, le=1024)], ...] = Field(default=(), max_length=6)
    """Filters of every level of the U-Net, for events."""

    convolutions: int = Field(default=1, ge=1, le=4)
    """Convolutions of one of its levels."""

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if bool(self.blocks) == bool(self.widths) or (self.widths and self.dense):
            raise ValueError("give 'blocks' and 'dense' (jets) or 'widths' (events)")
        return self


class TeacherSettings(Settings):
    """Float networks whose mean score the quantized network learns beside the truth.

    The score is the probability of each class, or the numbers of a regression, of a jet or of every tower. Source:
    G. Hinton, O. Vinyals and J. Dean, arXiv:1503.02531, section 2, here at a temperature of 1.
    """

    weight: float = Field(ge=0, le=1)
    """Their share of the target; the truth has the rest."""

    own: tuple[str, ...] = ()
    """Float networks of this run that teach (`float_standard`, `float_separable`, `float_symmetric`, `float_unet`)."""

    networks: int = Field(default=0, ge=0, le=100)
    """Float networks that are trained to teach, each with a seed of its own."""

    topology: TeacherTopology | None = None
    """What they are; like the float network that the quantized one starts from where it is left out."""

    training: PhaseSettings | None = None
    """How they are trained; by `float_training` where it is left out."""

    files: tuple[Path, ...] = ()
    """Model files that `train` left, of the same task on the same images."""

    @model_validator(mode="after")
    def _somebody_teaches(self) -> Self:
        if not (self.own or self.networks or self.files):
            raise ValueError("nobody teaches: give 'networks', 'own' or 'files'")
        if not self.networks and (self.topology or self.training):
            raise ValueError("'topology' and 'training' are for 'networks', of which there are none")
        return self
