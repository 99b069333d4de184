"""The PFNano layout, version 2: NanoAOD with `PFCands_*` and, for each jet, a list of indices into it.

`FatJetPFCands_jetIdx` says of which jet, `FatJetPFCands_pFCandsIdx` which candidate.

Source: PFNano (github.com/cms-jet/PFNano), branches for NanoAOD 10_6_X and later.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from data_prep.constituents import JetChunk
from data_prep.readers import root
from data_prep.readers.event_columns import refuse_index
from data_prep.readers.grouping import by_jet_index, rows_in_event
from data_prep.readers.nano import TREE, NanoJets
from data_prep.readers.tree import TreeReader

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
class PFNanoV2Reader(TreeReader):
    """Reads PFNano v2 files; an entry is an event; a `data_prep.readers.Reader`.

    Attributes:
        options: see there; constituents of `FatJet` are multiplied by `puppiWeight`.
        tree: where the events are.
    """

    tree: str = TREE
    title = "PFNano v2"

    @property
    def required(self) -> tuple[str, ...]:
        """The branches a file must have."""
        jets = NanoJets(self.options)
        index = (f"{jets.jets}PFCands_jetIdx", f"{jets.jets}PFCands_pFCandsIdx")
        return *jets.required, *index, *(f"PFCands_{name}" for name in jets.constituents), "event"

    @property
    def optional(self) -> tuple[str, ...]:
        """The branches that are read where they are."""
        return NanoJets(self.options).optional

    def chunk(self, piece: root.Piece, file: Path, start: int) -> JetChunk:
        """The jets of some events; see `TreeReader.chunk`."""
        jets = NanoJets(self.options)
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
            name: root.aligned(piece, f"PFCands_{name}", file, pool, "PFCands_pt")[rows] for name in jets.constituents
        }
        return jets.chunk(piece, file, offsets, columns)
