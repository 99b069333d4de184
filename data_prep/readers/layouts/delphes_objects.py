"""The objects of a Delphes event that jets are clustered from, and the references from jets to them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from data_prep.errors import InputFileError
from data_prep.jets.chunk import ParticleKind
from data_prep.readers import root
from data_prep.readers.assemble import Int64, float32
from data_prep.readers.faults import DAMAGED, faults

Values = npt.NDArray[Any]

GROUPS: tuple[tuple[str, ...], ...] = (
    ("EFlowTrack", "EFlowPhoton", "EFlowNeutralHadron"),
    ("ParticleFlowCandidate",),
    ("Track", "Tower"),
)
"""Collections of constituents: the first group of which the tree has a member is read, as far as it has them."""
_KINDS = {"EFlowPhoton": ParticleKind.PHOTON, "EFlowNeutralHadron": ParticleKind.NEUTRAL_HADRON}
_TRACK_KINDS = {11: ParticleKind.ELECTRON, 13: ParticleKind.MUON}


@dataclass(frozen=True)
class Collection:
    """A collection of objects: towers have ET and E; tracks have PT and, since Delphes 3.4.2, a mass.

    Attributes:
        name: as in `EFlowTrack`.
        names: the branches it is read from.
    """

    name: str
    names: tuple[str, ...]

    @classmethod
    def of(cls, name: str, tree: Any) -> Collection:
        """The collection of this name in an opened tree."""
        members = ("fUniqueID", "PT", "ET", "Eta", "Phi", "E", "Mass", "Charge", "PID")
        return cls(name, tuple(f"{name}.{member}" for member in members if f"{name}.{member}" in tree))

    def read(self, arrays: root.Arrays, file: Path) -> tuple[Int64, dict[str, Values]]:
        """The objects: offsets int64 [events + 1], and id, pt, eta, phi, energy, charge, kind [objects].

        Raises:
            InputFileError: a required branch is missing, or lists differ in length.
        """
        identifier = f"{self.name}.fUniqueID"
        if identifier not in self.names:
            raise InputFileError(f"lacks the branch {identifier}", file=file, remedy="keep it: jets refer to it")
        offsets, number = root.jagged(arrays, identifier, file)
        values = {
            name.rsplit(".", 1)[1]: root.aligned(arrays, name, file, offsets, identifier) for name in self.names[1:]
        }
        pt = values.get("PT", values.get("ET"))
        if pt is None or "Eta" not in values or "Phi" not in values:
            raise InputFileError(
                f"the collection {self.name} lacks PT or ET, Eta or Phi",
                file=file,
                remedy="keep them: they are the constituents",
            )
        energy = values.get("E")
        if energy is None:
            momentum = pt.astype(np.float64) * np.cosh(values["Eta"].astype(np.float64))
            energy = np.hypot(momentum, np.maximum(values.get("Mass", np.zeros(1)), 0.0))
        kinds = np.full(number.size, _KINDS.get(self.name, ParticleKind.UNKNOWN), np.uint8)
        charge = values.get("Charge", np.zeros(number.size))
        if "PID" in values:
            kinds[charge != 0] = ParticleKind.CHARGED_HADRON
            for pdg, code in _TRACK_KINDS.items():
                kinds[np.abs(values["PID"]) == pdg] = code
        columns = {"pt": pt, "eta": values["Eta"], "phi": values["Phi"], "energy": energy}
        return offsets, {
            "id": root.integers(number, identifier, file),
            **{name: float32(column) for name, column in columns.items()},
            "charge": charge,
            "kind": kinds,
        }


def collections(tree: Any, file: Path) -> tuple[Collection, ...]:
    """The collections that constituents are looked up in.

    Raises:
        InputFileError: there is none.
    """
    with faults(file):
        for group in GROUPS:
            present = [name for name in group if f"{name}.Eta" in tree]
            if present:
                return tuple(Collection.of(name, tree) for name in present)
    names = ", ".join(name for group in GROUPS for name in group)
    raise InputFileError(
        f"the tree '{tree.name}' has no collection of constituents ({names})",
        file=file,
        remedy="have Delphes write the branches that the jets were clustered from",
    )


def merged(pool: list[tuple[Int64, dict[str, Values]]]) -> tuple[Int64, dict[str, Values]]:
    """Several collections as one, event by event: offsets int64 [events + 1] and the columns [objects]."""
    events = pool[0][0].size - 1
    event = np.concatenate([np.repeat(np.arange(events), np.diff(offsets)) for offsets, _ in pool])
    order = np.argsort(event, kind="stable")
    columns = {name: np.concatenate([columns[name] for _, columns in pool])[order] for name in pool[0][1]}
    return np.concatenate([[0], np.cumsum(np.bincount(event, minlength=events))]).astype(np.int64), columns


def reference_branches(jets: str, tree: Any, file: Path) -> tuple[str, ...]:
    """The branches of the references: the TRefArray as Delphes writes it, or one branch for each of its members.

    Raises:
        InputFileError: neither exists.
    """
    array_branch, member_branches = f"{jets}.Constituents", (f"{jets}.Constituents.refs", f"{jets}.Constituents.fSize")
    with faults(file):
        if all(name in tree for name in member_branches):
            return member_branches
        if array_branch in tree:
            return (array_branch,)
    raise InputFileError(
        f"the tree '{tree.name}' lacks the branch {array_branch}",
        file=file,
        remedy="keep it: it refers to the jets' constituents",
    )


def references(arrays: root.Arrays, branches: tuple[str, ...], file: Path, jets: Int64) -> tuple[Int64, Int64, Int64]:
    """The references of all jets.

    Args:
        arrays: the branches.
        branches: `reference_branches`.
        file: for messages.
        jets: int64 [events + 1], the jets of each event.

    Returns:
        offsets int64 [jets + 1]; the references of each event, int64 [events + 1]; the references, int64.

    Raises:
        InputFileError: the number of jets differs from that of `jets`, or there are no references.
    """
    if len(branches) == 1:
        with faults(file):
            outer, offsets, numbers = root.lists_of_lists(arrays[branches[0]]["refs"], branches[0], file)
    else:
        lists, numbers = root.jagged(arrays, branches[0], file)
        outer, sizes = root.jagged(arrays, branches[1], file)
        sizes = root.integers(sizes, branches[1], file)
        offsets = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        if np.any(sizes < 0) or not np.array_equal(offsets[outer], lists):
            raise InputFileError(
                f"{branches[0]} and {branches[1]} hold different numbers of references", file=file, remedy=DAMAGED
            )
    if not np.array_equal(outer, jets):
        raise InputFileError(
            f"{branches[0]} is not of as many jets as the jets' own branches", file=file, remedy=DAMAGED
        )
    return offsets, offsets[outer], root.integers(numbers, branches[0], file)
