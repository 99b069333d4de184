"""Training: deterministic, resumes exactly, stops early, names what is wrong with the data."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tensorflow import keras

from data_prep.errors import InputFileError, PipelineError, TrainingSettingsError
from data_prep.images.augment import AugmentationSettings
from data_prep.store.jet_images import ImageDataset, ImageDescription, open_dataset
from data_prep.store.jet_images_writer import DatasetWriter
from data_prep.store.split import SPLITS
from models.architectures import quantized_network, separable_network
from models.settings import ModelSettings, PhaseSettings, TrainSettings
from models.training import network as training
from models.training.batches import Feed, survey

SHAPE = (8, 8, 1)


@pytest.fixture(autouse=True)
def deterministic(train_settings: TrainSettings) -> None:
    training.prepare(train_settings)


class StopError(Exception):
    """Stands for Ctrl-C or a killed process."""


def _network(settings: ModelSettings, seed: int = 1) -> keras.Model:
    keras.utils.set_random_seed(seed)
    return separable_network.build(settings, SHAPE, 2)


def _phase(**changes: Any) -> PhaseSettings:
    return PhaseSettings.model_validate({"epochs": 4, "learning_rate": 0.02} | changes)


def _assert_same_weights(a: keras.Model, b: keras.Model) -> None:
    for left, right in zip(a.get_weights(), b.get_weights(), strict=True):
        np.testing.assert_array_equal(left, right)


def test_it_learns(
    dataset: ImageDataset, model_settings: ModelSettings, train_settings: TrainSettings, tmp_path: Path
) -> None:
    model = _network(model_settings)
    history = training.train(model, dataset, _phase(epochs=8), train_settings, tmp_path / "state.npz")
    assert history.val_loss[history.best_epoch] < 0.6 < history.loss[0]
    assert history.val_accuracy[history.best_epoch] > 0.7


def test_a_stopped_training_ends_as_one_that_ran_through(
    dataset: ImageDataset,
    model_settings: ModelSettings,
    train_settings: TrainSettings,
    tmp_path: Path,
) -> None:
    through = _network(model_settings)
    expected = training.train(through, dataset, _phase(), train_settings, tmp_path / "through.npz")

    stopped = _network(model_settings)
    steps = 0

    def stop_in_the_third_epoch(jets: int) -> None:
        nonlocal steps
        steps += jets
        if steps > 1400:
            raise StopError

    with pytest.raises(StopError):
        training.train(stopped, dataset, _phase(), train_settings, tmp_path / "state.npz", stop_in_the_third_epoch)

    resumed = _network(model_settings, seed=99)  # its own weights must not matter
    counted: list[int] = []
    found = training.train(resumed, dataset, _phase(), train_settings, tmp_path / "state.npz", counted.append)
    assert counted[0] == 2 * 600  # two whole epochs were not done again
    assert found == expected
    _assert_same_weights(resumed, through)


def test_a_finished_training_is_not_done_again(
    dataset: ImageDataset, model_settings: ModelSettings, train_settings: TrainSettings, tmp_path: Path
) -> None:
    first, second = _network(model_settings), _network(model_settings, seed=99)
    state = tmp_path / "state.npz"
    training.train(first, dataset, _phase(epochs=2), train_settings, state)
    counted: list[int] = []
    training.train(second, dataset, _phase(epochs=2), train_settings, state, counted.append)
    assert counted == [1200]
    _assert_same_weights(first, second)


def test_seed_decides(
    dataset: ImageDataset, model_settings: ModelSettings, train_settings: TrainSettings, tmp_path: Path
) -> None:
    same, other = _network(model_settings), _network(model_settings)
    training.train(same, dataset, _phase(epochs=1), train_settings, tmp_path / "a.npz")
    changed = train_settings.model_copy(update={"seed": 8})
    training.train(other, dataset, _phase(epochs=1), changed, tmp_path / "b.npz")
    assert not np.array_equal(same.get_weights()[0], other.get_weights()[0])


def test_early_stopping_keeps_the_best_epoch(
    dataset: ImageDataset, model_settings: ModelSettings, train_settings: TrainSettings, tmp_path: Path
) -> None:
    """A learning rate that grows the loss: patience 2 ends it, and the weights are those of the best epoch."""
    model = _network(model_settings)
    phase = _phase(epochs=40, learning_rate=0.9, patience=2, warm_up=0)
    history = training.train(model, dataset, phase, train_settings, tmp_path / "state.npz")
    assert history.epochs < 40
    assert history.epochs - 1 - history.best_epoch == 2
    assert history.val_loss[history.best_epoch] == min(history.val_loss)
    judge = Feed(dataset.split("validation"), 512, 1 / survey(dataset, "validation").mean_weight)
    loss = model.evaluate(judge.dataset(SHAPE), return_dict=True, verbose=0)["loss"]
    assert loss == pytest.approx(min(history.val_loss), rel=1e-6)


def test_divergence_is_named(
    dataset: ImageDataset, model_settings: ModelSettings, train_settings: TrainSettings, tmp_path: Path
) -> None:
    model = _network(model_settings)
    model.set_weights([np.full_like(weight, 1e30) for weight in model.get_weights()])
    with pytest.raises(PipelineError, match="diverged in epoch 1.*lower learning_rate"):
        training.train(model, dataset, _phase(), train_settings, tmp_path / "state.npz")


def test_learning_rate_warms_up_and_decays_as_a_cosine(
    dataset: ImageDataset, model_settings: ModelSettings, train_settings: TrainSettings, tmp_path: Path
) -> None:
    """10 steps an epoch: linear from 0 over the first, then r (1 + cos(pi k / 30)) / 2 for k = 9, 19, 29."""
    phase = _phase(epochs=4, warm_up=0.25, learning_rate=0.01)
    history = training.train(_network(model_settings), dataset, phase, train_settings, tmp_path / "state.npz")
    assert history.learning_rate == pytest.approx([0.009, 0.00793893, 0.00296632, 0.0000273905], rel=1e-5)


def test_warm_start_copies_every_weight(model_settings: ModelSettings) -> None:
    source = _network(model_settings)
    model = quantized_network.build(model_settings, SHAPE, 2)
    training.warm_start(model, source)
    _assert_same_weights(model, source)


def test_warm_start_needs_a_namesake(model_settings: ModelSettings) -> None:
    source = keras.Sequential([keras.layers.Dense(2, input_shape=(3,), name="other")])
    with pytest.raises(ValueError, match="'block1' is not in the network to start from"):
        training.warm_start(quantized_network.build(model_settings, SHAPE, 2), source)


def test_feed_is_the_dataset(dataset: ImageDataset) -> None:
    """Every jet once, dense images and scaled weights, in the order of the seed."""
    split = dataset.split("train")
    arrays = [list(column) for column in zip(*Feed(split, 64, 2.0).dataset(SHAPE, 5), strict=True)]
    images, label, weight = (np.concatenate([part.numpy() for part in column]) for column in arrays)
    expected = next(iter(split.batches(600, 5)))
    np.testing.assert_array_equal(images, expected.dense())
    np.testing.assert_array_equal(label, expected.label)
    np.testing.assert_array_equal(weight, 2 * expected.weight)
    assert [len(part) for part in arrays[0]] == [64] * 9 + [24]


def test_augmented_images_are_turned_ones(dataset: ImageDataset) -> None:
    """Each is one of the four turns of what it was, by the seed of the epoch; a pass without seed changes nothing."""
    split = dataset.split("train")
    feed = Feed(split, 64, augmentation=AugmentationSettings(rotation="lattice"))

    def images(seed: int | None) -> Any:
        return np.concatenate([part[0].numpy() for part in feed.dataset(SHAPE, seed)])

    plain = next(iter(split.batches(600, 5))).dense()
    once = images(5)
    turns = np.stack([np.rot90(plain, turn, axes=(1, 2)) for turn in range(4)])
    same = (turns == once).all(axis=(2, 3, 4))
    assert same.any(axis=0).all()
    assert (same.sum(axis=1) > 100).all()
    np.testing.assert_array_equal(images(5), once)
    np.testing.assert_array_equal(images(None), next(iter(split.batches(600))).dense())


def test_augmentation_on_towers_is_refused(make_images: Any, tmp_path: Path) -> None:
    grid = {"kind": "towers", "rows": SHAPE[0], "columns": SHAPE[1]}
    description = ImageDescription.model_validate({"classes": ("q", "t"), "grid": grid, "steps": []})
    with DatasetWriter(tmp_path, description) as writer:
        for name in SPLITS:
            writer.append(name, make_images(10, 1))
    with pytest.raises(TrainingSettingsError, match=r"train\.yaml: 'augmentation': .* absolute η and φ"):
        Feed(open_dataset(tmp_path).split("train"), 64, augmentation=AugmentationSettings(rotation="any"))


def test_survey(dataset: ImageDataset) -> None:
    batch = next(dataset.split("train").batches(600))
    found = survey(dataset, "train")
    assert found.jets == (int((batch.label == 0).sum()), int((batch.label == 1).sum()))
    assert found.mean_weight == pytest.approx(batch.weight.mean(), rel=1e-6)


def test_class_without_jets_is_named(make_images: Any, write_dataset: Any, tmp_path: Path) -> None:
    only_q = make_images(50, 1, classes=1)
    dataset = write_dataset(tmp_path / "20_images", dict.fromkeys(SPLITS, only_q))
    with pytest.raises(InputFileError, match="20_images: the 'train' split has no jets of class 't'"):
        survey(dataset, "train")


@pytest.mark.parametrize(
    ("weight", "reason"), [(-1.0, "negative or infinite"), (np.inf, "negative or infinite"), (0.0, "are 0")]
)
def test_unusable_weights_are_named(
    make_images: Any, write_dataset: Any, tmp_path: Path, weight: float, reason: str
) -> None:
    batch = make_images(50, 1)
    broken = replace(batch, weight=np.full_like(batch.weight, weight))
    dataset = write_dataset(tmp_path / "20_images", dict.fromkeys(SPLITS, broken))
    with pytest.raises(InputFileError, match=reason):
        survey(dataset, "train")


def test_damaged_file_keeps_its_error(
    make_images: Any, write_dataset: Any, model_settings: ModelSettings, train_settings: TrainSettings, tmp_path: Path
) -> None:
    """TensorFlow reports errors of its input as its own; the user has to see the file and the remedy."""
    folder = tmp_path / "20_images"
    dataset = write_dataset(folder, dict.fromkeys(SPLITS, make_images(100, 1)))
    feed = Feed(dataset.split("train"), 10)
    file = next((folder / "train").glob("*.parquet"))
    damaged = bytearray(file.read_bytes())
    damaged[4:400] = bytes(396)
    file.write_bytes(damaged)
    with pytest.raises(Exception):  # noqa: B017 - whatever TensorFlow makes of it
        list(feed.dataset(SHAPE))
    with pytest.raises(InputFileError, match="part-00000.parquet"):
        feed.check()
