"""The Delphes layout: events whose jets refer to their constituents by unique number (`Jet.Constituents`).

A reference is the `fUniqueID` of an object of another collection of the event: with particle flow EFlowTrack,
EFlowPhoton and EFlowNeutralHadron, or ParticleFlowCandidate, else Track and Tower. Delphes numbers the objects of each
event from the start, so that the numbers are unique there; their top byte is ROOT's process id (`by_reference`). A jet
whose references lead to no object would silently lose constituents, so that this is an error. Constituents carry no
pile-up weight.

No event number is unique over files (`Event.Number` starts again in each), so that the identifier is a hash of the
event's jets.

Source: Delphes 3, `classes/DelphesClasses.h`, and its manual on the tree's content (J. de Favereau et al.,
arXiv:1307.6346).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from data_prep.errors import InputFileError
from data_prep.jets.chunk import JetChunk
from data_prep.jets.event_identifiers import content_hash
from data_prep.readers import DEFAULTS, Options, root
from data_prep.readers.assemble import Int64, assemble, charges_of, float32, from_polar
from data_prep.readers.event_columns import MATCHED, by_jet, matched_resonance
from data_prep.readers.float_warnings import without_float_warnings
from data_prep.readers.grouping import by_reference
from data_prep.readers.layout import Layout
from data_prep.readers.layouts.delphes_objects import collections, merged, reference_branches, references

Values = npt.NDArray[Any]

TREE = "Delphes"
JETS = "Jet"
SIGNATURE = ("Jet.PT|FatJet.PT", "Jet.Constituents|Jet.Constituents.refs|FatJet.Constituents")
RADIUS = 0.8
"""The largest ΔR between a jet and the resonance that labels it."""
RESONANCE = (22, 62)
"""The statuses of a resonance in Pythia 8: of the hardest process, and the last copy before its decay."""
_GENERATOR = ("Particle.PID", "Particle.Eta", "Particle.Phi", "Particle.Status")
_KINEMATICS = ("PT", "Eta", "Phi", "Mass")


@dataclass(frozen=True)
class DelphesReader:
    """Reads Delphes files; an entry is an event; a `data_prep.readers.Reader`.

    Attributes:
        options: see there; `jets` names the collection, `Jet` by default. Labels are branches as `Jet.Flavor == 5`, or
            `matched_pdgId`, see `data_prep.readers.event_columns`.
        tree: the path of the tree.
    """

    options: Options = DEFAULTS
    tree: str = TREE

    @property
    def jets(self) -> str:
        """The collection of jets."""
        return self.options.jets or JETS

    @property
    def required(self) -> tuple[str, ...]:
        """The branches a file must have, besides those of references and constituents."""
        columns = [name for name in self.options.columns if name != MATCHED]
        columns += _GENERATOR if MATCHED in self.options.columns else ()
        return *(f"{self.jets}.{name}" for name in _KINEMATICS), *columns

    def count(self, file: Path) -> int:
        """Check the file; the number of events in it.

        Raises:
            InputFileError: the file cannot be read or lacks a branch.
        """
        with root.open_tree(file, self.tree) as tree:
            root.require(tree, file, self.required, "Delphes")
            reference_branches(self.jets, tree, file)
            collections(tree, file)
            return int(tree.num_entries)

    @without_float_warnings
    def read(self, file: Path, start: int, stop: int) -> JetChunk:
        """The jets of the events `start` to `stop - 1`.

        Raises:
            InputFileError: the file cannot be read, lacks a branch, is damaged or a reference leads to no object.
        """
        with root.open_tree(file, self.tree) as tree:
            root.require(tree, file, self.required, "Delphes")
            pointers = reference_branches(self.jets, tree, file)
            pool = collections(tree, file)
            branches = [*self.required, *pointers, *(name for collection in pool for name in collection.names)]
            root.require(tree, file, branches, "Delphes")
            arrays = root.read(tree, file, branches, start, stop)
        jets = root.jagged(arrays, f"{self.jets}.PT", file)[0]
        jet_values = {
            name: root.aligned(arrays, f"{self.jets}.{name}", file, jets, f"{self.jets}.PT") for name in _KINEMATICS
        }
        offsets, lists, reference = references(arrays, pointers, file, jets)
        targets, objects = merged([collection.read(arrays, file) for collection in pool])
        rows, unresolved, ambiguous = by_reference(lists, reference, targets, objects["id"])
        if unresolved:
            raise InputFileError(
                f"{unresolved} of {rows.size} references in {self.jets}.Constituents lead to nothing in "
                + ", ".join(collection.name for collection in pool),
                file=file,
                remedy="have Delphes write the branches that the jets were clustered from",
            )
        if ambiguous:
            raise InputFileError(
                f"{ambiguous} of {rows.size} references in {self.jets}.Constituents lead to several objects: different "
                "ROOT processes gave them the same number",
                file=file,
                remedy="give the output of single Delphes runs, not events merged from several runs",
            )
        columns = {name: values[rows] for name, values in objects.items()}
        pt, eta, phi, mass = (float32(jet_values[name]) for name in _KINEMATICS)
        event = content_hash(jets, (pt, eta, phi, mass))
        return assemble(
            from_polar(offsets, columns["pt"], columns["eta"], columns["phi"], energy=columns["energy"]),
            self.options,
            file,
            columns=self._columns(arrays, file, jets, jet_values),
            event=np.repeat(event, np.diff(jets)),
            axis=(jet_values["PT"], jet_values["Eta"], jet_values["Phi"]),
            stated=(jet_values["PT"], jet_values["Mass"]),
            particles=(charges_of(columns["charge"]), columns["kind"]) if self.options.particles else None,
            jets_of=jets,
        )

    def _columns(
        self, arrays: root.Arrays, file: Path, jets: Int64, jet_values: dict[str, Values]
    ) -> dict[str, Values]:
        branch_columns = [name for name in self.options.columns if name != MATCHED]
        columns = by_jet(arrays, branch_columns, file, jets, f"{self.jets}.PT")
        if MATCHED in self.options.columns:
            offsets, pid = root.jagged(arrays, _GENERATOR[0], file)
            eta, phi, status = (root.aligned(arrays, name, file, offsets, _GENERATOR[0]) for name in _GENERATOR[1:])
            last_copy = np.isin(status, RESONANCE)
            matched = matched_resonance(
                jets, jet_values["Eta"], jet_values["Phi"], (offsets, eta, phi, pid), last_copy, RADIUS
            )
            columns[MATCHED] = matched
        return columns


LAYOUT = Layout(
    title="Delphes",
    container="root",
    tree=TREE,
    signature=SIGNATURE,
    entry="event",
    reader=DelphesReader,
    labels=(
        ("b", "Jet.Flavor == 5"),
        ("c", "Jet.Flavor == 4"),
        ("light", "Jet.Flavor <= 3"),
        ("g", "Jet.Flavor == 21"),
    ),
    collections=True,
)
