"""The PFNano layout, version 2: NanoAOD with `PFCands_*` and, for each jet, a list of indices into it.

`FatJetPFCands_jetIdx` says of which jet, `FatJetPFCands_pFCandsIdx` which candidate.

Source: PFNano (github.com/cms-jet/PFNano), branches for NanoAOD 10_6_X and later.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from data_prep.constituents import JetChunk
from data_prep.readers import DEFAULTS, Options, root
from data_prep.readers.assemble import charges_of, from_polar, kinds_of
from data_prep.readers.event_columns import refuse_index
from data_prep.readers.grouping import by_jet_index, rows_in_event
from data_prep.readers.nano import TREE, NanoJets, identifiers

SIGNATURE = (
    "FatJet_pt",
    "FatJetPFCands_jetIdx",
    "FatJetPFCands_pFCandsIdx",
    "PFCands_pt",
    "PFCands_eta",
    "PFCands_phi",
    "PFCands_mass",
)


@dataclass(frozen=True)
class PFNanoV2Reader:
    """Reads PFNano v2 files; an entry is an event; a `data_prep.readers.Reader`.

    Attributes:
        options: see there; constituents of `FatJet` are multiplied by `puppiWeight`.
        tree: where the events are.
    """

    options: Options = DEFAULTS
    tree: str = TREE

    def count(self, file: Path) -> int:
        """Check the file; the number of events in it.

        Raises:
            InputFileError: the file cannot be read or lacks a branch.
        """
        with root.open_tree(file, self.tree) as tree:
            root.require(tree, file, self.required, "PFNano v2")
            return int(tree.num_entries)

    @property
    def candidates(self) -> tuple[str, ...]:
        """The branches of the candidates."""
        names = ["pt", "eta", "phi", "mass"]
        names += ["puppiWeight"] * NanoJets(self.options).weighted + ["charge", "pdgId"] * self.options.particles
        return tuple(f"PFCands_{name}" for name in names)

    @property
    def required(self) -> tuple[str, ...]:
        """The branches a file must have."""
        jets = NanoJets(self.options)
        index = (f"{jets.jets}PFCands_jetIdx", f"{jets.jets}PFCands_pFCandsIdx")
        return *jets.required, *index, *self.candidates, "event"

    def read(self, file: Path, start: int, stop: int) -> JetChunk:
        """The jets of the events `start` to `stop - 1`.

        Raises:
            InputFileError: the file cannot be read, lacks a branch, is damaged or an index points nowhere.
        """
        jets = NanoJets(self.options)
        with root.open_tree(file, self.tree) as tree:
            root.require(tree, file, self.required, "PFNano v2")
            optional = [name for name in jets.optional if name in tree]
            piece = root.read(tree, file, (*self.required, *optional), start, stop)
        jet_index, candidate_index = f"{jets.jets}PFCands_jetIdx", f"{jets.jets}PFCands_pFCandsIdx"
        lists, index = root.jagged(piece, jet_index, file)
        chosen = root.aligned(piece, candidate_index, file, lists, jet_index)
        pool = root.jagged(piece, "PFCands_pt", file)[0]
        candidate, bad = rows_in_event(lists, chosen.astype("int64"), pool)
        if bad >= 0:
            raise refuse_index(bad, start, candidate_index, "PFCands", file)
        offsets, rows, bad = by_jet_index(jets.offsets(piece, file), lists, index.astype("int64"))
        if bad >= 0:
            raise refuse_index(bad, start, jet_index, jets.jets, file)
        rows = candidate[rows]
        columns = {
            name.removeprefix("PFCands_"): root.aligned(piece, name, file, pool, "PFCands_pt")[rows]
            for name in self.candidates
        }
        constituents = from_polar(
            offsets,
            columns["pt"],
            columns["eta"],
            columns["phi"],
            mass=columns["mass"],
            weight=columns.get("puppiWeight"),
        )
        particles = (charges_of(columns["charge"]), kinds_of(columns["pdgId"])) if self.options.particles else None
        return jets.chunk(piece, file, constituents, identifiers(piece, file), particles)
