"""The baseline: gradient-boosted trees on jet substructure observables (`tree_inputs`).

A jet-image network that is not better has learned nothing beyond these observables. Source of the method: J. Friedman,
Ann. Statist. 29 (2001) 1189.
"""

from __future__ import annotations

from itertools import islice

import numpy as np
import numpy.typing as npt
from sklearn.ensemble import HistGradientBoostingClassifier

from data_prep.store.jet_images import ImageDataset
from models.baselines.tree_inputs import ConstituentSet, load_inputs
from models.settings import TreesSettings

Inputs = tuple[npt.NDArray[np.float32], npt.NDArray[np.uint8], npt.NDArray[np.float32]]
"""Inputs [jets, inputs], labels [jets] and weights [jets]."""


def train_trees(
    dataset: ImageDataset, constituents: ConstituentSet, settings: TreesSettings, seed: int
) -> HistGradientBoostingClassifier:
    """Fit the trees on `train`; boosting stops after `patience` rounds without a lower loss on `validation`."""
    return fit(
        load_inputs(dataset, "train", constituents), load_inputs(dataset, "validation", constituents), settings, seed
    )


def fit(train: Inputs, validation: Inputs, settings: TreesSettings, seed: int) -> HistGradientBoostingClassifier:
    """Fit the trees on any inputs, see `train_trees`."""
    (values, label, weight), (values_v, label_v, weight_v) = train, validation
    trees = HistGradientBoostingClassifier(
        max_iter=settings.iterations,
        learning_rate=settings.learning_rate,
        max_leaf_nodes=settings.leaves,
        early_stopping=True,
        n_iter_no_change=settings.patience,
        random_state=seed,
    )
    scale = weight.mean(dtype=np.float64)
    trees.fit(values, label, weight / scale, X_val=values_v, y_val=label_v, sample_weight_val=weight_v / scale)
    return trees


def predict_trees(
    trees: HistGradientBoostingClassifier, dataset: ImageDataset, constituents: ConstituentSet, split: str
) -> npt.NDArray[np.float32]:
    """Scores float32 [jets, classes] of a split in its order, of the rounds up to the best one on `validation`."""
    return predict(trees, load_inputs(dataset, split, constituents)[0])


def predict(trees: HistGradientBoostingClassifier, values: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Scores float32 [jets, classes] of inputs [jets, inputs], see `predict_trees`."""
    best = max(int(np.argmax(trees.validation_score_)), 1)
    scores: npt.NDArray[np.float32] = next(islice(trees.staged_predict_proba(values), best - 1, None)).astype(
        np.float32
    )
    return scores
