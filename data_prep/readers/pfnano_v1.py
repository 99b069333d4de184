"""The PFNano layout, version 1: NanoAOD with a list of constituents, `FatJetPFCands_*`, each with its jet's index.

Source: PFNano (github.com/cms-jet/PFNano), branch for NanoAOD 10_2_X.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from data_prep.constituents import JetChunk
from data_prep.readers import DEFAULTS, Options, root
from data_prep.readers.assemble import charges_of, from_polar, kinds_of
from data_prep.readers.event_columns import refuse_index
from data_prep.readers.grouping import by_jet_index
from data_prep.readers.nano import TREE, NanoJets, identifiers

SIGNATURE = ("FatJet_pt", "FatJetPFCands_pt", "FatJetPFCands_eta", "FatJetPFCands_phi", "FatJetPFCands_jetIdx")


@dataclass(frozen=True)
class PFNanoV1Reader:
    """Reads PFNano v1 files; an entry is an event; a `data_prep.readers.Reader`.

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
            root.require(tree, file, self.required, "PFNano v1")
            return int(tree.num_entries)

    @property
    def required(self) -> tuple[str, ...]:
        """The branches a file must have."""
        jets = NanoJets(self.options)
        names = ["pt", "eta", "phi", "mass", "jetIdx"]
        names += ["puppiWeight"] * jets.weighted + ["charge", "pdgId"] * self.options.particles
        return *jets.required, *(f"{jets.jets}PFCands_{name}" for name in names), "event"

    def read(self, file: Path, start: int, stop: int) -> JetChunk:
        """The jets of the events `start` to `stop - 1`.

        Raises:
            InputFileError: the file cannot be read, lacks a branch, is damaged or an index points nowhere.
        """
        jets = NanoJets(self.options)
        with root.open_tree(file, self.tree) as tree:
            root.require(tree, file, self.required, "PFNano v1")
            optional = [name for name in jets.optional if name in tree]
            piece = root.read(tree, file, (*self.required, *optional), start, stop)
        prefix = f"{jets.jets}PFCands_"
        lists, index = root.jagged(piece, f"{prefix}jetIdx", file)
        offsets, rows, bad = by_jet_index(jets.offsets(piece, file), lists, index.astype("int64"))
        if bad >= 0:
            raise refuse_index(bad, start, f"{prefix}jetIdx", jets.jets, file)
        names = self.required
        columns = {
            name.removeprefix(prefix): root.aligned(piece, name, file, lists, f"{prefix}jetIdx")[rows]
            for name in names
            if name.startswith(prefix)
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
