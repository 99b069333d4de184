"""What the networks on event images are held against: dense targets from an `EventBatch`."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from data_prep.events.batch import TOWER_CLASSES, EventBatch
from data_prep.grids.tower_geometry import Towers, turned
from models.events.settings import DetectionSettings

Floats = npt.NDArray[np.float32]

BOX_UNIT = 4.0
"""Towers that a box's side of 1 stands for."""
BOX_CHANNELS = 6
"""Of a centre: its place in its tower (down, right), then the distances to the box's sides (up, down, left, right)."""


def classes(batch: EventBatch) -> tuple[npt.NDArray[np.uint8]]:
    """The true class of every tower (`TRUTH_CLASSES`), uint8 [events, rows, columns]."""
    return (batch.dense_class(),)


def class_shares(counts: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """The share of each class among all towers that have one."""
    towers = np.asarray(counts, dtype=np.float64)
    return np.asarray(towers / max(float(towers.sum()), 1.0))


def class_weights(shares: npt.ArrayLike, power: float) -> Floats:
    """The weight of each class in the loss: share^−power, the mean over all towers 1; 0 for a class never seen.

    >>> class_weights([0.75, 0.25, 0.0], 1.0).tolist()
    [0.6666666865348816, 2.0, 0.0]
    """
    values = np.asarray(shares, dtype=np.float64)
    raw = np.where(values > 0, np.maximum(values, 1e-300) ** -power, 0.0)
    return np.asarray(raw / (raw * values).sum(), np.float32)


def count_classes(batch: EventBatch) -> npt.NDArray[np.int64]:
    """Towers of each class in a batch, empty ones included, undecided ones not: int64 [classes]."""
    counts = np.bincount(batch.tower_class, minlength=len(TOWER_CLASSES))[: len(TOWER_CLASSES)].astype(np.int64)
    counts[0] += len(batch) * batch.shape[0] * batch.shape[1] - batch.tower.size
    return counts


def centres(batch: EventBatch, settings: DetectionSettings, towers: Towers) -> tuple[Floats, Floats, Floats]:
    """Heatmap, transverse momenta and boxes of the truth jets that are to be found.

    Jets below `pt_min` and those whose axis lies outside the image have no centre. Where two have the same tower, the
    harder one has it.

    Args:
        batch: the events.
        settings: the spot's size, the unit of pT.
        towers: of the image.

    Returns:
        heat float32 [events, rows, columns, 2], 1 at a centre and falling like a Gaussian around it (Zhou, Wang and
        Krähenbühl 2019, arXiv:1904.07850, section 3), and whether the tower counts: not within `match` of a truth jet
        that need not be found; pT [events, rows, columns, 2], in `pt_unit`; boxes
        [events, rows, columns, 7], see `BOX_CHANNELS`; the last channel of both is 1 at a centre and 0 elsewhere.
    """
    rows, columns, _ = batch.shape
    heat = np.zeros((len(batch), rows, columns, 2), np.float32)
    heat[..., 1] = _counts(batch, settings, towers)
    pt = np.zeros((len(batch), rows, columns, 2), np.float32)
    box = np.zeros((len(batch), rows, columns, BOX_CHANNELS + 1), np.float32)
    event = np.repeat(np.arange(len(batch)), np.diff(batch.jet_offsets))
    down, right = towers.row(batch.jet_eta), towers.column(batch.jet_phi)
    at_row, at_column = np.arange(rows)[:, np.newaxis], np.arange(columns)[np.newaxis]
    wanted = (batch.jet_pt >= settings.pt_min) & (down >= 0) & (down < rows)
    # Softer jets first, so that of two with one centre the harder is written last.
    for jet in np.flatnonzero(wanted)[np.argsort(batch.jet_pt[wanted], kind="stable")]:
        row, column = int(down[jet]), min(int(right[jet]), columns - 1)
        across = np.abs(at_column - column)
        squared = (at_row - row) ** 2 + np.minimum(across, columns - across) ** 2
        spot = np.exp(-squared / (2 * settings.spread**2))
        heat[event[jet], ..., 0] = np.maximum(heat[event[jet], ..., 0], spot)
        heat[event[jet], row, column, 1] = 1
        pt[event[jet], row, column] = batch.jet_pt[jet] / settings.pt_unit, 1
        box[event[jet], row, column] = *_sides(batch, towers, int(jet), row, column), 1
    return heat, pt, box


def _counts(batch: EventBatch, settings: DetectionSettings, towers: Towers) -> npt.NDArray[np.bool_]:
    """Whether a centre in a tower would be right or wrong: bool [events, rows, columns]."""
    counts = np.ones((len(batch), towers.rows, towers.columns), bool)
    eta, phi = towers.eta(np.arange(towers.rows) + 0.5), towers.phi(np.arange(towers.columns) + 0.5)
    soft = batch.jet_pt < settings.pt_min
    places = (
        (batch.jet_offsets, batch.jet_eta, batch.jet_phi, soft),
        (batch.unlisted_offsets, batch.unlisted_eta, batch.unlisted_phi, np.ones(batch.unlisted_pt.size, bool)),
    )
    for offsets, jet_eta, jet_phi, chosen in places:
        event = np.repeat(np.arange(len(batch)), np.diff(offsets))
        for jet in np.flatnonzero(chosen):
            away = np.hypot(eta[:, np.newaxis] - jet_eta[jet], turned(phi - jet_phi[jet]))
            counts[event[jet]] &= away > settings.match
    return counts


def _sides(batch: EventBatch, towers: Towers, jet: int, row: int, column: int) -> tuple[float, ...]:
    """Place in the tower (towers from its centre), and distances to the sides (in `BOX_UNIT` towers)."""
    low, high, left, right = (float(side) for side in batch.jet_box[jet])
    axis = float(batch.jet_phi[jet])
    place = float(towers.row(batch.jet_eta[jet])) - row - 0.5, float(towers.column(axis)) - column - 0.5
    # φ of the box at the turn of the axis.
    turns = 2 * np.pi * np.round(((left + right) / 2 - axis) / (2 * np.pi))
    centre_eta = float(towers.eta(row + 0.5))
    centre_phi = axis - place[1] * towers.step
    tall, wide = BOX_UNIT * towers.tall, BOX_UNIT * towers.step
    sides = (centre_eta - low) / tall, (high - centre_eta) / tall
    return *place, *sides, (centre_phi - left + turns) / wide, (right - turns - centre_phi) / wide
