"""Whole events with truth: the TTree `events` that `generate` writes (docs/data_flow.md)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from data_prep.errors import InputFileError
from data_prep.events.chunk import EventChunk
from data_prep.jets.event_identifiers import number_hash
from data_prep.readers import root
from data_prep.readers.file_kinds import container
from data_prep.readers.float_warnings import without_float_warnings

TREE = "events"
DEPOSITS = ("deposit_eta", "deposit_phi", "deposit_em", "deposit_had", "deposit_track", "deposit_truth")
JETS = ("jet_pt", "jet_eta", "jet_phi", "jet_mass", "jet_kind")
BRANCHES = (*DEPOSITS, *JETS, "pileup", "event")
LIBRARY = "library"
"""Branch of files that say which events share collisions of pileup."""
MOST_PILEUP = 100_000
"""No collider has more collisions at once."""
_REMEDY = "give files of `generate` with `kind: events`, or take `kind: events` out of images.yaml"


def recognises(trees: Mapping[str, tuple[int, frozenset[str]]]) -> bool:
    """Whether these trees (entries and branch names by path) are those of whole events."""
    return TREE in trees and set(DEPOSITS) <= trees[TREE][1]


def count(file: Path) -> int:
    """Check that a file holds events; returns their number.

    Raises:
        InputFileError: the file cannot be read, or a branch is missing or of the wrong type.
    """
    if container(file) != "root":
        raise InputFileError("is an HDF5 file, and whole events are read from ROOT files", file=file, remedy=_REMEDY)
    trees = root.trees(file)
    if TREE not in trees:
        tree_names = ", ".join(f"'{name}'" for name in trees) or "none"
        raise InputFileError(f"holds no TTree '{TREE}' of whole events, it has {tree_names}", file=file, remedy=_REMEDY)
    with root.open_tree(file, TREE) as tree:
        root.require(tree, file, BRANCHES, "of events with truth")
    if trees[TREE][0]:
        read(file, 0, 1)
    return trees[TREE][0]


@without_float_warnings
def read(file: Path, start: int, stop: int) -> EventChunk:
    """The events `start` to `stop - 1`, in their order.

    Raises:
        InputFileError: as `count`, or lists of different lengths, or the file is damaged.
    """
    with root.open_tree(file, TREE) as tree:
        branches = (*BRANCHES, LIBRARY) if LIBRARY in tree.keys() else BRANCHES  # noqa: SIM118 - no mapping
        arrays = root.read(tree, file, branches, start, stop)
    deposit_offsets, eta = root.jagged(arrays, DEPOSITS[0], file)
    jet_offsets, jet_pt = root.jagged(arrays, JETS[0], file)
    phi, em, had, track, truth = (root.aligned(arrays, b, file, deposit_offsets, DEPOSITS[0]) for b in DEPOSITS[1:])
    jet_eta, jet_phi, jet_mass, jet_pid = (root.aligned(arrays, b, file, jet_offsets, JETS[0]) for b in JETS[1:])
    for branch, values in (("deposit_truth", truth), ("jet_kind", jet_pid)):
        if values.dtype.kind not in "iu":
            raise InputFileError(f"the branch {branch} does not hold integers", file=file, remedy=_REMEDY)
    pileup = root.integers(root.flat(arrays, "pileup", file), "pileup", file)
    if pileup.size and not 0 <= pileup.min() <= pileup.max() <= MOST_PILEUP:
        raise InputFileError(
            f"the branch pileup holds {pileup.min()} to {pileup.max()}, but counts the collisions besides the hard one",
            file=file,
            remedy=_REMEDY,
        )
    event = root.flat(arrays, "event", file)
    library = root.integers(root.flat(arrays, LIBRARY, file), LIBRARY, file) if LIBRARY in branches else event
    return EventChunk(
        deposit_offsets=deposit_offsets,
        eta=eta.astype(np.float32),
        phi=phi.astype(np.float32),
        em=em.astype(np.float32),
        had=had.astype(np.float32),
        track=track.astype(np.float32),
        truth=truth.astype(np.int64),
        jet_offsets=jet_offsets,
        jet_pt=jet_pt.astype(np.float32),
        jet_eta=jet_eta.astype(np.float32),
        jet_phi=jet_phi.astype(np.float32),
        jet_mass=jet_mass.astype(np.float32),
        jet_pid=np.abs(jet_pid.astype(np.int64)),
        pileup=pileup,
        event=number_hash(event),
        library=number_hash(library),
    )


@without_float_warnings
def truth_jets(file: Path) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """All truth jets of a file, without its deposits: pT (GeV) and η, float32 [jets] each.

    Raises:
        InputFileError: as `read`.
    """
    with root.open_tree(file, TREE) as tree:
        arrays = root.read(tree, file, JETS[:2], 0, tree.num_entries)
    offsets, pt = root.jagged(arrays, JETS[0], file)
    eta = root.aligned(arrays, JETS[1], file, offsets, JETS[0])
    return pt.astype(np.float32), eta.astype(np.float32)


def has_library(file: Path) -> bool:
    """Whether a file says which events share collisions of pileup.

    Raises:
        InputFileError: the file cannot be read.
    """
    return LIBRARY in root.trees(file)[TREE][1]


def counts(files: Sequence[Path], unusable: Callable[[InputFileError, Path], None] | None = None) -> dict[Path, int]:
    """The events of each file.

    Args:
        files: the files.
        unusable: called for a file that cannot be used, which is then left out; without it, such a file is an error.

    Raises:
        InputFileError: a file that cannot be used, or no usable file.
    """
    events: dict[Path, int] = {}
    first_error: InputFileError | None = None
    for file in files:
        try:
            events[file] = count(file)
        except InputFileError as error:
            if unusable is None:
                raise
            unusable(error, file)
            first_error = first_error or error
    if first_error is not None and not events:
        raise first_error
    if not events:
        raise InputFileError("there is no input file", remedy="give files, folders, patterns or URLs")
    return events
