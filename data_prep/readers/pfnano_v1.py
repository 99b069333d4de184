"""The PFNano layout, version 1: NanoAOD with a list of constituents, `FatJetPFCands_*`, each with its jet's index.

Source: PFNano (github.com/cms-jet/PFNano), branch for NanoAOD 10_2_X.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from data_prep.constituents import JetChunk
from data_prep.readers import root
from data_prep.readers.event_columns import refuse_index
from data_prep.readers.grouping import by_jet_index
from data_prep.readers.nano import TREE, NanoJets
from data_prep.readers.tree import TreeReader

SIGNATURE = ("FatJet_pt", "FatJetPFCands_pt", "FatJetPFCands_eta", "FatJetPFCands_phi", "FatJetPFCands_jetIdx")


@dataclass(frozen=True)
class PFNanoV1Reader(TreeReader):
    """Reads PFNano v1 files; an entry is an event; a `data_prep.readers.Reader`.

    Attributes:
        options: see there; constituents of `FatJet` are multiplied by `puppiWeight`.
        tree: where the events are.
    """

    tree: str = TREE
    title = "PFNano v1"

    @property
    def required(self) -> tuple[str, ...]:
        """The branches a file must have."""
        jets = NanoJets(self.options)
        lists = (*jets.constituents, "jetIdx")
        return *jets.required, *(f"{jets.jets}PFCands_{name}" for name in lists), "event"

    @property
    def optional(self) -> tuple[str, ...]:
        """The branches that are read where they are."""
        return NanoJets(self.options).optional

    def chunk(self, piece: root.Piece, file: Path, start: int) -> JetChunk:
        """The jets of some events; see `TreeReader.chunk`."""
        jets = NanoJets(self.options)
        prefix = f"{jets.jets}PFCands_"
        lists, index = root.jagged(piece, f"{prefix}jetIdx", file)
        offsets, rows, bad = by_jet_index(jets.offsets(piece, file), lists, index.astype("int64"))
        if bad >= 0:
            raise refuse_index(bad, start, f"{prefix}jetIdx", jets.jets, file)
        columns = {
            name: root.aligned(piece, f"{prefix}{name}", file, lists, f"{prefix}jetIdx")[rows]
            for name in jets.constituents
        }
        return jets.chunk(piece, file, offsets, columns)
