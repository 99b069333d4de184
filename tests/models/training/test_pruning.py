"""Pruning: the published schedule, zeros that stay, a stopped training that ends to the bit as one that ran through."""

from __future__ import annotations

import doctest
import shutil
from contextlib import nullcontext
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError
from tensorflow import keras

from data_prep.errors import TrainingSettingsError
from data_prep.store.jet_images import ImageDataset
from hls_projects.lowering.lower import lower
from hls_projects.lowering.types import prove_network
from models.architectures import quantized_network
from models.architectures.registry import HARDWARE
from models.cost.model_arithmetic import count
from models.settings import ModelSettings, PhaseSettings, TrainSettings
from models.training import network as training
from models.training import pruning, taggers
from models.training.pruning_settings import PruningSettings
from tests.models.symmetric_settings import built, settings_of

SHAPE = (8, 8, 1)
PHASE = PhaseSettings(epochs=5, learning_rate=0.02, patience=2)  # 10 steps an epoch
HALF = PruningSettings(sparsity=0.5, begin=0.1, end=0.7, every=3)

KERNELS = {"block1": 2, "dense1": 1, "logits": 1}


@pytest.fixture(autouse=True)
def deterministic(train_settings: TrainSettings) -> None:
    training.prepare(train_settings)


@pytest.fixture
def model_settings(model_content: dict[str, Any]) -> ModelSettings:
    """A separable convolution and two dense layers."""
    return ModelSettings.model_validate(model_content | {"blocks": model_content["blocks"][:1]})


def _network(settings: ModelSettings, seed: int = 1) -> keras.Model:
    keras.utils.set_random_seed(seed)
    return quantized_network.build(settings, SHAPE, 2)


def _kernels(model: keras.Model) -> dict[str, list[Any]]:
    return pruning.trained_kernels(model)


def test_doctests() -> None:
    assert doctest.testmod(pruning).failed == 0


def test_schedule_is_equation_1() -> None:
    """s_t = s_f + (s_i - s_f) (1 - (t - t_0) / (n Δt))³ at t_0, t_0 + Δt, …, and no pruning between (1710.01878)."""
    found = pruning.schedule(PruningSettings(sparsity=0.8, begin=0.25, end=0.75, every=7), 100)
    due = [step for step in range(1, 101) if found(step)[0]]
    assert due == [25, 32, 39, 46, 53, 60, 67, 74]
    expected = [0.8 + (0 - 0.8) * (1 - (step - 25) / 49) ** 3 for step in due]
    np.testing.assert_allclose([found(step)[1] for step in due], expected, rtol=1e-6, atol=1e-7)  # float32


@pytest.mark.parametrize(("begin", "end", "steps"), [(0, 1, 1), (0.1, 0.2, 2), (0.9, 1, 7), (0.0, 0.05, 30)])
def test_all_is_pruned_in_however_few_steps(begin: float, end: float, steps: int) -> None:
    found = pruning.schedule(PruningSettings(sparsity=0.5, begin=begin, end=end), steps)
    last = int(found.end_step)
    assert 1 <= last <= steps
    assert found(last)[0]
    assert found(last)[1] == 0.5


def test_smallest_weights_are_zero_and_stay_it_through_a_stop(
    dataset: ImageDataset, model_settings: ModelSettings, train_settings: TrainSettings, tmp_path: Path
) -> None:
    """Half of every kernel; stopped in the middle of pruning and started again it ends the same, to the bit."""
    through = _network(model_settings)
    patterns: list[list[np.ndarray]] = []
    state = tmp_path / "b.npz"

    def look(jets: int) -> None:
        if len(patterns) == 25:  # in the third epoch: what a killed process would leave
            shutil.copy(tmp_path / "a.npz", state)
        patterns.append([kernel.numpy() != 0 for found in _kernels(through).values() for kernel in found])

    expected = training.train(through, dataset, PHASE, train_settings, tmp_path / "a.npz", look, pruning=HALF)
    kernels = [kernel.numpy() for found in _kernels(through).values() for kernel in found]
    assert {name: len(found) for name, found in _kernels(through).items()} == KERNELS
    assert [int((kernel == 0).sum()) for kernel in kernels] == [int(np.rint(0.5 * kernel.size)) for kernel in kernels]
    for before, after in pairwise(patterns[1:]):
        assert all((now <= then).all() for then, now in zip(before, after, strict=True)), "one came back"
    assert expected.sparsity == sorted(expected.sparsity)
    assert expected.best_epoch >= 3, "kept from before everything was pruned"

    resumed = _network(model_settings, seed=99)  # its own weights must not matter
    counted: list[int] = []
    found = training.train(resumed, dataset, PHASE, train_settings, state, counted.append, pruning=HALF)
    assert counted[0] == 2 * 600
    assert found == expected
    for left, right in zip(resumed.get_weights(), through.get_weights(), strict=True):
        np.testing.assert_array_equal(left, right)

    weights = prove_network(lower(through)).weights
    lowered = [weights[name].kernel for name in weights]
    for integers, kernel in zip(lowered, kernels, strict=True):
        assert not integers.reshape(kernel.shape)[kernel == 0].any()
        assert integers.any()


