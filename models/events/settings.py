"""`model.yaml` of the tasks on event images: a U-Net, and what belongs to segmentation and detection."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from data_prep.settings import Gev, Settings
from models.quantization.number_settings import QuantizerSettings, WeightSettings
from models.registries import EventArchitectureName, EventTaskName
from models.regression.settings import Edges

Thresholds = Annotated[tuple[Gev, ...], Field(max_length=20)]
"""Transverse energies (GeV) below which towers are left out, tried one after the other."""


class UNetSettings(Settings):
    """The network: a way down that halves the image, a way up that doubles it, skip connections between them."""

    widths: tuple[Annotated[int, Field(ge=1, le=1024)], ...] = Field(min_length=1, max_length=6)
    """Filters of every level from the whole image down; the image is halved between two of them."""

    convolutions: int = Field(default=1, ge=1, le=4)
    """Convolutions of a level, each on the way down and on the way up."""

    kernel: int = Field(default=3, ge=1, le=7)
    """Rows and columns of the convolutions."""

    convolution: Literal["separable", "full"] = "separable"
    """Kind of the convolutions; the first is always full, as that of MobileNet."""

    up: Literal["upsampling", "transposed"] = "upsampling"
    """How the way up doubles the image: every pixel four times and a convolution, or a transposed convolution."""

    weights: WeightSettings
    """Width of all kernels (quantized network only, as are the next three)."""

    bias: QuantizerSettings
    """Width of all biases."""

    activation: QuantizerSettings
    """Width of the rectifiers' outputs, unsigned."""

    output: QuantizerSettings
    """Width of the numbers at the output ports, signed."""

    @model_validator(mode="after")
    def _one_width(self) -> Self:
        if isinstance(self.weights.bits, tuple):
            raise ValueError("'weights' are those of many layers: give one number of 'bits', and 'mean_bits'")
        return self


class SegmentationSettings(Settings):
    """The class of every tower."""

    class_weighting: float = Field(default=0.5, ge=0, le=1)
    """Weight of a class in the loss: its share of the training towers to minus this power (0: all towers count alike,
    1: all classes do)."""

    weight: float = Field(default=1.0, gt=0, le=1e6)
    """How much the classes count in the loss beside a detection: theirs is a mean over all towers, most of which are
    easy, that of a detection a sum over jets."""

    cone: float = Field(default=0.4, gt=0, le=1.5)
    """Radius about the axis of a truth jet in which towers are summed to measure pileup mitigation."""

    thresholds: Thresholds = (0.5, 1.0, 2.0)
    """Transverse energies (GeV) below which towers are left out by the plain method that the network is held
    against: the one with the best resolutions on validation events is taken."""

    pt_edges: Edges = (30.0, 60.0, 100.0, 200.0, 500.0)
    """Borders of the bins of true jet pT (GeV)."""


class DetectionSettings(Settings):
    """The jets of an event: centres, transverse momenta, boxes."""

    spread: float = Field(default=1.0, gt=0, le=10)
    """Standard deviation (towers) of the spot about a jet's centre that the heatmap is trained on."""

    window: int = Field(default=2, ge=1, le=10)
    """A jet is where the heatmap is highest within so many towers up, down, left and right."""

    threshold: float = Field(default=0.0, ge=-1000, le=1000)
    """Smallest heat, a logit: 0 is an even chance."""

    jets: int = Field(default=8, ge=1, le=64)
    """Jets of an event at most: the hottest."""

    pt_unit: float = Field(default=64.0, gt=0, le=1e5)
    """Transverse momentum that an output of 1 stands for (GeV); a power of two costs nothing in hardware."""

    pt_min: Gev = 20.0
    """Truth jets below it (GeV) are not to be found, nor is finding them an error; nor is it for those that
    `images.yaml` does not list."""

    pt_edges: Edges = (20.0, 40.0, 60.0, 100.0, 200.0, 500.0)
    """Borders of the bins of true pT (GeV) in which efficiency and response are shown."""

    radius: float = Field(default=0.4, gt=0, le=1.5)
    """Radius of the anti-kT jets of the same towers that the network is held against."""

    thresholds: Thresholds = (1.0, 2.0, 4.0)
    """Transverse energies (GeV) below which towers are left out of anti-kT jets: the one with fewest fakes on
    validation events is taken."""

    efficiencies: Annotated[tuple[Annotated[float, Field(gt=0, lt=1)], ...], Field(min_length=1, max_length=10)] = (
        0.8,
        0.9,
        0.95,
    )
    """Efficiencies at which the fakes of all methods are compared, each at the threshold that gives it."""

    match: float = Field(default=0.3, gt=0, le=1.5)
    """Largest distance in η–φ between a found jet and the truth jet that it is."""

    reach: float = Field(default=0.8, gt=0, le=2)
    """Largest distance in η–φ between a tower and the found jet that it is grouped to."""

    box_weight: float = Field(default=0.2, gt=0, le=1e6)
    """How much boxes count in the loss."""

    pt_weight: float = Field(default=0.5, gt=0, le=1e6)
    """How much transverse momenta count in the loss."""


class EventModelSettings(Settings):
    """Everything `model.yaml` holds for a task on event images."""

    task: EventTaskName
    """What the network is trained for; panoptic segmentation is both others at once."""

    architecture: EventArchitectureName = "unet"
    """What is built for hardware, and beside it as a float network."""

    input: QuantizerSettings
    """Width of a tower's energy (GeV) at the input port, unsigned."""

    pixel_scale: float = Field(default=2.0, gt=0, le=1e5)
    """Typical energy of a lit tower (GeV); the first layer's initial weights are larger by its inverse."""

    unet: UNetSettings
    """The network."""

    segmentation: SegmentationSettings = SegmentationSettings()
    """Of `segmentation` and `panoptic`."""

    detection: DetectionSettings = DetectionSettings()
    """Of `detection` and `panoptic`."""
