"""Columns of event trees jet by jet: numbers of the event, of its jets and of its generator particles."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from data_prep.errors import InputFileError
from data_prep.jets.event_identifiers import number_hash
from data_prep.readers import root
from data_prep.readers.assemble import Float32, Int64, float32
from data_prep.readers.grouping import nearest_resonance

Values = npt.NDArray[Any]

IDENTIFIERS = ("run", "luminosityBlock", "event")
"""The branches that identify an event in NanoAOD and in files made from it."""
MATCHED = "matched_pdgId"
"""A computed column: |PDG id| of the generator's t, H, Z or W within the jet radius, 0 where there is none."""


def event_numbers(arrays: root.Arrays, file: Path) -> npt.NDArray[np.uint64] | None:
    """The hash of run, luminosity block and event number [entries], as far as they are read; None without the last."""
    if "event" not in arrays:
        return None
    return number_hash(*(root.flat(arrays, name, file) for name in IDENTIFIERS if name in arrays))


def by_jet(arrays: root.Arrays, names: Sequence[str], file: Path, jets: Int64, jet_branch: str) -> dict[str, Values]:
    """Branches with one number an event or one number a jet, jet by jet.

    Args:
        arrays: the branches.
        names: of the columns.
        file: for messages.
        jets: int64 [events + 1], the jets of each event.
        jet_branch: a branch of the jets, for messages.

    Raises:
        InputFileError: a branch holds neither numbers of events nor of jets.
    """
    columns = {}
    for name in names:
        if arrays[name].ndim == 1:
            columns[name] = np.repeat(root.flat(arrays, name, file), np.diff(jets))
        else:
            columns[name] = root.aligned(arrays, name, file, jets, jet_branch)
    return columns


def through_index(values: Values, offsets: Int64, index: Values, jets: Int64) -> npt.NDArray[np.float64]:
    """Values of the objects that jets are matched to: float64 [jets], NaN for jets without one.

    Args:
        values: of all objects.
        offsets: int64 [events + 1], the objects of each event.
        index: integers [jets], the object in the jet's event, negative for none.
        jets: int64 [events + 1], the jets of each event.
    """
    matched = np.full(index.size, np.nan)
    sizes = np.repeat(np.diff(offsets), np.diff(jets))
    has_match = (index >= 0) & (index < sizes)
    rows = index.astype(np.int64) + np.repeat(offsets[:-1], np.diff(jets))
    matched[has_match] = values[rows[has_match]]
    return matched


def matched_resonance(
    jets: Int64,
    jet_eta: Values,
    jet_phi: Values,
    particles: tuple[Int64, Values, Values, Values],
    counts: npt.NDArray[np.bool_],
    radius: float,
) -> Int64:
    """The column `MATCHED`.

    Args:
        jets: int64 [events + 1].
        jet_eta: [jets].
        jet_phi: [jets].
        particles: offsets, η, φ and PDG id of the generator's particles.
        counts: bool, the particles that are considered (last copies).
        radius: the largest ΔR.
    """
    offsets, eta, phi, pid = particles
    pids = np.where(counts, pid, 0).astype(np.int64)
    e, p, je, jp = (_clean(values) for values in (eta, phi, jet_eta, jet_phi))
    return nearest_resonance(jets, je, jp, offsets, e, p, pids, radius)


def _clean(values: Values) -> Float32:
    """η or φ with finite values only: a particle along the beam gets an η that is near no jet."""
    return float32(np.nan_to_num(values, nan=1e4, posinf=1e4, neginf=-1e4))


def refuse_index(event: int, start: int, branch: str, target: str, file: Path) -> InputFileError:
    """The error for an index that points outside its event."""
    return InputFileError(
        f"in entry {start + event} the branch {branch} points beyond the event's {target}",
        file=file,
        remedy="the file is damaged, or its collections were cut: make it again",
    )
