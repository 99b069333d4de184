"""The taggers beside their baselines on the same test jets."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from data_prep.errors import TrainingSettingsError
from data_prep.observables.columns import Observables
from data_prep.store.jet_images import ImageDataset
from models.settings import ModelSettings, TrainSettings
from models.training.taggers import TREES, TREES_SEEN, compare, train_networks


@contextmanager
def silent(title: str, jets: int) -> Iterator[Callable[[int], None]]:
    yield lambda _: None


def test_both_baselines_where_the_network_sees_less(dataset: ImageDataset, train_settings: TrainSettings) -> None:
    found = compare(dataset, [], train_settings, silent)
    assert set(found.scores) == {TREES, TREES_SEEN}
    # of what is seen the mass is smeared
    assert found.macro_auc(TREES) > found.macro_auc(TREES_SEEN)
    assert found.beats_trees == {}


def test_one_baseline_where_the_network_sees_all(
    make_images: Any, write_dataset: Any, train_settings: TrainSettings, tmp_path: Path
) -> None:
    images = make_images(200, 1)
    images = replace(images, observables=Observables(images.observables.all, images.observables.all))
    dataset = write_dataset(tmp_path / "20_images", dict.fromkeys(("train", "validation", "test"), images))
    assert set(compare(dataset, [], train_settings, silent).scores) == {TREES}


def test_no_baseline_without_observables(
    make_images: Any, write_dataset: Any, train_settings: TrainSettings, tmp_path: Path
) -> None:
    images = make_images(50, 1)
    splits = dict.fromkeys(("train", "validation", "test"), images)
    dataset = write_dataset(tmp_path / "20_images", splits, observables=False)
    found = compare(dataset, [], train_settings, silent)
    assert found.scores == {}
    np.testing.assert_array_equal(found.label, images.label)


@pytest.mark.parametrize(
    ("against", "reason"),
    [(("q", "gluon"), "'gluon', which is no class of the images"), (("q", "t"), "names all classes")],
)
def test_a_background_that_is_none_is_refused_before_the_training(
    against: tuple[str, ...],
    reason: str,
    dataset: ImageDataset,
    model_settings: ModelSettings,
    train_settings: TrainSettings,
    tmp_path: Path,
) -> None:
    settings = train_settings.model_copy(update={"against": against})
    with pytest.raises(TrainingSettingsError, match=reason):
        train_networks(dataset, model_settings, settings, tmp_path, silent)
