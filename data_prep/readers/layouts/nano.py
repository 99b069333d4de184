"""Base of the PFNano layouts: NanoAOD jets, generator matching and event numbers.

Source: NanoAOD's documentation of its content (cms-nanoaod-integration.web.cern.ch); PFNano
(github.com/cms-jet/PFNano).
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from data_prep.errors import InputFileError
from data_prep.jets.chunk import JetChunk
from data_prep.readers import root
from data_prep.readers.assemble import Int64, Values, assemble, charges_of, from_polar, kinds_of
from data_prep.readers.event_columns import (
    IDENTIFIERS,
    MATCHED,
    by_jet,
    event_numbers,
    matched_resonance,
    through_index,
)
from data_prep.readers.tree import NamedBranchesReader

TREE = "Events"
JETS = ("FatJet", "Jet")
"""The collections that have constituents: anti-kT jets of radius 0.8 and 0.4."""
PUPPI_JETS = ("FatJet",)
"""The PUPPI jets in every NanoAOD; `Jet` is CHS before NanoAODv10, and its constituents have no weight."""
RADIUS = {"FatJet": 0.8, "Jet": 0.4}
GEN_JETS = {"FatJet": ("GenJetAK8", "genJetAK8Idx"), "Jet": ("GenJet", "genJetIdx")}
"""The collection of generator jets, and the branch of the jets that points to it."""
LAST_COPY = 1 << 13
"""The bit `isLastCopy` of `GenPart_statusFlags`."""
LABELS = (
    ("bb", "FatJet_nBHadrons >= 2"),
    ("cc", "FatJet_nBHadrons == 0 and FatJet_nCHadrons >= 2"),
    ("other", "FatJet_nBHadrons <= 1 and FatJet_nCHadrons <= 1"),
)
"""The usual classes of `FatJet`."""
GENERATOR = ("GenPart_pt", "GenPart_eta", "GenPart_phi", "GenPart_pdgId", "GenPart_statusFlags")
_STORED = {"jet_sdmass": "msoftdrop", "jet_tau1": "tau1", "jet_tau2": "tau2", "jet_tau3": "tau3", "jet_tau4": "tau4"}


@dataclass(frozen=True)
class NanoReader(NamedBranchesReader):
    """Reads the jets of PFNano; an entry is an event. The two versions of PFNano list the constituents differently.

    Constituents of `FatJet` are multiplied by `puppiWeight`. The stated pT and mass are those before the jet energy
    correction, `(1 - rawFactor)` times the stored ones, because the constituents sum to these. The jet's pT and axis
    are the stored ones.

    Attributes:
        options: the classes, the collection of jets, whether PUPPI weights are applied.
        tree: the path of the tree.
    """

    tree: str = TREE

    @property
    @abstractmethod
    def lists(self) -> tuple[str, ...]:
        """The branches that list the constituents."""

    @abstractmethod
    def sorted_constituents(self, arrays: root.Arrays, file: Path, start: int) -> tuple[Int64, dict[str, Values]]:
        """The constituents, grouped by jet.

        Args:
            arrays: the branches.
            file: the file they are from.
            start: the first event, for messages.

        Returns:
            offsets, int64 [jets + 1], and the columns of `constituents`.

        Raises:
            InputFileError: a branch has the wrong type, or an index is out of range.
        """

    @property
    def jets(self) -> str:
        """The collection of jets.

        Raises:
            InputFileError: a collection that has no constituents.
        """
        name = self.options.jets or JETS[0]
        if name not in JETS:
            raise InputFileError(
                f"the jets '{name}' have no constituents in PFNano", remedy=f"name one of {', '.join(JETS)} by `jets:`"
            )
        return name

    @property
    def weighted(self) -> bool:
        """Whether the constituents are multiplied by their PUPPI weight."""
        return self.options.puppi == "apply" or (self.options.puppi == "layout" and self.jets in PUPPI_JETS)

    @property
    def required(self) -> tuple[str, ...]:
        """The branches a file must have."""
        names = [f"{self.jets}_{name}" for name in ("pt", "eta", "phi", "mass")]
        for name in self.options.columns:
            if name == MATCHED:
                names += GENERATOR
                continue
            names.append(name)
            collection, index = GEN_JETS[self.jets]
            if name.startswith(f"{collection}_"):
                names.append(f"{self.jets}_{index}")
        return *dict.fromkeys(names), *self.lists, "event"

    @property
    def optional(self) -> tuple[str, ...]:
        """The branches that are read where they exist."""
        return *IDENTIFIERS, *(f"{self.jets}_{name}" for name in ("rawFactor", *_STORED.values()))

    @property
    def constituents(self) -> tuple[str, ...]:
        """The quantities of the constituents that are read."""
        weight = ("puppiWeight",) if self.weighted else ()
        particles = ("charge", "pdgId") if self.options.particles else ()
        return "pt", "eta", "phi", "mass", *weight, *particles

    def offsets(self, arrays: root.Arrays, file: Path) -> Int64:
        """The jets of each event, int64 [events + 1]."""
        return root.jagged(arrays, f"{self.jets}_pt", file)[0]

    def chunk(self, arrays: root.Arrays, file: Path, start: int) -> JetChunk:
        """The jets of some events; see `TreeReader.chunk`.

        Raises:
            InputFileError: also if there is no event number.
        """
        offsets, columns = self.sorted_constituents(arrays, file, start)
        jets = self.offsets(arrays, file)
        jet_values = {
            name: self._jet_branch(arrays, name, file, jets)
            for name in ("pt", "eta", "phi", "mass", "rawFactor", *_STORED.values())
            if f"{self.jets}_{name}" in arrays
        }
        raw = 1 - np.asarray(jet_values.get("rawFactor", np.zeros(1)), np.float64)
        pt, eta, phi, mass = (columns[name] for name in ("pt", "eta", "phi", "mass"))
        return assemble(
            from_polar(offsets, pt, eta, phi, mass=mass, weight=columns.get("puppiWeight")),
            self.options,
            file,
            columns=self._columns(arrays, file, jets, jet_values),
            event=np.repeat(_identifiers(arrays, file), np.diff(jets)),
            axis=(jet_values["pt"], jet_values["eta"], jet_values["phi"]),
            stated=(jet_values["pt"] * raw, jet_values["mass"] * raw),
            stored={feature: jet_values[name] for feature, name in _STORED.items() if name in jet_values},
            particles=(charges_of(columns["charge"]), kinds_of(columns["pdgId"])) if self.options.particles else None,
            jets_of=jets,
        )

    def _jet_branch(self, arrays: root.Arrays, name: str, file: Path, jets: Int64) -> Values:
        return root.aligned(arrays, f"{self.jets}_{name}", file, jets, f"{self.jets}_pt")

    def _columns(
        self, arrays: root.Arrays, file: Path, jets: Int64, jet_values: dict[str, Values]
    ) -> dict[str, Values]:
        collection, index = GEN_JETS[self.jets]
        columns: dict[str, Values] = {}
        for name in self.options.columns:
            if name == MATCHED:
                offsets, pid = root.jagged(arrays, "GenPart_pdgId", file)
                eta, phi, flags = (
                    root.aligned(arrays, f"GenPart_{quantity}", file, offsets, "GenPart_pdgId")
                    for quantity in ("eta", "phi", "statusFlags")
                )
                last_copy = (flags & LAST_COPY) != 0
                matched = matched_resonance(
                    jets, jet_values["eta"], jet_values["phi"], (offsets, eta, phi, pid), last_copy, RADIUS[self.jets]
                )
                columns[name] = matched
            elif name.startswith(f"{collection}_"):
                offsets, values = root.jagged(arrays, name, file)
                columns[name] = through_index(values, offsets, self._jet_branch(arrays, index, file, jets), jets)
            else:
                columns |= by_jet(arrays, (name,), file, jets, f"{self.jets}_pt")
        return columns


def _identifiers(arrays: root.Arrays, file: Path) -> Values:
    """Event identifiers, uint64 [events]; every NanoAOD has a branch `event`."""
    identifiers = event_numbers(arrays, file)
    if identifiers is None:
        raise InputFileError("lacks the branch event", file=file, remedy="keep run, luminosityBlock and event")
    return identifiers
