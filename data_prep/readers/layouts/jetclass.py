"""The JetClass layout: one entry a jet, `part_*` lists, `jet_*` numbers, one-hot `label_*`.

Source: H. Qu, C. Li, S. Qian, "Particle Transformer for Jet Tagging", arXiv:2202.03772, and its data set
(doi:10.5281/zenodo.6619768). Both forms of the lists are read, `vector<float>` as in that data set and `npart` with
`float[npart]` as uproot writes them, and labels of any number type.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from data_prep.jets.chunk import STORED_FEATURES, JetChunk, ParticleKind
from data_prep.jets.event_identifiers import content_hash
from data_prep.readers import root
from data_prep.readers.assemble import assemble, charges_of, flagged_kinds, from_cartesian
from data_prep.readers.layout import Layout
from data_prep.readers.tree import NamedBranchesReader

TREE = "tree"
MOMENTA = ("part_px", "part_py", "part_pz", "part_energy")
AXIS = ("jet_pt", "jet_eta", "jet_phi")
ENERGY = "jet_energy"
EVENT = "aux_event"
CHARGE = "part_charge"
KINDS = {
    "part_isChargedHadron": ParticleKind.CHARGED_HADRON,
    "part_isNeutralHadron": ParticleKind.NEUTRAL_HADRON,
    "part_isPhoton": ParticleKind.PHOTON,
    "part_isElectron": ParticleKind.ELECTRON,
    "part_isMuon": ParticleKind.MUON,
}
SIGNATURE = MOMENTA
"""The branches by which this layout is recognised."""
_LABELS = ("QCD", "Hbb", "Hcc", "Hgg", "H4q", "Hqql", "Zqq", "Wqq", "Tbqq", "Tbl")


@dataclass(frozen=True)
class JetClassReader(NamedBranchesReader):
    """Reads JetClass files; a `data_prep.readers.Reader`.

    Where one of `jet_pt`, `jet_eta` and `jet_phi` is missing, the jet is the sum of its constituents. Where there is no
    `aux_event`, the event identifier is a hash of the constituents. The constituents carry no pile-up weight.

    Attributes:
        options: the classes, and whether charge and particle kind are read too.
        tree: the path of the tree.
    """

    tree: str = TREE
    title = "JetClass"

    @property
    def required(self) -> tuple[str, ...]:
        """The branches a file must have."""
        particles = (CHARGE, *KINDS) if self.options.particles else ()
        return *MOMENTA, *particles, *self.options.columns

    @property
    def optional(self) -> tuple[str, ...]:
        """The branches that are read where they exist."""
        return *STORED_FEATURES, *AXIS, ENERGY, EVENT

    def chunk(self, arrays: root.Arrays, file: Path, start: int) -> JetChunk:
        """The jets of some entries; see `TreeReader.chunk`."""
        offsets, px = root.jagged(arrays, MOMENTA[0], file)
        others = [root.aligned(arrays, name, file, offsets, MOMENTA[0]) for name in MOMENTA[1:]]
        constituents = from_cartesian(offsets, px, others[0], others[1], others[2])
        numbers = {
            name: root.flat(arrays, name, file) for name in (*self.optional, *self.options.columns) if name in arrays
        }
        if EVENT in arrays:
            event = np.ascontiguousarray(numbers[EVENT]).astype(np.int64).view(np.uint64)
        else:
            event = content_hash(offsets, constituents.cartesian)
        axis = None
        if all(name in numbers for name in AXIS):
            axis = numbers["jet_pt"], numbers["jet_eta"], numbers["jet_phi"]
        mass = None
        if axis and ENERGY in numbers:
            pt, eta, energy = (np.asarray(values, np.float64) for values in (axis[0], axis[1], numbers[ENERGY]))
            with np.errstate(all="ignore"):
                mass = np.sqrt(np.maximum(energy**2 - (pt * np.cosh(eta)) ** 2, 0))
        particles = None
        if self.options.particles:
            charge, *flags = (root.aligned(arrays, name, file, offsets, MOMENTA[0]) for name in (CHARGE, *KINDS))
            particles = charges_of(charge), flagged_kinds(dict(zip(KINDS.values(), flags, strict=True)))
        return assemble(
            constituents,
            self.options,
            file,
            columns=numbers,
            event=event,
            axis=axis,
            stated=(axis[0] if axis else None, mass),
            stored=numbers,
            particles=particles,
        )


LAYOUT = Layout(
    title=JetClassReader.title,
    container="root",
    tree=TREE,
    signature=SIGNATURE,
    entry="jet",
    reader=JetClassReader,
    labels=tuple((name, f"label_{name}") for name in _LABELS),
)
