"""The PFNano layout, version 2: NanoAOD with `PFCands_*` and, for each jet, a list of indices into it.

`FatJetPFCands_jetIdx` is the index of the jet, `FatJetPFCands_pFCandsIdx` that of the candidate.

Source: PFNano (github.com/cms-jet/PFNano), branches for NanoAOD 10_6_X and later.
"""

from __future__ import annotations

from pathlib import Path

from data_prep.readers import root
from data_prep.readers.assemble import Int64, Values
from data_prep.readers.event_columns import refuse_index
from data_prep.readers.grouping import by_jet_index, rows_in_event
from data_prep.readers.layout import Layout
from data_prep.readers.layouts.nano import LABELS, TREE, NanoReader

SIGNATURE = (
    "FatJet_pt",
    "FatJetPFCands_jetIdx",
    "FatJetPFCands_pFCandsIdx",
    "PFCands_pt",
    "PFCands_eta",
    "PFCands_phi",
    "PFCands_mass",
)


class PFNanoV2Reader(NanoReader):
    """Reads PFNano v2 files; a `data_prep.readers.Reader`."""

    title = "PFNano v2"

    @property
    def lists(self) -> tuple[str, ...]:
        """The branches that list the constituents."""
        return *self._indices, *(f"PFCands_{name}" for name in self.constituents)

    @property
    def _indices(self) -> tuple[str, str]:
        """The branches of the indices of jet and candidate."""
        return f"{self.jets}PFCands_jetIdx", f"{self.jets}PFCands_pFCandsIdx"

    def sorted_constituents(self, arrays: root.Arrays, file: Path, start: int) -> tuple[Int64, dict[str, Values]]:
        """The constituents, grouped by jet; see `NanoReader.sorted_constituents`."""
        jet_index, candidate_index = self._indices
        lists, index = root.jagged(arrays, jet_index, file)
        candidates = root.aligned(arrays, candidate_index, file, lists, jet_index)
        pool = root.jagged(arrays, "PFCands_pt", file)[0]
        candidate, bad_event = rows_in_event(lists, root.integers(candidates, candidate_index, file), pool)
        if bad_event >= 0:
            raise refuse_index(bad_event, start, candidate_index, "PFCands", file)
        offsets, rows, bad_event = by_jet_index(
            self.offsets(arrays, file), lists, root.integers(index, jet_index, file)
        )
        if bad_event >= 0:
            raise refuse_index(bad_event, start, jet_index, self.jets, file)
        rows = candidate[rows]
        return offsets, {
            name: root.aligned(arrays, f"PFCands_{name}", file, pool, "PFCands_pt")[rows] for name in self.constituents
        }


LAYOUT = Layout(
    title=PFNanoV2Reader.title,
    container="root",
    tree=TREE,
    signature=SIGNATURE,
    entry="event",
    reader=PFNanoV2Reader,
    labels=LABELS,
    puppi=True,
    collections=True,
)
