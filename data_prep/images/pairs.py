"""Images of pairs of candidates: integers alone, as `hls_projects/blocks/pair_builder.py` defines them, compiled.

A jet with N candidates has N(N - 1)/2 pairs, so what is done for a pair is little: two differences, and two tables, of
distances and of sums of logarithms. The reference in hls_projects is written anew, so that each is a check of the
other.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from data_prep.images.kernel import SparseImages
from data_prep.jets.candidates import Candidates, CandidateSettings
from data_prep.streams.cutflow import Fate
from data_prep.system.compiled import compiled

Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]

_KEPT, _EMPTY = int(Fate.KEPT), int(Fate.EMPTY_IMAGE)


def pair_images(
    candidates: Candidates,
    fate: npt.NDArray[np.uint8],
    settings: CandidateSettings,
    rows: Sequence[int],
    columns: Sequence[int],
    *,
    mantissa: int,
    bits: int,
    leading: Sequence[int] = (),
) -> SparseImages:
    """The pair images of jets from their candidates.

    Args:
        candidates: of all jets; the seeds are not looked at.
        fate: uint8 [jets]; only jets that are `Fate.KEPT` so far are looked at.
        settings: what the integers mean.
        rows: thresholds of the sum of two logarithms, ascending.
        columns: thresholds of the doubled distance, ascending.
        mantissa: bits of a logarithm behind the leading one.
        bits: of a pixel, which saturates.
        leading: bounds of the rank of the harder candidate, ascending.

    Returns:
        the images, whole numbers; jets without a pair have their fate set.

    Raises:
        ValueError: an image of more than 65,536 values.
    """
    values = (len(rows) + 1) * (len(columns) + 1) * (len(leading) + 1)
    if values > 1 << 16:
        raise ValueError(f"an image of pairs holds 65,536 values at most, not {values:,}")
    fate = fate.copy()
    channel = np.searchsorted(np.asarray(leading), np.arange(candidates.number), side="right").astype(np.int32)
    largest_log = (settings.pt.bits << mantissa) - 1
    offsets, pixel, count = _build(
        candidates.pt,
        candidates.eta,
        candidates.phi,
        fate,
        _passed(rows, 2 * largest_log) * ((len(columns) + 1) * (len(leading) + 1)),
        _passed(columns, columns[-1]) * (len(leading) + 1),
        channel,
        settings.per_pi,
        mantissa,
        (1 << bits) - 1,
        values,
    )
    ones = np.ones(offsets.size - 1, np.float32)
    return SparseImages(offsets, pixel, count.astype(np.float32), ones, fate)


def _passed(thresholds: Sequence[int], largest: int) -> Int32:
    """How many thresholds each of 0 … largest reaches: int32 [largest + 1]."""
    return np.searchsorted(np.asarray(thresholds), np.arange(largest + 1), side="right").astype(np.int32)


@compiled
def _logarithm(pt: int, mantissa: int) -> int:
    shifted, position = pt, 0
    while shifted > 1:
        shifted >>= 1
        position += 1
    behind = pt - (1 << position)
    fraction = behind >> (position - mantissa) if position >= mantissa else behind << (mantissa - position)
    return (position << mantissa) | fraction


@compiled
def _build(
    pt: Int32,
    eta: Int32,
    phi: Int32,
    fate: npt.NDArray[np.uint8],
    row_of: Int32,
    column_of: Int32,
    channel_of: Int32,
    half_turn: int,
    mantissa: int,
    largest: int,
    values: int,
) -> tuple[Int64, npt.NDArray[np.uint16], Int32]:
    jets, number = pt.shape
    offsets = np.zeros(jets + 1, np.int64)
    most = min(number * (number - 1) // 2, values)
    pixel = np.empty(jets * most, np.uint16)
    count = np.empty(jets * most, np.int32)
    canvas = np.zeros(values, np.int32)
    own_eta, own_phi = np.empty(number, np.int32), np.empty(number, np.int32)
    own_log, rank = np.empty(number, np.int32), np.empty(number, np.int32)
    last = np.int32(column_of.size - 1)
    turn = np.int32(2 * half_turn)
    images = lit = 0
    for jet in range(jets):
        if fate[jet] != _KEPT:
            continue
        held = 0
        for i in range(number):
            if pt[jet, i] > 0:
                own_eta[held] = eta[jet, i]
                own_phi[held] = phi[jet, i] % turn
                own_log[held] = _logarithm(pt[jet, i], mantissa)
                rank[held] = i
                held += 1
        if held < 2:
            fate[jet] = _EMPTY
            continue
        for i in range(held - 1):
            for j in range(i + 1, held):
                down = abs(own_eta[i] - own_eta[j])
                across = abs(own_phi[i] - own_phi[j])
                across = min(across, turn - across)
                distance = down + across + max(down, across)
                canvas[row_of[own_log[i] + own_log[j]] + column_of[min(distance, last)] + channel_of[rank[i]]] += 1
        for where in range(values):
            if canvas[where]:
                pixel[lit] = where
                count[lit] = min(canvas[where], largest)
                canvas[where] = 0
                lit += 1
        images += 1
        offsets[images] = lit
    return offsets[: images + 1], pixel[:lit].copy(), count[:lit].copy()
