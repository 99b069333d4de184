"""The baseline of trees: that it learns from its observables, and always in the same way."""

from __future__ import annotations

import numpy as np

from data_prep.store.jet_images import ImageDataset
from models.baselines import trees
from models.metrics.taggers import performance
from models.settings import TreesSettings
from models.training.scores import truth


def test_trees_learn_the_mass(dataset: ImageDataset) -> None:
    """The mass of class t is 20 GeV higher at a spread of 30 GeV: the best AUC is Phi(20 / (30 sqrt 2)) = 0.68.

    What is seen is smeared by another 40 GeV, to a spread of 50 GeV: Phi(20 / (50 sqrt 2)) = 0.61.
    """
    label, weight = truth(dataset, "test")
    settings = TreesSettings(iterations=40, leaves=4, learning_rate=0.2, patience=5)
    macro_auc = {}
    for of in ("all", "seen"):
        baseline = trees.train_trees(dataset, of, settings, seed=1)
        scores = trees.predict_trees(baseline, dataset, of, "test")
        macro_auc[of] = performance(scores, label, dataset.classes, weight).macro_auc or 0
    assert 0.6 < macro_auc["all"] < 0.76
    assert 0.5 < macro_auc["seen"] < macro_auc["all"]


def test_same_seed_same_trees(dataset: ImageDataset) -> None:
    settings = TreesSettings(iterations=5)
    fits = [trees.train_trees(dataset, "all", settings, 3) for _ in range(2)]
    first, second = (trees.predict_trees(fitted, dataset, "all", "test") for fitted in fits)
    np.testing.assert_array_equal(first, second)
