"""From the sparse Parquet files to TensorFlow: one batch at a time is made dense, while the one before it trains."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from data_prep.errors import InputFileError, PipelineError, TrainingSettingsError
from data_prep.images.augment import AugmentationSettings, augmented, require_turnable
from data_prep.images.batch import ImageBatch
from data_prep.store.jet_images import ImageDataset
from models.training.lessons import Taught
from models.training.objective import Objective

Scores = tuple[npt.NDArray[np.float32], ...]
"""Mean scores of teachers, an array an output; rows in the order of the split."""
_AUGMENTATION = 1
"""Tells the random numbers of augmentation from those that shuffle."""
_AS_THEY_ARE = AugmentationSettings()
_REMEDY = "make more jets of it, or leave the class out"


class Split(Protocol):
    """One split of a dataset: of jet images, or of event images."""

    @property
    def rows(self) -> int:
        """The number of images."""

    @property
    def description(self) -> Any:
        """What the images are."""

    def batches(self, size: int, shuffle_seed: int | None = None) -> Iterator[Any]:
        """The images in batches that have `dense()` and `weight`."""

    def order(self, shuffle_seed: int) -> npt.NDArray[np.int64]:
        """The rows in the order in which `batches` gives them with this seed."""


class Images(Protocol):
    """A dataset to train on."""

    @property
    def folder(self) -> Path:
        """Where it lies."""

    @property
    def shape(self) -> tuple[int, int, int]:
        """Rows, columns, channels of the dense image."""

    def split(self, name: str) -> Split:
        """One of `train`, `validation`, `test`."""


@dataclass(frozen=True)
class Survey:
    """What training has to know of a split before it starts: jets by class (int64) and the mean event weight."""

    jets: tuple[int, ...]
    mean_weight: float


def survey(dataset: ImageDataset, name: str) -> Survey:
    """Count a split once, without making an image dense.

    Raises:
        InputFileError: when a class has no jets in it, or the weights are negative, not finite or all zero.
    """
    jets = np.zeros(len(dataset.classes), np.int64)
    total = 0.0
    for batch in dataset.split(name).batches(1 << 16):
        if not (np.isfinite(batch.weight).all() and (batch.weight >= 0).all()):
            raise InputFileError(f"the '{name}' split has negative or infinite weights", file=dataset.folder)
        jets += np.bincount(batch.label, minlength=len(jets))
        total += float(batch.weight.sum(dtype=np.float64))
    empty = [kind for kind, count in zip(dataset.classes, jets, strict=True) if not count]
    if empty:
        what = f"the '{name}' split has no jets of class {empty[0]!r}"
        raise InputFileError(what, file=dataset.folder, remedy=_REMEDY)
    if not total > 0:
        raise InputFileError(f"all weights of the '{name}' split are 0", file=dataset.folder)
    return Survey(tuple(int(count) for count in jets), total / int(jets.sum()))


@dataclass
class Feed:
    """A split as TensorFlow reads it: (images float32, labels uint8 or other targets, weights float32) in batches.

    Attributes:
        split: where the images come from.
        size: jets a batch; the last one of an epoch may be smaller.
        weight_scale: what the event weights are multiplied with.
        objective: gives other targets than the labels, where there is one.
        augmentation: what is done to the images at random, in passes that have a seed.
        scores: of teachers, where the objective has some; they are those of images without augmentation.
        fault: the error that ended the feed, for TensorFlow keeps only its text.
    """

    split: Split
    size: int
    weight_scale: float = 1.0
    objective: Objective | None = None
    augmentation: AugmentationSettings = _AS_THEY_ARE
    scores: Scores | None = None
    fault: PipelineError | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        if self.augmentation.active:
            try:
                require_turnable(self.split.description.grid)
            except ValueError as error:
                raise TrainingSettingsError(f"'augmentation': {error}", file="train.yaml") from None

    def dataset(self, shape: tuple[int, int, int], shuffle_seed: int | None = None) -> tf.data.Dataset:
        """One pass over the split, in its order or in the one that the seed gives."""
        signature = (
            tf.TensorSpec((None, *shape), tf.float32),
            self.objective.structure(self.objective.specs) if self.objective else tf.TensorSpec((None,), tf.uint8),
            tf.TensorSpec((None,), tf.float32),
        )
        batches = tf.data.Dataset.from_generator(lambda: self._arrays(shuffle_seed), output_signature=signature)
        return batches.apply(tf.data.experimental.assert_cardinality(-(-self.split.rows // self.size))).prefetch(4)

    def check(self) -> None:
        """Raise the error that ended the feed, if one did."""
        if self.fault is not None:
            raise self.fault

    def _arrays(self, shuffle_seed: int | None) -> Iterator[tuple[npt.NDArray[Any], Any, npt.NDArray[Any]]]:
        augments = self.augmentation.active and shuffle_seed is not None
        rng = np.random.default_rng([shuffle_seed or 0, _AUGMENTATION])
        rows = self._rows(shuffle_seed)
        try:
            for batch in self.split.batches(self.size, shuffle_seed):
                targets = self._targets(batch, rows)
                images = self._augmented(batch, rng) if augments else batch.dense()
                yield images, targets, batch.weight * np.float32(self.weight_scale)
        except PipelineError as error:
            self.fault = error
            raise

    def _rows(self, shuffle_seed: int | None) -> Iterator[int]:
        """Which rows of the scores belong to the images, one after the other; none where there are no scores."""
        if self.scores is None:
            return iter(())
        return iter(range(self.split.rows) if shuffle_seed is None else self.split.order(shuffle_seed).tolist())

    def _targets(self, batch: Any, rows: Iterator[int]) -> Any:
        if self.objective is None:
            return batch.label
        found = self.objective.targets(batch)
        if self.scores is not None and isinstance(self.objective, Taught):
            chosen = np.fromiter(islice(rows, len(batch)), np.int64)
            found = self.objective.joined(found, [each[chosen] for each in self.scores])
        return self.objective.structure(found)

    def _augmented(self, batch: ImageBatch, rng: np.random.Generator) -> npt.NDArray[np.float32]:
        return augmented(batch, self.split.description.grid, self.augmentation, rng)
