"""Networks trained in turn: which initial weights a float network goes on from, and that a stop changes nothing."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from data_prep.store.jet_images import ImageDataset
from models.architectures.registry import HARDWARE
from models.settings import ModelSettings, TrainSettings
from models.training import network as training
from models.training import taggers

FLOAT = "float_separable"


@pytest.fixture
def several(train_settings: TrainSettings) -> TrainSettings:
    """Three initial networks of each float one."""
    floats = train_settings.float_training.model_copy(update={"starts": 3})
    return train_settings.model_copy(update={"float_training": floats})


def _silent(title: str, jets: int) -> Any:
    return nullcontext(lambda done: None)


def test_the_best_of_several_goes_on(
    dataset: ImageDataset,
    model_settings: ModelSettings,
    several: TrainSettings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """That with the smallest validation loss after an epoch; the quantized network starts from its end alone."""
    begun: dict[str, list[Any]] = {}
    ended: dict[str, list[Any]] = {}
    loss: dict[str, float] = {}
    train = training.train

    def noted(model: Any, images: Any, phase: Any, settings: Any, checkpoint: Path, *rest: Any, **how: Any) -> Any:
        begun[checkpoint.stem] = model.get_weights()
        history = train(model, images, phase, settings, checkpoint, *rest, **how)
        ended[checkpoint.stem], loss[checkpoint.stem] = model.get_weights(), history.val_loss[-1]
        if "start" in checkpoint.stem:
            assert history.epochs == 1
        return history

    monkeypatch.setattr(training, "train", noted)
    taggers.train_networks(dataset, model_settings, several, tmp_path, _silent, only={HARDWARE})
    starts = [f"{FLOAT}_start_{number}" for number in range(3)]
    assert sorted(begun) == sorted([*starts, FLOAT, HARDWARE])
    assert len({begun[name][0].tobytes() for name in starts}) == 3, "different initial weights"
    best = min(starts, key=loss.__getitem__)
    for one, other in zip(begun[FLOAT], ended[best], strict=True):
        np.testing.assert_array_equal(one, other)
    for one, other in zip(begun[HARDWARE], ended[FLOAT], strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_stop_among_the_starts_changes_nothing(
    dataset: ImageDataset, model_settings: ModelSettings, several: TrainSettings, tmp_path: Path
) -> None:
    class StopError(Exception):
        """Ctrl-C, say."""

    def weights(work: Path) -> list[Any]:
        work.mkdir(exist_ok=True)
        trained = taggers.train_networks(dataset, model_settings, several, work, _silent, only={FLOAT})
        return list(trained[-1].model.get_weights())

    def stopping(title: str, jets: int) -> Any:
        steps: list[int] = []

        def advance(done: int) -> None:
            steps.append(done)
            if sum(steps) > 1.5 * dataset.split("train").rows:
                raise StopError

        return nullcontext(advance)

    stopped = tmp_path / "stopped"
    stopped.mkdir()
    with pytest.raises(StopError):
        taggers.train_networks(dataset, model_settings, several, stopped, stopping, only={FLOAT})
    assert [path.stem for path in stopped.iterdir()] == [f"{FLOAT}_start_0"], "stopped in the second"
    for one, other in zip(weights(stopped), weights(tmp_path / "through"), strict=True):
        np.testing.assert_array_equal(one, other)
