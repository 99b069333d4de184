"""The PFNano layout, version 1: NanoAOD with a list of constituents, `FatJetPFCands_*`, each with its jet's index.

Source: PFNano (github.com/cms-jet/PFNano), branch for NanoAOD 10_2_X.
"""

from __future__ import annotations

from pathlib import Path

from data_prep.readers import root
from data_prep.readers.assemble import Int64, Values
from data_prep.readers.event_columns import refuse_index
from data_prep.readers.grouping import by_jet_index
from data_prep.readers.layout import Layout
from data_prep.readers.layouts.nano import LABELS, TREE, NanoReader

SIGNATURE = ("FatJet_pt", "FatJetPFCands_pt", "FatJetPFCands_eta", "FatJetPFCands_phi", "FatJetPFCands_jetIdx")


class PFNanoV1Reader(NanoReader):
    """Reads PFNano v1 files; a `data_prep.readers.Reader`."""

    title = "PFNano v1"

    @property
    def lists(self) -> tuple[str, ...]:
        """The branches that list the constituents."""
        return tuple(f"{self.jets}PFCands_{name}" for name in (*self.constituents, "jetIdx"))

    def sorted_constituents(self, arrays: root.Arrays, file: Path, start: int) -> tuple[Int64, dict[str, Values]]:
        """The constituents, grouped by jet; see `NanoReader.sorted_constituents`."""
        prefix = f"{self.jets}PFCands_"
        lists, index = root.jagged(arrays, f"{prefix}jetIdx", file)
        offsets, rows, bad_event = by_jet_index(
            self.offsets(arrays, file), lists, root.integers(index, f"{prefix}jetIdx", file)
        )
        if bad_event >= 0:
            raise refuse_index(bad_event, start, f"{prefix}jetIdx", self.jets, file)
        return offsets, {
            name: root.aligned(arrays, f"{prefix}{name}", file, lists, f"{prefix}jetIdx")[rows]
            for name in self.constituents
        }


LAYOUT = Layout(
    title=PFNanoV1Reader.title,
    container="root",
    tree=TREE,
    signature=SIGNATURE,
    entry="event",
    reader=PFNanoV1Reader,
    labels=LABELS,
    puppi=True,
    collections=True,
)
