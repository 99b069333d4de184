"""Whether the truth of a file of events covers the images: what it does not hold, networks would learn to reject.

Truth jets end at some |η| and begin at some pT. Where images go on beyond that, hard jets stand in them of which the
truth knows nothing. They are found in the deposits that the hard collision left outside all truth jets.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from data_prep.errors import InputFileError
from data_prep.events.chunk import EventChunk
from data_prep.events.settings import EventDescription
from data_prep.events.tower_jets import TowerJets, anti_kt
from data_prep.events.truth import OTHER_SOURCE
from data_prep.readers import event_tree

Floats = npt.NDArray[np.float64]

EVENTS = 100
"""Events of a file whose deposits are looked at; of its truth jets all are."""
MANY = 500
"""Truth jets whose largest |η| and smallest pT are those of the selection they were made with."""
RADIUS = 0.4
"""Of the jets that are clustered from deposits outside truth jets: not larger than any truth jet, so that none of these
adds soft ones up to a hard one."""
_LEAST, _SHARE = 3, 0.02
"""Jets outside the truth that are no chance, as a number and as a share of the truth jets above the same pT: a jet just
below the threshold may be measured above it."""
_BLIND = 1.25
"""A truth that begins at 1 / 1.25 of `jet_pt_min` or above lacks jets that are measured, to some 15 %, as hard ones."""
_CHANCE = 1.05
"""The softest of many truth jets is no harder than the threshold by this factor."""
_FEWEST = 20
"""Truth jets that are needed to compare them with their deposits."""
_PT_RATIO = 5.0
"""Of deposits and jet, or its inverse: more is another unit, or another jet."""


@dataclass(frozen=True)
class Cover:
    """What the truth of a file covers.

    Attributes:
        jets: truth jets in the file.
        eta_max: their largest |η|; 0 where there are none.
        pt_min: their smallest pT (GeV); infinite where there are none.
        events: events whose deposits were looked at.
        unknown: jets inside the image from deposits outside all truth jets, from `threshold` on.
        threshold: pT (GeV).
        wanted: truth jets in the same events, from `threshold` on.
        pt_ratio: median of Σ pT of a truth jet's deposits over its pT; None where too few can be compared.
        distance: median distance in η–φ of a truth jet and its deposits, likewise.
        unshared: whether there is pileup, and nothing says which events share it.
    """

    jets: int
    eta_max: float
    pt_min: float
    events: int
    unknown: TowerJets
    threshold: float
    wanted: int
    pt_ratio: float | None
    distance: float | None
    unshared: bool


def cover(file: Path, events: int, description: EventDescription) -> Cover:
    """Look at a file.

    Args:
        file: of events.
        events: how many it holds.
        description: what the images are.

    Raises:
        InputFileError: it cannot be read.
    """
    pt, eta = (values[np.isfinite(values)] for values in event_tree.truth_jets(file))
    chunk = event_tree.read(file, 0, min(EVENTS, events))
    pt_min = float(pt.min(initial=np.inf))
    threshold = description.jet_pt_min or 2 * pt_min
    ratio, distance = _closure(chunk)
    return Cover(
        jets=pt.size,
        eta_max=float(np.abs(eta).max(initial=0)),
        pt_min=pt_min,
        events=chunk.events,
        unknown=_unknown(chunk, description, threshold),
        threshold=threshold,
        wanted=int((chunk.jet_pt >= threshold).sum()),
        pt_ratio=ratio,
        distance=distance,
        unshared=bool(chunk.pileup.any()) and not event_tree.has_library(file),
    )


def require_cover(
    files: Mapping[Path, int], description: EventDescription, warn: Callable[[str], None] = lambda _: None
) -> None:
    """Make sure that the truth of files covers what the images show; files that cannot be read are left to others.

    Args:
        files: with their events.
        description: what the images are.
        warn: called with what cannot be decided, a line for all files.

    Raises:
        InputFileError: a file whose truth certainly does not.
    """
    warnings: dict[str, list[tuple[Path, str]]] = {}
    for file, events in files.items():
        if not events:
            continue
        try:
            truth = cover(file, events, description)
        except InputFileError:
            continue
        refuse(truth, description, file)
        for subject, line in doubts(truth, description):
            warnings.setdefault(subject, []).append((file, line))
    for lines in warnings.values():
        file, line = lines[0]
        likewise = f" (and {len(lines) - 1:,} more files likewise)" if len(lines) > 1 else ""
        warn(f"{file}: {line}{likewise}")


def refuse(truth: Cover, description: EventDescription, file: Path) -> None:
    """Check what can be decided.

    Raises:
        InputFileError: the truth certainly does not cover the image.
    """
    edge = description.grid.eta_max
    beyond = _some(truth, np.abs(truth.unknown.eta) >= truth.eta_max)
    if truth.eta_max < edge and (beyond or (truth.jets >= MANY and truth.eta_max < description.jet_eta_max)):
        missed = f", where {beyond} jets above {truth.threshold:.0f} GeV of {truth.events} events are in no truth"
        raise InputFileError(
            f"{_end(truth)} and the image at {edge:.2f}{missed if beyond else ''}: networks would learn to reject "
            "jets that are there",
            file=file,
            remedy=_remedy_eta(truth, description),
        )
    softer = _some(truth, (truth.unknown.pt < truth.pt_min) & (np.abs(truth.unknown.eta) < truth.eta_max))
    least = description.jet_pt_min
    if truth.pt_min > least > 0 and (softer or (truth.jets >= MANY and truth.pt_min > _CHANCE * least)):
        raise InputFileError(
            f"its truth jets begin at {truth.pt_min:.1f} GeV, above the 'jet_pt_min' of {least:g} GeV in images.yaml: "
            "networks would learn to reject softer jets that are to be found",
            file=file,
            remedy=_remedy_pt(truth),
        )
    ratio, distance = truth.pt_ratio, truth.distance
    if ratio is not None and distance is not None:
        if not 1 / _PT_RATIO <= ratio <= _PT_RATIO:
            raise InputFileError(
                f"the deposits of a truth jet have {ratio:.3g} of its pT (median)",
                file=file,
                remedy="write deposits and jets in GeV, and in deposit_truth the index of the jet in its event",
            )
        if distance > RADIUS:
            raise InputFileError(
                f"the deposits of a truth jet lie {distance:.2f} from its axis in η–φ (median)",
                file=file,
                remedy="write in deposit_truth the index of the jet in its event, in the order of jet_pt",
            )


def doubts(truth: Cover, description: EventDescription) -> list[tuple[str, str]]:
    """What cannot be decided, or is no reason to refuse a file: a kind and a sentence each."""
    said = []
    edge, least = description.grid.eta_max, description.jet_pt_min
    inside = _some(truth, np.ones(truth.unknown.pt.size, bool))
    if inside:
        said.append(
            (
                "unknown",
                f"{inside} jets above {truth.threshold:.0f} GeV inside the image are in no truth "
                f"({truth.events} events, {truth.wanted} such truth jets), and finding them counts as a "
                f"fake; if their axes lie beyond the truth, at |η| {truth.eta_max:.2f}, "
                f"{_remedy_eta(truth, description)}",
            )
        )
    elif truth.jets and truth.eta_max < edge + RADIUS:
        said.append(
            (
                "eta",
                "it cannot be told whether the truth covers the image and what reaches into it: "
                f"{_end(truth)} ({truth.jets} jets) and the image at {edge:.2f}; if jets beyond were left out of it, "
                f"{_remedy_eta(truth, description)}",
            )
        )
    if truth.jets and 0 < least < _BLIND * truth.pt_min:
        said.append(
            (
                "pt",
                f"its truth jets begin at {truth.pt_min:.1f} GeV, with a 'jet_pt_min' of {least:g} GeV: finding a jet "
                f"that is a little softer counts as a fake; {_remedy_pt(truth)}",
            )
        )
    if truth.unshared:
        said.append(
            (
                "library",
                "there is pileup and no branch 'library': if events share collisions, these stand in training and in "
                "test, and errors are too small; simulate it again, or write 'library', equal for events that share "
                "collisions and different for all others",
            )
        )
    return said


def _some(truth: Cover, chosen: npt.NDArray[np.bool_]) -> int:
    """How many of the jets outside the truth are chosen; 0 where these may be chance."""
    number = int(chosen.sum())
    return number if number >= max(_LEAST, _SHARE * truth.wanted) else 0


def _end(truth: Cover) -> str:
    return f"its truth jets end at |η| {truth.eta_max:.2f}" if truth.jets else "it holds no truth jets"


def _remedy_eta(truth: Cover, description: EventDescription) -> str:
    grid = description.grid
    again = f"simulate it again with a 'jets.eta_max' in generate.yaml well beyond {grid.eta_max:.2f}"
    rows = int(2 * max(truth.eta_max - RADIUS, 0) / grid.tower_eta)
    if rows < 2:
        return again
    return f"{again}, or take at most {rows} 'grid.rows' in images.yaml, so that jets about the edge are known"


def _remedy_pt(truth: Cover) -> str:
    return (
        "simulate it again with a smaller 'jets.pt_min' in generate.yaml, or take a 'jet_pt_min' of at least "
        f"{np.ceil(_BLIND * truth.pt_min):g} in images.yaml"
    )


def _unknown(chunk: EventChunk, description: EventDescription, threshold: float) -> TowerJets:
    """The jets inside the image from what the hard collision left outside all truth jets."""
    grid = description.grid
    outside = chunk.truth == OTHER_SOURCE
    images = np.zeros((chunk.events, grid.rows * grid.columns))
    energy = np.nan_to_num((chunk.em + chunk.had)[outside].astype(np.float64), nan=0.0, posinf=0.0, neginf=0.0)
    event = np.repeat(np.arange(chunk.events), np.diff(chunk.deposit_offsets))[outside]
    tower = grid.towers.tower_of(chunk.eta[outside].astype(np.float64), chunk.phi[outside].astype(np.float64))
    inside = tower >= 0
    np.add.at(images, (event[inside], tower[inside]), energy[inside])
    eta, _ = grid.towers.centres(np.arange(grid.rows) * grid.columns)
    _, phi = grid.towers.centres(np.arange(grid.columns))
    least = threshold if np.isfinite(threshold) else float(energy.sum()) + 1.0
    return anti_kt(images.reshape(-1, grid.rows, grid.columns), eta, phi, RADIUS, least)


def _closure(chunk: EventChunk) -> tuple[float | None, float | None]:
    """Medians of Σ pT of the deposits of a truth jet over its pT, and of their distance in η–φ."""
    jets = np.diff(chunk.jet_offsets)
    event = np.repeat(np.arange(chunk.events), np.diff(chunk.deposit_offsets))
    of_jet = (chunk.truth >= 0) & (chunk.truth < jets[event])
    jet = chunk.jet_offsets[event[of_jet]] + chunk.truth[of_jet]
    pt = (chunk.em + chunk.had)[of_jet].astype(np.float64)
    eta, phi = (values[of_jet].astype(np.float64) for values in (chunk.eta, chunk.phi))
    with np.errstate(all="ignore"):
        px, py, pz = (_added(jet, part, jets) for part in (pt * np.cos(phi), pt * np.sin(phi), pt * np.sinh(eta)))
        ratio = _added(jet, pt, jets) / chunk.jet_pt
        turned = np.angle(np.exp(1j * (np.arctan2(py, px) - chunk.jet_phi)))
        away = np.hypot(np.arcsinh(pz / np.hypot(px, py)) - chunk.jet_eta, turned)
    ratios, distances = (values[np.isfinite(values)] for values in (ratio, away))
    if min(ratios.size, distances.size) < _FEWEST:
        return None, None
    return float(np.median(ratios)), float(np.median(distances))


def _added(jet: npt.NDArray[np.int64], values: Floats, jets: npt.NDArray[np.int64]) -> Floats:
    return np.asarray(np.bincount(jet, values, int(jets.sum())), np.float64)
