"""Methods that need no network: what each keeps of the towers, and which of a family does best on validation events."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from data_prep.events.batch import PILEUP, EventBatch
from data_prep.grids.tower_geometry import Towers
from models.events.puppi import PileupShape, alpha, around

Floats = npt.NDArray[np.float64]

ALL = "all towers"
"""Every tower counts."""
KERNEL = tuple((kernel, 1.5, alone) for kernel in (4.0, 8.0, 16.0) for alone in (10.0, 15.0, 20.0))
"""Σ pT / ΔR² of tracks (GeV, towers), and transverse energies (GeV) with and without such tracks, that are tried."""
PUPPI_CUTS = (0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0)
"""Weighted transverse energies (GeV) below which PUPPI drops a tower, that are tried."""


@dataclass(frozen=True)
class Baseline:
    """One method.

    Attributes:
        name: with its parameters.
        family: the methods that differ in parameters alone.
        keep: from the batch what it keeps of every tower, float64 [events, rows, columns] (GeV).
    """

    name: str
    family: str
    keep: Callable[[EventBatch], Floats]


def has_tracks(batch: EventBatch) -> bool:
    """Whether images have a channel of tracks beside those of the calorimeters."""
    return batch.shape[2] > 2


def tower_energy(batch: EventBatch) -> Floats:
    """Transverse energy in both calorimeters, float64 [events, rows, columns] (GeV)."""
    return np.asarray(_inner(batch)[..., :2].sum(axis=-1, dtype=np.float64))


def tower_tracks(batch: EventBatch) -> Floats:
    """Σ pT of tracks, float64 [events, rows, columns] (GeV)."""
    return np.asarray(_inner(batch)[..., 2], np.float64)


def candidates(thresholds: Sequence[float], towers: Towers, shape: PileupShape | None) -> list[Baseline]:
    """All methods with all parameters that are tried.

    Args:
        thresholds: transverse energies (GeV) below which towers are left out.
        towers: of the image.
        shape: α of pileup; None where images have no tracks, and then no method uses any.
    """
    methods = [
        Baseline(f"towers above {threshold:g} GeV", "threshold", _threshold(threshold)) for threshold in thresholds
    ]
    if shape is None:
        return methods
    for kernel, least, alone in KERNEL:
        name = f"track kernel {kernel:g}, {least:g} or {alone:g} GeV"
        methods.append(Baseline(name, "track kernel", _kernel(towers, kernel, least, alone)))
    for cut in PUPPI_CUTS:
        methods.append(Baseline(f"PUPPI above {cut:g} GeV", "PUPPI", _puppi(towers, shape, cut)))
    return methods


def pileup_shape(batches: Iterable[EventBatch], towers: Towers) -> PileupShape | None:
    """How α is distributed for towers that are pileup by truth; None for images without tracks."""
    values: list[Floats] = []
    for batch in batches:
        if not has_tracks(batch):
            return None
        values.append(alpha(tower_tracks(batch), towers)[batch.dense_class() == PILEUP])
    return PileupShape.of(np.concatenate(values)) if values else None


@dataclass(frozen=True)
class Chosen:
    """What validation events choose.

    Attributes:
        methods: of each family the best.
        best: the name of the best of all; None where none could be measured.
    """

    methods: list[Baseline]
    best: str | None


def choose_by(methods: Sequence[Baseline], cost: Mapping[str, float]) -> Chosen:
    """The methods with the least cost; the first of equal ones.

    Args:
        methods: of all families.
        cost: of each by name, and of methods that have no family and are always shown; infinite where one could not be
            measured.
    """
    families = dict.fromkeys(method.family for method in methods)
    chosen = [
        min((method for method in methods if method.family == family), key=lambda method: cost[method.name])
        for family in families
    ]
    tried = {method.name for method in methods}
    shown = [name for name in cost if name not in tried] + [method.name for method in chosen]
    best = min(shown, key=lambda name: cost[name], default=None)
    return Chosen(chosen, best if best is not None and np.isfinite(cost[best]) else None)


def _threshold(least: float) -> Callable[[EventBatch], Floats]:
    return lambda batch: _above(tower_energy(batch), least)


def _kernel(towers: Towers, kernel: float, least: float, alone: float) -> Callable[[EventBatch], Floats]:
    def keep(batch: EventBatch) -> Floats:
        energy = tower_energy(batch)
        near = around(tower_tracks(batch), towers, 2, towers.step) > kernel
        return np.where((near & (energy > least)) | (energy > alone), energy, 0.0)

    return keep


def _puppi(towers: Towers, shape: PileupShape, cut: float) -> Callable[[EventBatch], Floats]:
    return lambda batch: _above(tower_energy(batch) * shape.weights(alpha(tower_tracks(batch), towers)), cut)


def _above(energy: Floats, threshold: float) -> Floats:
    return np.where(energy > threshold, energy, 0.0)


def _inner(batch: EventBatch) -> npt.NDArray[np.float32]:
    dense = batch.dense()
    return dense[:, :, batch.wrap : dense.shape[2] - batch.wrap]
