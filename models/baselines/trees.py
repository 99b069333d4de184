"""The baseline: gradient-boosted trees on observables that physicists made by hand (`tree_inputs`).

A jet-image network that does not beat them has learned nothing that was not known. Source of the method: J. Friedman,
Ann. Statist. 29 (2001) 1189.
"""

from __future__ import annotations

from itertools import islice

import numpy as np
import numpy.typing as npt
from sklearn.ensemble import HistGradientBoostingClassifier

from data_prep.store.jet_images import ImageDataset
from models.baselines.tree_inputs import Set, load_inputs
from models.settings import TreesSettings


def train_trees(dataset: ImageDataset, of: Set, settings: TreesSettings, seed: int) -> HistGradientBoostingClassifier:
    """Fit the trees on `train`; boosting stops when the loss on `validation` has not fallen for a while."""
    values, label, weight = load_inputs(dataset, "train", of)
    values_v, label_v, weight_v = load_inputs(dataset, "validation", of)
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
    trees: HistGradientBoostingClassifier, dataset: ImageDataset, of: Set, split: str
) -> npt.NDArray[np.float32]:
    """Scores float32 [jets, classes] of a split in its order, of the rounds up to the best one on `validation`."""
    values, best = load_inputs(dataset, split, of)[0], max(int(np.argmax(trees.validation_score_)), 1)
    scores: npt.NDArray[np.float32] = next(islice(trees.staged_predict_proba(values), best - 1, None)).astype(
        np.float32
    )
    return scores
