"""The inputs of the boosted trees: jet substructure observables.

Sources: soft drop, arXiv:1402.2657; N-subjettiness, arXiv:1011.2268; angularities, arXiv:1408.3122; C2 and D2,
arXiv:1305.0007 and arXiv:1409.6298.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

from data_prep.images.batch import ImageBatch
from data_prep.observables.columns import OBSERVABLES, Observables
from data_prep.store.jet_images import ImageDataset, ImageDescription

Float32 = npt.NDArray[np.float32]
ConstituentSet = Literal["all", "seen"]
"""Which constituents enter the observables: all of the jet, or those that the network sees."""

IN_GEV = ("pt", "mass", "sdmass")
RATIOS = ("tau21", "tau32", "tau43", "C2", "D2")
BATCH = 1 << 16


def tree_inputs(
    batch: ImageBatch, observables: Observables, description: ImageDescription, constituents: ConstituentSet
) -> Float32:
    """The inputs of some jets: float32 [jets, inputs], NaN where one is undefined, which trees treat as missing.

    The observables (`OBSERVABLES`) and ratios of them (`RATIOS`), undefined where the denominator is 0, as τ21 of one
    constituent. |η| where the pixels are towers, as their images contain it. For images with more channels than pT, the
    sum of each channel and its number of lit pixels. For `seen` and images that were divided by their norm, no pT, and
    masses in units of the pT.

    Args:
        batch: the images.
        observables: the observables of the same jets.
        description: what the images are.
        constituents: which constituents enter.
    """
    columns = dict(zip(OBSERVABLES, (observables.all if constituents == "all" else observables.seen).T, strict=True))
    ratios = {f"tau{n + 1}{n}": _ratio(columns[f"tau{n + 1}"], columns[f"tau{n}"]) for n in (1, 2, 3)}
    ratios |= {f"{name}2": _ratio(columns["e3"], columns["e2"] ** power) for name, power in (("C", 2), ("D", 3))}
    if constituents == "seen" and normalised(description):
        columns |= {name: _ratio(columns[name], columns["pt"]) for name in IN_GEV[1:]}
        del columns["pt"]
    values = [*columns.values(), *(ratios[name] for name in RATIOS)]
    if not description.grid.centred:
        values.append(np.abs(batch.features["jet_eta"]))
    if len(description.channels) > 1:
        values += _channel_sums(batch)
    inputs: Float32 = np.stack(values, axis=1).astype(np.float32)
    return inputs


def load_inputs(
    dataset: ImageDataset, split: str, constituents: ConstituentSet
) -> tuple[Float32, npt.NDArray[np.uint8], npt.NDArray[np.float32]]:
    """Inputs, labels and weights of a split in its order.

    Raises:
        InputFileError: a file that cannot be read.
        ValueError: a dataset without observables.
    """
    part = dataset.split(split)
    pairs = zip(part.batches(BATCH), part.observables(BATCH), strict=True)
    batches = [
        (tree_inputs(batch, observables, dataset.metadata, constituents), batch.label, batch.weight)
        for batch, observables in pairs
    ]
    values, label, weight = (np.concatenate(column) for column in zip(*batches, strict=True))
    # scikit-learn cannot bin a column of missing values alone; a constant one is never split on.
    values[:, np.isnan(values).all(axis=0)] = 0
    return values, label, weight


def sees_all(dataset: ImageDataset) -> bool:
    """Whether the network sees every constituent of every jet unchanged, so that both sets are the same.

    Raises:
        InputFileError: a file that cannot be read.
        ValueError: a dataset without observables.
    """
    if dataset.metadata.candidates is not None or normalised(dataset.metadata):
        return False
    parts = (observables for split in dataset.splits.values() for observables in split.observables(BATCH))
    return all(np.array_equal(observables.all, observables.seen) for observables in parts)


def normalised(description: ImageDescription) -> bool:
    """Whether images were divided by their norm."""
    return any(step.step == "normalise" for step in description.steps)


def _channel_sums(batch: ImageBatch) -> list[Float32]:
    """The sum of each channel and its lit pixels, one column each: float32 [jets]."""
    channels, jets = batch.shape[2], len(batch)
    place = np.repeat(np.arange(jets), np.diff(batch.offsets)) * channels + batch.pixel % channels
    sums, lit = (np.bincount(place, weights, jets * channels) for weights in (batch.value, None))
    return [values.reshape(jets, channels)[:, k].astype(np.float32) for values in (sums, lit) for k in range(channels)]


def _ratio(above: Float32, below: Float32) -> Float32:
    undefined = np.full(below.shape, np.nan, np.float32)
    return np.divide(above, below, out=undefined, where=below > 0)
