"""What the PFNano layouts share: NanoAOD jets, gen matching and event numbers around lists of constituents.

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
"""The collections that have constituents: anti-kT 0.8 and 0.4."""
PUPPI_JETS = ("FatJet",)
"""Those that are PUPPI jets in every NanoAOD; `Jet` is CHS before NanoAODv10, whose constituents have no weight."""
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
    """The jets side of a PFNano reader; an entry is an event. A version says how the constituents are listed.

    Constituents of `FatJet` are multiplied by `puppiWeight`. The stated pT and mass are those before the jet energy
    correction, `(1 - rawFactor)` times the stored ones, which are what the constituents sum to. The jet's own pT and
    axis are the stored ones.

    Attributes:
        options: the classes, the collection of jets, whether PUPPI weights are applied.
        tree: where the events are.
    """

    tree: str = TREE

    @property
    @abstractmethod
    def lists(self) -> tuple[str, ...]:
        """The branches that list the constituents."""

    @abstractmethod
    def sorted_constituents(self, piece: root.Piece, file: Path, start: int) -> tuple[Int64, dict[str, Values]]:
        """The constituents, sorted to their jets.

        Args:
            piece: the branches.
            file: where they are from.
            start: the first event, for messages.

        Returns:
            offsets, int64 [jets + 1], and the columns of `constituents`.

        Raises:
            InputFileError: a branch holds something else than it should, or an index points nowhere.
        """

    @property
    def jets(self) -> str:
        """The collection of jets.

        Raises:
            InputFileError: one that has no constituents.
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
        """The branches that are read where they are."""
        return *IDENTIFIERS, *(f"{self.jets}_{name}" for name in ("rawFactor", *_STORED.values()))

    @property
    def constituents(self) -> tuple[str, ...]:
        """What is read of the constituents."""
        weight = ("puppiWeight",) if self.weighted else ()
        particles = ("charge", "pdgId") if self.options.particles else ()
        return "pt", "eta", "phi", "mass", *weight, *particles

    def offsets(self, piece: root.Piece, file: Path) -> Int64:
        """The jets of each event, int64 [events + 1]."""
        return root.jagged(piece, f"{self.jets}_pt", file)[0]

    def chunk(self, piece: root.Piece, file: Path, start: int) -> JetChunk:
        """The jets of some events; see `TreeReader.chunk`.

        Raises:
            InputFileError: also where there is no event number.
        """
        offsets, columns = self.sorted_constituents(piece, file, start)
        jets = self.offsets(piece, file)
        own = {
            name: self._own(piece, name, file, jets)
            for name in ("pt", "eta", "phi", "mass", "rawFactor", *_STORED.values())
            if f"{self.jets}_{name}" in piece
        }
        raw = 1 - np.asarray(own.get("rawFactor", np.zeros(1)), np.float64)
        pt, eta, phi, mass = (columns[name] for name in ("pt", "eta", "phi", "mass"))
        return assemble(
            from_polar(offsets, pt, eta, phi, mass=mass, weight=columns.get("puppiWeight")),
            self.options,
            file,
            columns=self._columns(piece, file, jets, own),
            event=np.repeat(_identifiers(piece, file), np.diff(jets)),
            axis=(own["pt"], own["eta"], own["phi"]),
            stated=(own["pt"] * raw, own["mass"] * raw),
            stored={feature: own[name] for feature, name in _STORED.items() if name in own},
            particles=(charges_of(columns["charge"]), kinds_of(columns["pdgId"])) if self.options.particles else None,
            jets_of=jets,
        )

    def _own(self, piece: root.Piece, name: str, file: Path, jets: Int64) -> Values:
        return root.aligned(piece, f"{self.jets}_{name}", file, jets, f"{self.jets}_pt")

    def _columns(self, piece: root.Piece, file: Path, jets: Int64, own: dict[str, Values]) -> dict[str, Values]:
        collection, index = GEN_JETS[self.jets]
        columns: dict[str, Values] = {}
        for name in self.options.columns:
            if name == MATCHED:
                offsets, pid = root.jagged(piece, "GenPart_pdgId", file)
                eta, phi, flags = (
                    root.aligned(piece, f"GenPart_{what}", file, offsets, "GenPart_pdgId")
                    for what in ("eta", "phi", "statusFlags")
                )
                last = (flags & LAST_COPY) != 0
                found = matched_resonance(
                    jets, own["eta"], own["phi"], (offsets, eta, phi, pid), last, RADIUS[self.jets]
                )
                columns[name] = found
            elif name.startswith(f"{collection}_"):
                offsets, values = root.jagged(piece, name, file)
                columns[name] = through_index(values, offsets, self._own(piece, index, file, jets), jets)
            else:
                columns |= by_jet(piece, (name,), file, jets, f"{self.jets}_pt")
        return columns


def _identifiers(piece: root.Piece, file: Path) -> Values:
    """Event identifiers, uint64 [events]; NanoAOD without a branch `event` cannot be."""
    found = event_numbers(piece, file)
    if found is None:
        raise InputFileError("lacks the branch event", file=file, remedy="keep run, luminosityBlock and event")
    return found
