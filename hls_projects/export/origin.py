"""The training data of a network and its quality, for the manifest and the card of a bundle."""

from __future__ import annotations

from data_prep.settings import Settings


class TrainingData(Settings):
    """The jets or events that the network was trained, watched and measured on."""

    task: str
    """`classification`, `regression`, `segmentation`, …"""
    origin: str
    """Where they come from, in words."""
    files: dict[str, str]
    """SHA-256 of each file that was read, by name."""
    images: str
    """What an image is, in words."""
    channels: tuple[str, ...]
    """What each channel of a pixel sums."""
    steps: tuple[str, ...]
    """Every preprocessing step, in order, with its parameters."""
    selection: str
    """Which jets are taken, in words."""
    classes: dict[str, str]
    """What the classes are, by name in the order of the outputs; empty where there are none."""
    samples: dict[str, dict[str, int]]
    """How many, by class (`all` where there are none) and split: `train`, `validation`, `test`."""


class Quality(Settings):
    """One number that one form of the network reaches on the test set."""

    network: str
    """Which, in words."""
    measure: str
    """What is measured."""
    value: float | None
    """None where it cannot be measured."""
    error: float | None = None
    """Its statistical error, of one standard deviation; None where it is not known."""
