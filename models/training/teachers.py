"""Teachers: float networks whose mean score is a part of the target of the quantized network."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf
from tensorflow import keras

from data_prep.errors import TrainingSettingsError
from data_prep.system.whole import whole_file
from models.files.load import load_model
from models.files.meaning import Meaning, meaning_beside
from models.quantization.number_settings import QuantizerSettings, WeightSettings
from models.settings import BlockSettings, DenseSettings, ModelSettings
from models.training.batches import Images, Scores
from models.training.lessons import Taught, taught
from models.training.objective import Objective
from models.training.teacher_settings import TeacherSettings, TeacherTopology

_BATCH = 256
_UNUSED = QuantizerSettings(bits=8)
_UNUSED_WEIGHTS = WeightSettings(bits=8)


@dataclass(frozen=True)
class Lessons:
    """What the quantized network is trained for with teachers.

    Attributes:
        objective: with their part in every loss.
        scores: their mean scores by split, an array an output; rows in the order of the split.
    """

    objective: Taught
    scores: dict[str, Scores]


def with_topology(model: Any, topology: TeacherTopology | None) -> Any:
    """The settings of `model.yaml` with the topology of a teacher.

    Raises:
        TrainingSettingsError: blocks for a U-Net, or widths for a network on jets.
    """
    if topology is None:
        return model
    jets = isinstance(model, ModelSettings)
    if jets != bool(topology.blocks):
        wanted = "'blocks' and 'dense'" if jets else "'widths'"
        what = f"'teacher.topology' is not that of a network for 'task: {model.task}'"
        raise TrainingSettingsError(what, file="train.yaml", remedy=f"give {wanted}")
    if not jets:
        update = {"widths": topology.widths, "convolutions": topology.convolutions}
        return model.model_copy(update={"unet": model.unet.model_copy(update=update)})
    blocks = tuple(
        BlockSettings(
            **block.model_dump(),
            depthwise=_UNUSED_WEIGHTS if block.convolution == "separable" else None,
            pointwise=_UNUSED_WEIGHTS,
            bias=_UNUSED,
            activation=_UNUSED,
        )
        for block in topology.blocks
    )
    dense = tuple(
        DenseSettings(units=units, weights=_UNUSED_WEIGHTS, bias=_UNUSED, activation=_UNUSED)
        for units in topology.dense
    )
    return model.model_copy(update={"blocks": blocks, "dense": dense})


def from_files(settings: TeacherSettings, model: Any, dataset: Images, student: keras.Model) -> list[keras.Model]:
    """The networks of `teacher.files`.

    Args:
        settings: of the teachers.
        model: `model.yaml` of the student.
        dataset: its images.
        student: it.

    Raises:
        TrainingSettingsError: a network with other inputs or outputs.
        InputFileError, UnsupportedModelError: a file that cannot be read, or was trained on other images.
    """
    return [_from_file(file, model, dataset, student) for file in settings.files]


def _from_file(file: Path, model: Any, dataset: Images, student: keras.Model) -> keras.Model:
    found = load_model(file)
    meaning = Meaning.load(meaning_beside(file))
    remedy = "give a model that `train` left for the same task on the same images"
    if meaning is not None:
        images = dataset.split("train").description
        meaning.require_same_images(images, dataset.folder)
        meaning.require_same_classes(images, dataset.folder)
        if meaning.task != model.task or _units(meaning) != _units(model):
            what = f"'teacher.files': {file} was trained for something else"
            raise TrainingSettingsError(what, file="train.yaml", remedy=remedy)
    shapes = [[tuple(each.shape[1:]) for each in (*one.inputs, *one.outputs)] for one in (found, student)]
    if shapes[0] != shapes[1]:
        what = f"'teacher.files': inputs and outputs of {file} are {shapes[0]}, those of the network {shapes[1]}"
        raise TrainingSettingsError(what, file="train.yaml", remedy=remedy)
    return found


def _units(of: Any) -> Any:
    """What outputs of 1 stand for."""
    numbers = of.regression if hasattr(of, "regression") else None
    detection = of.detection if hasattr(of, "detection") and of.task in ("detection", "panoptic") else None
    return (
        None if numbers is None else [(target.name, target.unit) for target in numbers.targets],
        None if detection is None else detection.pt_unit,
    )


def lessons(
    networks: Sequence[keras.Model], settings: TeacherSettings, dataset: Images, objective: Objective, work: Path
) -> Lessons:
    """Have the teachers look at all training and validation images, once.

    Args:
        networks: the teachers.
        settings: how much they count.
        dataset: the images, which they see as they are, without augmentation.
        objective: what the student is trained for.
        work: a folder that keeps their scores, of this configuration and these images alone.

    Raises:
        TrainingSettingsError: an objective that no teacher has scores for.
    """
    aim = taught(objective, settings.weight)
    scores = {name: _scores(networks, aim, dataset, name, work) for name in ("train", "validation")}
    return Lessons(aim, scores)


def _scores(networks: Sequence[keras.Model], aim: Taught, dataset: Images, split: str, work: Path) -> Scores:
    files = [work / f"teacher_{split}_{output}.npy" for output in range(len(aim.losses))]
    if not all(file.exists() for file in files):
        _write(files, _mean(networks, aim, dataset.shape), dataset, split)
    return tuple(np.load(file, mmap_mode="r", allow_pickle=False) for file in files)


def _mean(
    networks: Sequence[keras.Model], aim: Objective, shape: tuple[int, int, int]
) -> Callable[[Any], list[npt.NDArray[np.float32]]]:
    """The mean scores of all networks for images, an array an output."""

    @tf.function(input_signature=[tf.TensorSpec((None, *shape), tf.float32)])
    def scores(images: Any) -> Any:
        found = [tf.nest.flatten(network(images, training=False)) for network in networks]
        return [
            tf.add_n([lesson.score(outputs[place]) for outputs in found]) / len(found)
            for place, lesson in enumerate(aim.lessons)
        ]

    return lambda images: [each.numpy() for each in scores(images)]


def _write(files: Sequence[Path], mean: Callable[[Any], Any], dataset: Images, split: str) -> None:
    """The scores of a split in its order, on disk, for those of maps are large."""
    part = dataset.split(split)
    with ExitStack() as stack:
        names = [stack.enter_context(whole_file(file)) for file in files]
        arrays: list[Any] = []
        first = 0
        for batch in part.batches(_BATCH):
            found = mean(batch.dense())
            arrays = arrays or [
                np.lib.format.open_memmap(name, "w+", np.float32, (part.rows, *each.shape[1:]))  # type: ignore[no-untyped-call]
                for name, each in zip(names, found, strict=True)
            ]
            for array, each in zip(arrays, found, strict=True):
                array[first : first + len(each)] = each
            first += len(each)
        for array in arrays:
            array.flush()
