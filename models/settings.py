"""The two configuration files of training: the network (`model.yaml`) and how it is trained (`train.yaml`)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, Self

from pydantic import Field, model_validator

from data_prep.images.augment import AugmentationSettings
from data_prep.settings import Seed, Settings
from models.quantization.number_settings import QuantizerSettings as QuantizerSettings  # re-exported
from models.quantization.number_settings import WeightSettings
from models.registries import JetArchitectureName, JetTaskName
from models.registries import Symmetry as Symmetry
from models.registries import architecture as architecture_of
from models.regression.settings import RegressionSettings
from models.training.digit_settings import DigitSettings
from models.training.phase_settings import PhaseSettings as PhaseSettings  # re-exported
from models.training.pruning_settings import PruningSettings
from models.training.teacher_settings import TeacherSettings


class BlockSettings(Settings):
    """One block: convolution, rectifier, maximum pooling."""

    filters: int = Field(ge=1, le=1024)
    """Output channels."""

    kernel: int = Field(default=3, ge=1, le=15)
    """Rows and columns of the convolution kernel, pixels."""

    stride: int = Field(default=1, ge=1, le=8)
    """Stride of the convolution along both axes, pixels."""

    padding: Literal["same", "valid"] = "same"
    """Zeros around the image so that the output has its size ("same"), or none."""

    pooling: int = Field(default=2, ge=1, le=8)
    """Rows and columns of the pooling window and its stride, pixels; 1 pools nothing."""

    convolution: Literal["separable", "full"] = "separable"
    """In the separable networks: separable, or full as MobileNet's first layer is. On one input channel a separable
    convolution would compute a single feature map, independent of its number of filters."""

    depthwise: WeightSettings | None = None
    """Width of the depthwise kernel; a full convolution has none (quantized networks only, as are the next three)."""

    pointwise: WeightSettings
    """Width of the pointwise kernel, or of the whole kernel of a full convolution."""

    bias: QuantizerSettings
    """Width of the bias."""

    activation: QuantizerSettings
    """Width of the rectifier's output, unsigned."""

    @model_validator(mode="after")
    def _depthwise_where_separable(self) -> BlockSettings:
        if (self.convolution == "separable") != (self.depthwise is not None):
            raise ValueError("a separable convolution has a 'depthwise' width, a full one has none")
        return self


class DenseSettings(Settings):
    """One hidden fully connected layer with a rectifier."""

    units: int = Field(ge=1, le=4096)
    """Outputs."""

    weights: WeightSettings
    """Width of the weights (quantized networks only, as are the next two)."""

    bias: QuantizerSettings
    """Width of the bias."""

    activation: QuantizerSettings
    """Width of the rectifier's output, unsigned."""


class OutputSettings(Settings):
    """The last layer, one logit a class."""

    weights: WeightSettings
    """Width of the weights."""

    bias: QuantizerSettings
    """Width of the bias."""

    start: float = Field(default=1.0, gt=0, le=1)
    """Size of the initial weights of the float networks, from which the quantized one starts, relative to the usual.
    With few filters a small value helps: large initial logits make the first training steps drive some of the
    rectifiers to zero for good."""


