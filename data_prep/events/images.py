"""From a chunk of events to their images: which are kept, the pixels, the truth of every tower, the listed jets."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from data_prep.events.batch import BOSON, QUARK_GLUON, TOP, EventBatch
from data_prep.events.chunk import EventChunk
from data_prep.events.settings import EventDescription
from data_prep.events.truth import MOST_JETS, NO_JET, OTHER_SOURCE, PILEUP_SOURCE, majority
from data_prep.streams.chunk_bytes import ChunkImages
from data_prep.system.compiled import compiled

Int64 = npt.NDArray[np.int64]
Float32 = npt.NDArray[np.float32]
Float64 = npt.NDArray[np.float64]
UInt8 = npt.NDArray[np.uint8]
UInt16 = npt.NDArray[np.uint16]

_BOSONS, _TOP_QUARK = (23, 24, 25), 6


class EventFate(IntEnum):
    """What became of an event: kept, or the first reason that drops it, in the order of the checks.

    An event without jets, and one without any deposit, is kept: a trigger sees them too.
    """

    KEPT = 0
    NOT_FINITE = 1
    NEGATIVE_ENERGY = 2
    UNKNOWN_SOURCE = 3
    TOO_MANY_JETS = 4


EVENT_REASONS = {
    EventFate.NOT_FINITE: "NaN or infinite deposit or jet",
    EventFate.NEGATIVE_ENERGY: "a deposit of negative energy",
    EventFate.UNKNOWN_SOURCE: "a deposit of a truth jet that does not exist",
    EventFate.TOO_MANY_JETS: f"more than {MOST_JETS} jets",
}
"""Why an event is dropped, in words."""


@dataclass(frozen=True)
class EventChunkImages(ChunkImages[EventBatch]):
    """The images of the events of one chunk; `fate` is the `EventFate` of every event read.

    Attributes:
        energy: float64 [3]; of the kept events, Σ of all channels (GeV) in pixels, below `pixel_min`, and outside the
            grid.
    """

    energy: Float64


def kind_of(pid: Int64) -> UInt8:
    """The class of jets by what they come from: a top, a W, Z or Higgs boson, anything else."""
    return np.where(pid == _TOP_QUARK, TOP, np.where(np.isin(pid, _BOSONS), BOSON, QUARK_GLUON)).astype(np.uint8)


def judge(chunk: EventChunk) -> UInt8:
    """The `EventFate` of each event: uint8 [events]."""
    fate = np.full(chunk.events, EventFate.KEPT, np.uint8)
    deposit_event, jet_event = _events_of(chunk.deposit_offsets), _events_of(chunk.jet_offsets)
    jets = np.diff(chunk.jet_offsets)
    deposits = (chunk.eta, chunk.phi, chunk.em, chunk.had, chunk.track)
    finite = np.logical_and.reduce([np.isfinite(values) for values in deposits])
    jet_values = (chunk.jet_pt, chunk.jet_eta, chunk.jet_phi, chunk.jet_mass)
    jet_finite = np.logical_and.reduce([np.isfinite(values) for values in jet_values])
    negative = (chunk.em < 0) | (chunk.had < 0) | (chunk.track < 0)
    unknown = (chunk.truth < min(PILEUP_SOURCE, OTHER_SOURCE)) | (chunk.truth >= jets[deposit_event])
    checks = (
        (EventFate.NOT_FINITE, deposit_event[~finite]),
        (EventFate.NOT_FINITE, jet_event[~jet_finite]),
        (EventFate.NEGATIVE_ENERGY, deposit_event[negative]),
        (EventFate.UNKNOWN_SOURCE, deposit_event[unknown]),
        (EventFate.TOO_MANY_JETS, np.flatnonzero(jets > MOST_JETS)),
    )
    for reason, events in checks:
        dropped = np.unique(events)
        fate[dropped[fate[dropped] == EventFate.KEPT]] = reason
    return fate


def event_images(chunk: EventChunk, description: EventDescription) -> EventChunkImages:
    """Make the images of a chunk.

    A pixel is the sum of its deposits, added in float64. The listed jets have pT of at least `jet_pt_min` and an axis
    within `jet_eta_max` and the grid. Of the others only pT and axis are kept.
    """
    fate = judge(chunk)
    kept = np.flatnonzero(fate == EventFate.KEPT)
    grid = description.grid
    jet_event = _events_of(chunk.jet_offsets)
    jet_tower = grid.towers.tower_of(_double(chunk.jet_eta), _double(chunk.jet_phi))
    of_kept_event = fate[jet_event] == EventFate.KEPT
    listed = (jet_tower >= 0) & (chunk.jet_pt >= description.jet_pt_min)
    listed &= np.abs(chunk.jet_eta) < description.jet_eta_max

    def by_pt(chosen: npt.NDArray[np.bool_]) -> tuple[Int64, Int64]:
        """The chosen jets by event and falling pT, and their offsets in the kept events."""
        jets = np.flatnonzero(chosen & of_kept_event)
        jets = jets[np.lexsort((jets, -chunk.jet_pt[jets], jet_event[jets]))]
        offsets = np.searchsorted(jet_event[jets], np.append(kept, chunk.events)).astype(np.int64)
        offsets[-1] = jets.size
        return jets, offsets

    order, jet_offsets = by_pt(listed)
    unlisted, unlisted_offsets = by_pt(~listed)
    number = np.zeros(jet_event.size, np.int64)  # 1 + index of a listed jet in its event
    number[order] = 1 + np.arange(order.size) - np.repeat(jet_offsets[:-1], np.diff(jet_offsets))

    of_kept, deposit_offsets = _rows(chunk.deposit_offsets, kept)
    truth = chunk.truth[of_kept]
    first = np.repeat(chunk.jet_offsets[kept], np.diff(deposit_offsets))
    of_jet = np.flatnonzero(truth >= 0)
    share = np.where(truth == PILEUP_SOURCE, 0, 1)  # index among the shares that `majority` takes
    listed_number = number[first[of_jet] + truth[of_jet]]
    share[of_jet] = np.where(listed_number > 0, NO_JET - 1 + listed_number, 1)
    values = np.stack([chunk.em[of_kept], chunk.had[of_kept], chunk.track[of_kept]], axis=1)
    jet_kind = kind_of(chunk.jet_pid[order])
    built = _build(
        deposit_offsets,
        grid.towers.tower_of(_double(chunk.eta[of_kept]), _double(chunk.phi[of_kept])),
        values,
        share,
        len(description.channels),
        jet_offsets,
        jet_kind,
        jet_tower[order],
        description.pixel_min,
        description.box_min,
        grid.columns,
    )
    offsets, pixel, value, tower_offsets, tower, tower_class, tower_instance, tower_pt_true, span, energy = built
    batch = EventBatch(
        shape=description.shape,
        wrap=grid.wrap,
        offsets=offsets,
        pixel=pixel,
        value=value,
        tower_offsets=tower_offsets,
        tower=tower,
        tower_class=tower_class,
        tower_instance=tower_instance,
        tower_pt_true=tower_pt_true,
        jet_offsets=jet_offsets,
        jet_pt=chunk.jet_pt[order],
        jet_eta=chunk.jet_eta[order],
        jet_phi=_turned(chunk.jet_phi[order]),
        jet_mass=chunk.jet_mass[order],
        jet_kind=jet_kind,
        jet_box=_boxes(span, description),
        unlisted_offsets=unlisted_offsets,
        unlisted_pt=chunk.jet_pt[unlisted],
        unlisted_eta=chunk.jet_eta[unlisted],
        unlisted_phi=_turned(chunk.jet_phi[unlisted]),
        pileup=chunk.pileup[kept].astype(np.float32),
        event=chunk.event[kept],
        library=chunk.library[kept],
        weight=np.ones(kept.size, np.float32),
    )
    return EventChunkImages(batch, fate, energy)


def _boxes(span: Int64, description: EventDescription) -> Float32:
    """η and φ of the borders: from first and last row, first column (of one turn) and number of columns."""
    towers = description.grid.towers
    boxes = np.empty((span.shape[0], 4))
    boxes[:, 0] = towers.eta(span[:, 0])
    boxes[:, 1] = towers.eta(span[:, 1] + 1)
    boxes[:, 2] = towers.phi_unwrapped(span[:, 2])
    boxes[:, 3] = boxes[:, 2] + span[:, 3] * towers.step
    return boxes.astype(np.float32)


def _turned(phi: Float32) -> Float32:
    """φ in [−π, π)."""
    turned = ((_double(phi) + np.pi) % (2 * np.pi) - np.pi).astype(np.float32)
    return np.where(turned >= np.float32(np.pi), -turned, turned)


def _double(values: Float32) -> Float64:
    return values.astype(np.float64)


def _events_of(offsets: Int64) -> Int64:
    return np.repeat(np.arange(offsets.size - 1), np.diff(offsets))


def _rows(offsets: Int64, kept: Int64) -> tuple[Int64, Int64]:
    """The entries of some events, and their offsets."""
    sizes = np.diff(offsets)[kept]
    new = np.concatenate([np.zeros(1, np.int64), np.cumsum(sizes)])
    return np.arange(new[-1]) + np.repeat(offsets[kept] - new[:-1], sizes), new


@compiled
def _build(
    deposit_offsets: Int64,
    deposit_tower: Int64,
    values: Float32,
    share: Int64,
    channels: int,
    jet_offsets: Int64,
    jet_kind: UInt8,
    jet_tower: Int64,
    pixel_min: float,
    box_min: float,
    columns: int,
) -> tuple[Int64, UInt16, Float32, Int64, UInt16, UInt8, UInt8, Float32, Int64, Float64]:
    events = deposit_offsets.size - 1
    most = deposit_tower.size
    offsets, tower_offsets = np.zeros(events + 1, np.int64), np.zeros(events + 1, np.int64)
    pixel, value = np.empty(most * channels, np.uint16), np.empty(most * channels, np.float32)
    tower, tower_class = np.empty(most, np.uint16), np.empty(most, np.uint8)
    tower_instance, tower_pt_true = np.empty(most, np.uint8), np.empty(most, np.float32)
    span = np.empty((jet_kind.size, 4), np.int64)
    account = np.zeros(3, np.float64)
    lit, towers = 0, 0
    total = np.empty(channels, np.float64)
    half = columns // 2
    for i in range(events):
        start, stop = deposit_offsets[i], deposit_offsets[i + 1]
        first_jet, jets = jet_offsets[i], jet_offsets[i + 1] - jet_offsets[i]
        event_kinds = jet_kind[first_jet : first_jet + jets]
        calorimeter, tracks = np.empty(NO_JET + jets, np.float64), np.empty(NO_JET + jets, np.float64)
        low_row, high_row = np.full(jets, 1 << 30), np.full(jets, -1)
        low, high = np.full(jets, 1 << 30), np.full(jets, -(1 << 30))
        order = start + np.argsort(deposit_tower[start:stop], kind="mergesort")
        at = 0
        while at < order.size:
            place = deposit_tower[order[at]]
            total[:] = 0
            calorimeter[:] = 0
            tracks[:] = 0
            while at < order.size and deposit_tower[order[at]] == place:
                k = order[at]
                for channel in range(channels):
                    total[channel] += values[k, channel]
                calorimeter[share[k]] += np.float64(values[k, 0]) + values[k, 1]
                tracks[share[k]] += values[k, 2]
                at += 1
            if place < 0:
                account[2] += total.sum()
                continue
            row, column = place // columns, place % columns
            for jet in range(jets):
                if calorimeter[NO_JET + jet] >= box_min:
                    turned = (column - jet_tower[first_jet + jet] % columns + half) % columns - half
                    low_row[jet], high_row[jet] = min(low_row[jet], row), max(high_row[jet], row)
                    low[jet], high[jet] = min(low[jet], turned), max(high[jet], turned)
            before = lit
            for channel in range(channels):
                if total[channel] > 0 and total[channel] >= pixel_min:
                    pixel[lit] = place * channels + channel
                    value[lit] = total[channel]
                    account[0] += total[channel]
                    lit += 1
                else:
                    account[1] += total[channel]
            if lit > before:
                energy = calorimeter if total[0] + total[1] > 0 else tracks
                code, winner = majority(energy.astype(np.float32), event_kinds)
                tower[towers] = place
                tower_class[towers] = code
                tower_instance[towers] = winner
                tower_pt_true[towers] = calorimeter[1:].sum()
                towers += 1
        offsets[i + 1], tower_offsets[i + 1] = lit, towers
        for jet in range(jets):
            axis = jet_tower[first_jet + jet]
            if high_row[jet] < 0:
                low_row[jet] = high_row[jet] = axis // columns
                low[jet] = high[jet] = 0
            span[first_jet + jet, 0], span[first_jet + jet, 1] = low_row[jet], high_row[jet]
            span[first_jet + jet, 2] = (axis % columns + low[jet]) % columns
            span[first_jet + jet, 3] = high[jet] - low[jet] + 1
    return (
        offsets,
        pixel[:lit].copy(),
        value[:lit].copy(),
        tower_offsets,
        tower[:towers].copy(),
        tower_class[:towers].copy(),
        tower_instance[:towers].copy(),
        tower_pt_true[:towers].copy(),
        span,
        account,
    )
