"""The CMS Open Data layout for H→bb tagging: one entry an AK8 jet, constituents relative to it (`pfcand_*rel`).

`pfcand_ptrel` and `pfcand_erel` are fractions of the jet's pT and energy, `pfcand_etarel` is sign(η_jet)·(η − η_jet),
`pfcand_phirel` is φ − φ_jet; they are converted to absolute values. The pT fractions are those of the candidates that
the jet was clustered from, so that PUPPI weights are applied only with `puppi: apply`.

Source: CMS Open Data record 12102 (doi:10.7483/OPENDATA.CMS.JGJX.MS7Q) and its ntuple producer's list of variables
(github.com/cms-legacydata-analyses/HiggsToBBNtupleProducerTool).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from data_prep.jets.chunk import JetChunk, ParticleKind
from data_prep.jets.event_identifiers import content_hash, number_hash
from data_prep.readers import root
from data_prep.readers.assemble import assemble, charges_of, flagged_kinds, from_polar
from data_prep.readers.layout import Layout
from data_prep.readers.tree import NamedBranchesReader

TREE = "deepntuplizer/tree"
RELATIVE = ("pfcand_ptrel", "pfcand_erel", "pfcand_etarel", "pfcand_phirel")
JET = ("fj_pt", "fj_eta", "fj_phi", "fj_mass")
SIGNATURE = (*RELATIVE, *JET)
EVENT = "event_no"
WEIGHT = "pfcand_puppiw"
CHARGE = "pfcand_charge"
KINDS = {
    "pfcand_isChargedHad": ParticleKind.CHARGED_HADRON,
    "pfcand_isNeutralHad": ParticleKind.NEUTRAL_HADRON,
    "pfcand_isGamma": ParticleKind.PHOTON,
    "pfcand_isEl": ParticleKind.ELECTRON,
    "pfcand_isMu": ParticleKind.MUON,
}
STORED = {"jet_sdmass": "fj_sdmass", "jet_tau1": "fj_tau1", "jet_tau2": "fj_tau2", "jet_tau3": "fj_tau3"}


@dataclass(frozen=True)
class HiggsToBBReader(NamedBranchesReader):
    """Reads the H→bb ntuples; an entry is a jet; a `data_prep.readers.Reader`.

    Attributes:
        options: see there; labels are branches as `fj_isH`, `fj_isQCD` or `fj_label == 41`.
        tree: the path of the tree.
    """

    tree: str = TREE
    title = "HiggsToBB"

    @property
    def required(self) -> tuple[str, ...]:
        """The branches a file must have."""
        weight = (WEIGHT,) if self.options.puppi == "apply" else ()
        particles = (CHARGE, *KINDS) if self.options.particles else ()
        return *RELATIVE, *JET, *weight, *particles, *self.options.columns

    @property
    def optional(self) -> tuple[str, ...]:
        """The branches that are read where they exist."""
        return EVENT, *STORED.values()

    def chunk(self, arrays: root.Arrays, file: Path, start: int) -> JetChunk:
        """The jets of some entries; see `TreeReader.chunk`."""
        offsets, ptrel = root.jagged(arrays, "pfcand_ptrel", file)
        lists = {
            name: root.aligned(arrays, name, file, offsets, "pfcand_ptrel")
            for name in self.required
            if name.startswith("pfcand_") and name not in self.options.columns
        }
        numbers = {
            name: root.flat(arrays, name, file) for name in arrays if name not in lists and name != "pfcand_ptrel"
        }
        pt, eta, phi, mass = (np.asarray(numbers[name], np.float64) for name in JET)
        sizes = np.diff(offsets)
        side = np.where(eta > 0, 1.0, -1.0)
        jet_energy = np.sqrt((pt * np.cosh(eta)) ** 2 + mass**2)
        constituents = from_polar(
            offsets,
            ptrel * np.repeat(pt, sizes),
            lists["pfcand_etarel"] * np.repeat(side, sizes) + np.repeat(eta, sizes),
            lists["pfcand_phirel"] + np.repeat(phi, sizes),
            energy=lists["pfcand_erel"] * np.repeat(jet_energy, sizes),
            weight=lists.get(WEIGHT) if self.options.puppi == "apply" else None,
        )
        particles = None
        if self.options.particles:
            particles = charges_of(lists[CHARGE]), flagged_kinds({code: lists[name] for name, code in KINDS.items()})
        event = number_hash(numbers[EVENT]) if EVENT in numbers else content_hash(offsets, constituents.cartesian)
        return assemble(
            constituents,
            self.options,
            file,
            columns=numbers,
            event=event,
            axis=(pt, eta, phi),
            stated=(pt, mass),
            stored={feature: numbers[name] for feature, name in STORED.items() if name in numbers},
            particles=particles,
        )


LAYOUT = Layout(
    title="CMS Open Data HiggsToBB",
    container="root",
    tree=TREE,
    signature=SIGNATURE,
    entry="jet",
    reader=HiggsToBBReader,
    labels=tuple((name, f"fj_is{name}") for name in ("H", "Top", "W", "Z", "QCD")),
    puppi=True,
)