class ModelSettings(Settings):
    """The network on jet images: its task, its architecture by name, its topology, its number formats."""

    task: JetTaskName = "classification"
    """What it is trained for; the tasks on event images have their own settings (`models/events/settings.py`)."""

    architecture: JetArchitectureName = "quantized_separable"
    """What is built for hardware; its float references are trained beside it with the same topology."""

    symmetry: Symmetry = "plain"
    """The symmetry of the network under turns of the image: none (`plain`, or `hex` with hexagonal filters), the same
    filters on all turned and mirrored copies (`views`), or invariance (`p4`, `p4m` on square, `p6`, `p6m` on hexagonal
    pixels; m with mirrors)."""

    equal: Literal["width", "parameters", "multiplications"] = "width"
    """In what a network with a symmetry equals the plain one: filters and units as given below, each for every element
    of its group; or parameters, or multiplications, by one factor on all filters and units."""

    normalisation: bool = False
    """Batch normalisation of the convolutions of a network with `hex`, `p4`, `p4m`, `p6` or `p6m`, one for all elements
    of the group, folded into the weights before they are quantized."""

    input: QuantizerSettings
    """Width of a pixel at the input port, unsigned: pixels are quantized before anything else happens to them."""

    pixel_scale: float = Field(default=0.1, gt=0, le=1e5)
    """Typical value of a lit pixel; the first layer's initial weights are larger by its inverse."""

    blocks: tuple[BlockSettings, ...] = Field(min_length=1)
    """Convolution blocks from input to output."""

    dense: tuple[DenseSettings, ...] = ()
    """Hidden fully connected layers behind the blocks."""

    output: OutputSettings
    """The last layer."""

    regression: RegressionSettings | None = None
    """The targets of a regression."""

    @model_validator(mode="after")
    def _section_of_the_task(self) -> Self:
        if (self.task == "regression") != (self.regression is not None):
            raise ValueError("the section 'regression' belongs to 'task: regression', and only there")
        architecture = architecture_of(self.architecture, self.symmetry)
        if self.regression is not None and not architecture.other_outputs:
            raise ValueError(f"'symmetry: {self.symmetry}' is for taggers, not for 'task: regression'")
        return self

    @model_validator(mode="after")
    def _lists_where_channels_are_known(self) -> Self:
        architecture = architecture_of(self.architecture, self.symmetry)
        if not architecture.channel_bits and any(isinstance(width.bits, tuple) for width in self._weights()):
            raise ValueError(f"lists of 'bits' are for 'symmetry: plain'; with '{self.symmetry}' give 'mean_bits'")
        return self

    def _weights(self) -> Iterator[WeightSettings]:
        for block in self.blocks:
            yield block.pointwise
            if block.depthwise is not None:
                yield block.depthwise
        yield from (dense.weights for dense in self.dense)
        yield self.output.weights

    @model_validator(mode="after")
    def _normalised_where_known(self) -> ModelSettings:
        if self.normalisation and not architecture_of(self.architecture, self.symmetry).normalisation:
            raise ValueError(f"'normalisation' is for networks with a group, not for 'symmetry: {self.symmetry}'")
        return self


class FloatPhaseSettings(PhaseSettings):
    """The training of a float network."""

    starts: int = Field(default=1, ge=1, le=100)
    """Initial networks that are trained for an epoch each; training goes on with the one of the smallest validation
    loss. With few filters the result depends strongly on their initial values."""


class TreesSettings(Settings):
    """The baselines: gradient-boosted trees on jet substructure observables."""

    iterations: int = Field(default=1000, ge=1, le=100_000)
    """Boosting rounds at most (one tree a class each); those up to the best one on the validation jets count."""

    learning_rate: float = Field(default=0.05, gt=0, le=1)
    """Shrinkage of each round."""

    leaves: int = Field(default=15, ge=2, le=4096)
    """Leaves a tree at most."""

    patience: int = Field(default=30, ge=1, le=100_000)
    """Rounds without a better validation loss after which boosting stops."""


class TrainSettings(Settings):
    """How the networks and the baseline are trained."""

    seed: Seed
    """Seed of initial weights and of the order of jets in every epoch."""

    batch: int = Field(default=256, ge=1, le=65_536)
    """Jets a training step."""

    threads: int = Field(default=2, ge=1, le=256)
    """Threads of TensorFlow. They split sums, so the result depends on this number, but not on the machine's cores."""

    augmentation: AugmentationSettings = AugmentationSettings()
    """Random changes of training images; none if it is left out."""

    float_training: FloatPhaseSettings
    """Training of the float networks."""

    quantized_training: PhaseSettings
    """Training of the quantized network."""

    warm_start: bool = True
    """Whether the quantized network starts from the weights of the trained float network of the same topology."""

    pruning: PruningSettings | None = None
    """Weights of the quantized network that are set to 0 during training; none if it is left out."""

    digits: DigitSettings | None = None
    """Signed digits of the quantized network's weights that are taken away behind its training; none where it is left
    out."""

    teacher: TeacherSettings | None = None
    """Float networks that the quantized one learns from beside the truth; none where it is left out."""

    trees: TreesSettings = TreesSettings()
    """The baselines on jet substructure observables."""

    against: tuple[str, ...] = ()
    """Classes that together are background, as quarks and gluons: their rejection alone is measured too."""
