"""Short trainings in memory: on the same jets, to the same weights, measured as the long ones are."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tensorflow import keras

from data_prep.errors import InputFileError, PipelineError
from data_prep.store.jet_images import ImageDataset
from models.architectures import quantized_network, separable_network
from models.layers.kernels import kernels
from models.metrics.bootstrap import macro_auc_replicas, value_with_error
from models.metrics.taggers import performance
from models.settings import ModelSettings, TrainSettings
from models.training import network as training
from models.training import tagging
from models.training.pruning_settings import PruningSettings
from models.training.scores import predict, truth
from models.training.short_training import Jets, Judge, choose_bits, fit, read_jets

layers = keras.layers


def network() -> keras.Model:
    keras.utils.set_random_seed(1)
    pixels = keras.Input((8, 8, 1), name="pixels")
    x = layers.ReLU()(layers.Dense(12, name="dense1")(layers.Flatten()(pixels)))
    return keras.Model(pixels, layers.Dense(2, name="logits")(x))


def train(jets: Jets, **options: Any) -> keras.Model:
    model = network()
    fit(model, jets, **{"epochs": 2, "learning_rate": 0.02, "batch": 50, "seed": 3} | options)
    return model


def test_the_same_jets_in_every_call(dataset: ImageDataset) -> None:
    some, again = (read_jets(dataset, "train", 100, 7) for _ in range(2))
    assert len(some) == 100
    np.testing.assert_array_equal(some.images.numpy(), again.images.numpy())
    whole = dataset.split("train").whole
    rows = [int(np.flatnonzero((whole.dense() == image).all(axis=(1, 2, 3)))[0]) for image in some.images.numpy()]
    assert rows == sorted(set(rows))
    np.testing.assert_array_equal(some.label, whole.label[rows])
    assert some.weight.mean() == pytest.approx(1, abs=1e-6)  # a float32 mean
    assert len(read_jets(dataset, "train", 10_000, 7)) == 600, "all, where there are no more"


def test_a_choice_without_a_class(dataset: ImageDataset) -> None:
    with pytest.raises(InputFileError, match="none of 1 jets of the 'train' split is of class"):
        read_jets(dataset, "train", 1, 7)


def test_it_learns_and_measures_what_the_long_way_measures(dataset: ImageDataset) -> None:
    jets, judge = read_jets(dataset, "train", 600, 1), read_jets(dataset, "validation", 200, 1)
    before = Judge(network(), judge).quality().macro_auc
    epochs: list[int] = []
    model = train(jets, epochs=4, after_epoch=epochs.append)
    assert epochs == [1, 2, 3, 4]
    found = Judge(model, judge).quality(replicas=20, seed=5)
    assert found.macro_auc > before + 0.1
    scores, (label, weight) = predict(model, dataset, "validation"), truth(dataset, "validation")
    whole = performance(scores, label, dataset.classes, weight)
    assert found.macro_auc == pytest.approx(whole.macro_auc, rel=1e-6)  # weights are scaled in float32
    assert found.accuracy == pytest.approx(whole.accuracy, rel=1e-6)
    rejections = [whole.rejection["0.5"][name].rejection or 0.0 for name in dataset.classes]
    assert found.rejection == pytest.approx(np.log(rejections).mean(), rel=1e-6)
    replicas = macro_auc_replicas({"": scores}, label, weight, 20, 5)[""]
    assert found.error == pytest.approx(value_with_error(replicas).error, rel=1e-4)


def test_the_same_seed_gives_the_same_weights(dataset: ImageDataset) -> None:
    jets = read_jets(dataset, "train", 300, 1)
    one, same, other = train(jets), train(jets), train(jets, seed=4)
    for first, second in zip(one.get_weights(), same.get_weights(), strict=True):
        np.testing.assert_array_equal(first, second)
    assert any((first != second).any() for first, second in zip(one.get_weights(), other.get_weights(), strict=True))


def test_who_is_asked_after_an_epoch_may_end_it(dataset: ImageDataset) -> None:
    class Enough(Exception):
        """A reason to end."""

    def stop(epoch: int) -> None:
        raise Enough

    with pytest.raises(Enough):
        train(read_jets(dataset, "train", 100, 7), after_epoch=stop)


def test_one_that_diverges(dataset: ImageDataset) -> None:
    """Whatever the network makes of them, jets of weight NaN have no finite loss."""
    jets = read_jets(dataset, "train", 100, 7)
    broken = Jets(jets.images, jets.label, jets.weight * np.float32(np.nan), jets.classes)
    with pytest.raises(PipelineError, match="diverged in epoch 1"):
        train(broken)


def test_what_is_pruned_is_0(dataset: ImageDataset) -> None:
    model = train(read_jets(dataset, "train", 300, 1), pruning=PruningSettings(sparsity=0.5, every=1))
    for name, weights in (("dense1", 64 * 12), ("logits", 12 * 2)):
        kernel = model.get_layer(name).get_weights()[0]
        assert (kernel == 0).sum() == weights // 2


def test_bits_by_channel_are_those_of_a_long_training(
    dataset: ImageDataset, model_content: dict[str, Any], train_settings: TrainSettings
) -> None:
    """The same float network on the same jets, all in one step, whatever their order."""
    blocks = [block | {"pointwise": {"bits": 6, "integer": 1, "mean_bits": 4}} for block in model_content["blocks"]]
    settings = ModelSettings.model_validate(model_content | {"blocks": blocks})
    keras.utils.set_random_seed(1)
    source = separable_network.build(settings, (8, 8, 1), 2)
    short, long = (quantized_network.build(settings, (8, 8, 1), 2) for _ in range(2))
    choose_bits(short, source, read_jets(dataset, "train", 600, 1), 600, train_settings.seed)
    whole = train_settings.model_copy(update={"batch": 600})
    training.choose_bits(long, source, dataset, whole, tagging.OBJECTIVE)
    found, wanted = (
        [kernels(model.get_layer(f"block{n}"))[-1].quantizer.by_channel for n in (1, 2)] for model in (short, long)
    )
    assert found == wanted
    assert [sum(bits) for bits in found] == [3 * 4, 4 * 4]
    assert len(set(found[0] + found[1])) > 1, "not the same for all"


def test_a_constant_is_told_from_a_network_that_hardly_learned(dataset: ImageDataset) -> None:
    judge, model = read_jets(dataset, "validation", 200, 1), network()
    assert not Judge(model, judge).quality().constant
    model.get_layer("logits").set_weights([np.zeros((12, 2)), np.array([0.3, -2])])
    found = Judge(model, judge).quality()
    assert found.constant
    assert found.macro_auc == 0.5
