"""Teachers: their mean score enters the target with its weight; with weight 0 there are none."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from pydantic import ValidationError
from tensorflow import keras

from data_prep.errors import InputFileError, TrainingSettingsError
from data_prep.store.jet_images import ImageDataset
from models.architectures import separable_network
from models.architectures.registry import HARDWARE
from models.files.load import save_model
from models.files.meaning import Meaning
from models.metrics.taggers import softmax
from models.settings import ModelSettings, TrainSettings
from models.training import lessons, taggers, tagging, teachers
from models.training import network as training
from models.training.batches import Feed
from models.training.teacher_settings import TeacherSettings, TeacherTopology

SHAPE = (8, 8, 1)


@pytest.fixture(autouse=True)
def deterministic(train_settings: TrainSettings) -> None:
    training.prepare(train_settings)


def _silent(title: str, jets: int) -> Any:
    return nullcontext(lambda done: None)


def _taught_by(settings: TrainSettings, **teacher: Any) -> TrainSettings:
    return settings.model_copy(update={"teacher": TeacherSettings.model_validate(teacher)})


def _weights(trained: Any) -> list[np.ndarray[Any, Any]]:
    return [weight for each in trained for weight in each.model.get_weights()]


def _same(one: Any, other: Any) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(_weights(one), _weights(other), strict=True))


def test_cross_entropy_of_the_mixed_target(rng: np.random.Generator) -> None:
    """That of (1 - w) label + w score, written out; the watched figure is that of the label alone."""
    aim = lessons.taught(tagging.OBJECTIVE, 0.7)
    label, score = rng.integers(0, 3, 20).astype(np.uint8), softmax(rng.normal(0, 1, (20, 3)))
    logits = rng.normal(0, 2, (20, 3)).astype(np.float32)
    (both,) = aim.joined((label,), (score.astype(np.float32),))
    target = 0.3 * np.eye(3)[label] + 0.7 * score
    expected = -(target * np.log(softmax(logits))).sum(axis=1)
    np.testing.assert_allclose(aim.losses[0](tf.constant(both), tf.constant(logits)), expected, rtol=1e-5)  # float32
    metric = aim.watched()
    metric.update_state(both, logits)
    assert float(metric.result()) == pytest.approx(np.mean(logits.argmax(axis=1) == label))


def test_scores_are_the_mean_and_stand_beside_their_jets(
    dataset: ImageDataset, model_settings: ModelSettings, tmp_path: Path
) -> None:
    """Shuffled or not; they are made once and read from the folder the next time."""
    networks = []
    for seed in (1, 2):
        keras.utils.set_random_seed(seed)
        networks.append(separable_network.build(model_settings, SHAPE, 2))
    wanted = TeacherSettings(weight=0.5, networks=2)
    found = teachers.lessons(networks, wanted, dataset, tagging.OBJECTIVE, tmp_path)
    split = dataset.split("train")
    for seed in (None, 5):
        feed = Feed(split, 64, objective=found.objective, scores=found.scores["train"])
        for images, both, _ in feed.dataset(SHAPE, seed):
            mean = sum(softmax(network(images).numpy()) for network in networks) / 2
            np.testing.assert_allclose(both[:, 1:], mean, rtol=1e-4, atol=1e-6)  # batches of another size
        batches = zip(feed.dataset(SHAPE, seed), split.batches(64, seed), strict=True)
        assert all(np.array_equal(both[:, 0], batch.label) for (_, both, _), batch in batches)
    again = teachers.lessons([], wanted, dataset, tagging.OBJECTIVE, tmp_path)
    np.testing.assert_array_equal(again.scores["validation"][0], found.scores["validation"][0])


def test_weight_0_is_no_teacher_and_a_stop_changes_nothing(
    dataset: ImageDataset, model_settings: ModelSettings, train_settings: TrainSettings, tmp_path: Path
) -> None:
    one = {"epochs": 1, "learning_rate": 0.02}
    short = TrainSettings.model_validate(
        train_settings.model_dump() | {"float_training": one, "quantized_training": one}
    )

    def train(name: str, settings: TrainSettings) -> Any:
        (tmp_path / name).mkdir(exist_ok=True)
        return taggers.train_networks(dataset, model_settings, settings, tmp_path / name, _silent, only={HARDWARE})

    without = train("without", short)
    assert _same(without, train("zero", _taught_by(short, weight=0.0, networks=2)))
    larger = {"blocks": [{"filters": 6}, {"filters": 5, "convolution": "separable"}], "dense": [12]}
    how = _taught_by(short, weight=0.7, own=["float_separable"], networks=1, topology=larger, training=one)
    taught = train("taught", how)
    assert _same(taught[:1], without[:1])
    assert not _same(taught[1:], without[1:])
    (tmp_path / "taught" / "model.npz").unlink()
    assert _same(taught, train("taught", how))


def test_teachers_from_files(
    dataset: ImageDataset, model_settings: ModelSettings, train_settings: TrainSettings, tmp_path: Path
) -> None:
    keras.utils.set_random_seed(4)
    network = separable_network.build(model_settings, SHAPE, 2)
    save_model(network, tmp_path / "float.h5")
    meaning = Meaning.of_training(dataset.metadata, model_settings)
    meaning.save(tmp_path / "meaning.json")
    wanted = TeacherSettings(weight=0.5, files=(tmp_path / "float.h5",))
    (found,) = teachers.from_files(wanted, model_settings, dataset, network)
    np.testing.assert_array_equal(found.get_weights()[0], network.get_weights()[0])
    with pytest.raises(TrainingSettingsError, match=r"'teacher.files': inputs and outputs of .*float.h5 are"):
        teachers.from_files(wanted, model_settings, dataset, separable_network.build(model_settings, SHAPE, 3))
    regression = model_settings.model_copy(update={"task": "regression"})
    with pytest.raises(TrainingSettingsError, match="was trained for something else"):
        teachers.from_files(wanted, regression, dataset, network)
    wider = dataset.metadata.grid.model_copy(update={"half_width": 0.5})
    other = meaning.model_copy(update={"images": dataset.metadata.model_copy(update={"grid": wider})})
    other.save(tmp_path / "meaning.json")
    with pytest.raises(InputFileError, match="half_width"):
        teachers.from_files(wanted, model_settings, dataset, network)


def test_unknown_teachers_are_named_before_anything_is_trained(
    dataset: ImageDataset, model_settings: ModelSettings, train_settings: TrainSettings, tmp_path: Path
) -> None:
    for teacher, reason in (
        ({"own": ["float_unet"]}, "'teacher.own' names 'float_unet'.*float_standard, float_separable"),
        ({"networks": 1, "topology": {"widths": [4]}}, "'teacher.topology' is not that of .*'task: classification'"),
    ):
        how = _taught_by(train_settings, weight=0.5, **teacher)
        with pytest.raises(TrainingSettingsError, match=reason):
            taggers.train_networks(dataset, model_settings, how, tmp_path, _silent)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ({"weight": 1.1, "networks": 1}, "less than or equal to 1"),
        ({"weight": 0.5}, "nobody teaches"),
        ({"weight": 0.5, "own": ["float_standard"], "topology": {"widths": [4]}}, "are for 'networks'"),
    ],
)
def test_bad_settings_are_refused(content: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        TeacherSettings.model_validate(content)


def test_a_topology_is_for_jets_or_for_events() -> None:
    for content in ({}, {"widths": [4], "blocks": [{"filters": 2}]}, {"widths": [4], "dense": [3]}):
        with pytest.raises(ValidationError, match="give 'blocks' and 'dense'"):
            TeacherTopology.model_validate(content)
