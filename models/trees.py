"""The baseline: gradient-boosted trees on observables that physicists made by hand.

A jet-image network that does not beat them has learned nothing that was not known. Source of the method: J. Friedman,
Ann. Statist. 29 (2001) 1189; of the observables: soft drop, arXiv:1402.2657; N-subjettiness, arXiv:1011.2268.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from sklearn.ensemble import HistGradientBoostingClassifier

from data_prep.dataset import ImageDataset
from data_prep.image_batch import ImageBatch
from models.settings import TreesSettings

OBSERVABLES = ("soft-drop mass", "tau21", "tau32", "multiplicity", "pT")


def observables(batch: ImageBatch) -> npt.NDArray[np.float32]:
    """float32 [jets, 5], in the order of `OBSERVABLES`; masses and momenta in GeV.

    A ratio of subjettinesses whose denominator is 0 (a jet of one or two constituents) is undefined and becomes NaN,
    which the trees treat as missing. So does an observable that the input files did not hold.
    """
    features = batch.features
    columns = (
        features["jet_sdmass"],
        _ratio(features["jet_tau2"], features["jet_tau1"]),
        _ratio(features["jet_tau3"], features["jet_tau2"]),
        features["jet_multiplicity"],
        features["jet_pt"],
    )
    return np.stack(columns, axis=1).astype(np.float32)


def train_trees(dataset: ImageDataset, settings: TreesSettings, seed: int) -> HistGradientBoostingClassifier:
    """Fit the trees on `train`; boosting stops on the loss on `validation`."""
    values, label, weight = _load(dataset, "train")
    values_v, label_v, weight_v = _load(dataset, "validation")
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


def predict_trees(trees: HistGradientBoostingClassifier, dataset: ImageDataset, split: str) -> npt.NDArray[np.float32]:
    """Scores float32 [jets, classes] of a split in its order."""
    scores: npt.NDArray[np.float32] = trees.predict_proba(_load(dataset, split)[0]).astype(np.float32)
    return scores


def _load(
    dataset: ImageDataset, split: str
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.uint8], npt.NDArray[np.float32]]:
    batches = [(observables(batch), batch.label, batch.weight) for batch in dataset.split(split).batches(1 << 16)]
    values, label, weight = (np.concatenate(column) for column in zip(*batches, strict=True))
    # scikit-learn cannot bin a column of missing values alone; a constant one is never split on.
    values[:, np.isnan(values).all(axis=0)] = 0
    return values, label, weight


def _ratio(above: npt.NDArray[np.float32], below: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    undefined = np.full(below.shape, np.nan, np.float32)
    return np.divide(above, below, out=undefined, where=below > 0)
