"""The baseline of trees: its observables, and that it learns from them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from data_prep.dataset import ImageDataset
from models import trees
from models.metrics import performance
from models.scores import truth
from models.settings import TreesSettings


def test_observables_by_hand(make_images: Any) -> None:
    """Three jets: a full one, one of two constituents (tau2 = 0), one of a single constituent (tau1 = 0)."""
    batch = make_images(3, 1)
    features = {
        "jet_sdmass": [80.4, 10.0, 0.0],
        "jet_tau1": [0.4, 0.1, 0.0],
        "jet_tau2": [0.1, 0.0, 0.0],
        "jet_tau3": [0.05, 0.0, 0.0],
        "jet_multiplicity": [40, 2, 1],
        "jet_pt": [600, 550, 500],
    }
    columns = {name: np.array(values, np.float32) for name, values in features.items()}
    found = trees.observables(replace(batch, features=batch.features | columns))
    assert trees.OBSERVABLES == ("soft-drop mass", "tau21", "tau32", "multiplicity", "pT")
    expected = [[80.4, 0.25, 0.5, 40, 600], [10, 0, np.nan, 2, 550], [0, np.nan, np.nan, 1, 500]]
    np.testing.assert_allclose(found, np.array(expected, np.float32), rtol=1e-6)


def test_trees_learn_the_mass(dataset: ImageDataset) -> None:
    """The mass of class t is 20 GeV higher at a spread of 30 GeV: the best AUC is Phi(20 / (30 sqrt 2)) = 0.68."""
    label, weight = truth(dataset, "test")
    settings = TreesSettings(iterations=40, leaves=4, learning_rate=0.2, patience=5)
    baseline = trees.train_trees(dataset, settings, seed=1)
    found = performance(trees.predict_trees(baseline, dataset, "test"), label, dataset.classes, weight)
    assert found.macro_auc is not None
    assert 0.6 < found.macro_auc < 0.76


def test_same_seed_same_trees(dataset: ImageDataset) -> None:
    settings = TreesSettings(iterations=5)
    first, second = (trees.predict_trees(trees.train_trees(dataset, settings, 3), dataset, "test") for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_observables_that_the_files_did_not_hold(make_images: Any, write_dataset: Any, tmp_path: Any) -> None:
    """A reader without subjettiness gives NaN: the trees live on the rest."""
    batch = make_images(200, 1)
    without = {name: np.full(200, np.nan, np.float32) for name in ("jet_tau1", "jet_tau2", "jet_tau3")}
    batch = replace(batch, features=batch.features | without)
    dataset = write_dataset(tmp_path / "20_images", dict.fromkeys(("train", "validation", "test"), batch))
    baseline = trees.train_trees(dataset, TreesSettings(iterations=5), 1)
    scores = trees.predict_trees(baseline, dataset, "test")
    assert np.isfinite(scores).all()