def test_named_layers_alone_and_only_the_quantized_network(
    dataset: ImageDataset, model_settings: ModelSettings, train_settings: TrainSettings, tmp_path: Path
) -> None:
    wanted = PruningSettings(sparsity=0.75, begin=0, end=0.5, layers=("dense1",))
    settings = train_settings.model_copy(update={"pruning": wanted})
    trained = taggers.train_networks(dataset, model_settings, settings, tmp_path, _silent, only={HARDWARE})
    by_name = {each.network.name: each for each in trained}
    assert set(by_name["float_separable"].history.sparsity) == {0.0}
    dense = by_name[HARDWARE].model.get_layer("dense1").kernel.numpy()
    assert (dense == 0).sum() == np.rint(0.75 * dense.size)
    assert by_name[HARDWARE].model.get_layer("block1").pointwise_kernel.numpy().all()
    layer = next(each for each in by_name[HARDWARE].arithmetic.layers if each.name == "dense1")
    assert layer.weights.nonzero == layer.nonzero_multiplications <= dense.size - (dense == 0).sum()
    assert by_name[HARDWARE].arithmetic.as_json()["total"]["nonzero_weights"] < trained[0].arithmetic.weights.all


@pytest.mark.parametrize(("word", "convolution"), [("p4", "full"), ("views", "separable")])
def test_multiplications_by_weights_that_are_not_0(word: str, convolution: str) -> None:
    """Of layers with a symmetry too: those of the lowered kernels, counted one by one."""
    model = built(settings_of(word, convolution=convolution))
    for kernels in pruning.trained_kernels(model).values():
        for kernel in kernels:
            kernel.assign(np.where(pruning.largest(kernel, 0.5), kernel, 0))
    found = {layer.name: layer for layer in count(model).layers if layer.weights.all}
    assert found.keys() == pruning.trained_kernels(model).keys()
    network = prove_network(lower(model))
    counted = dict.fromkeys(found, 0)
    for layer in network.graph.layers:
        if layer.source in found and layer.name in network.weights:
            places = int(np.prod(layer.shape)) // layer.shape[-1]
            counted[layer.source] += places * int(np.count_nonzero(network.weights[layer.name].kernel))
    assert {name: layer.nonzero_multiplications for name, layer in found.items()} == counted
    assert all(layer.nonzero_multiplications < layer.cost.multiplications for layer in found.values())


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ({"sparsity": 1}, "less than 1"),
        ({"sparsity": -0.1}, "greater than or equal to 0"),
        ({"sparsity": 0.5, "begin": 0.7, "end": 0.2}, "'begin' must be below 'end'"),
        ({"sparsity": 0.5, "layers": []}, "at least 1"),
        ({"sparsity": 0.5, "layers": "some"}, "all"),
    ],
)
def test_bad_settings_are_refused(content: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        PruningSettings.model_validate(content)


def test_a_layer_that_is_not_there_is_named_before_anything_is_trained(
    dataset: ImageDataset, model_settings: ModelSettings, train_settings: TrainSettings, tmp_path: Path
) -> None:
    wanted = PruningSettings(sparsity=0.5, layers=("block1", "block2"))
    settings = train_settings.model_copy(update={"pruning": wanted})
    message = "train.yaml: 'pruning.layers': the network has no layer 'block2' .*block1, dense1, logits"
    with pytest.raises(TrainingSettingsError, match=message):
        taggers.train_networks(dataset, model_settings, settings, tmp_path, _silent)
    assert not list(tmp_path.iterdir())


def _silent(title: str, jets: int) -> Any:
    return nullcontext(lambda done: None)
