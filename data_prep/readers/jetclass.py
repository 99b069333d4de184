"""The JetClass layout: one entry a jet, `part_*` lists, `jet_*` numbers, one-hot `label_*`.

Source: H. Qu, C. Li, S. Qian, "Particle Transformer for Jet Tagging", arXiv:2202.03772, and its data set
(doi:10.5281/zenodo.6619768). Both forms of the lists are read, `vector<float>` as in that data set and `npart` with
`float[npart]` as uproot writes them, and labels of any number type.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import awkward as ak
import numpy as np
import numpy.typing as npt

from data_prep.constituents import STORED_FEATURES, JetChunk, ParticleKind
from data_prep.errors import InputFileError
from data_prep.events import content_hash
from data_prep.kinematics import detector_coordinates, invariant_mass, jet_momenta
from data_prep.labels import ClassSettings, branches_of, labels_of
from data_prep.readers import root

TREE = "tree"
MOMENTA = ("part_px", "part_py", "part_pz", "part_energy")
AXIS = ("jet_pt", "jet_eta", "jet_phi")
EVENT = "aux_event"
CHARGE = "part_charge"
KINDS = {
    "part_isChargedHadron": ParticleKind.CHARGED_HADRON,
    "part_isNeutralHadron": ParticleKind.NEUTRAL_HADRON,
    "part_isPhoton": ParticleKind.PHOTON,
    "part_isElectron": ParticleKind.ELECTRON,
    "part_isMuon": ParticleKind.MUON,
}

Float32 = npt.NDArray[np.float32]
Piece = dict[str, ak.Array]


@dataclass(frozen=True)
class JetClassReader:
    """Reads JetClass files; a `data_prep.readers.Reader`.

    Where `jet_pt`, `jet_eta` and `jet_phi` are not all there, the jet is the sum of its constituents. Where there is
    no `aux_event`, the event identifier is a hash of the constituents.

    Attributes:
        classes: the classes to tell.
        particles: whether charge and particle kind are read too.
    """

    classes: Sequence[ClassSettings]
    particles: bool = False

    def count(self, file: Path) -> int:
        """Check the file; the number of jets in it.

        Raises:
            InputFileError: the file cannot be read or lacks a branch.
        """
        with root.open_tree(file, TREE) as tree:
            root.require(tree, file, self.required)
            return int(tree.num_entries)

    def chunks(self, file: Path, size: int) -> Iterator[JetChunk]:
        """The jets of a file in their order, at most `size` at a time.

        Raises:
            InputFileError: the file cannot be read, lacks a branch or is damaged.
        """
        with root.open_tree(file, TREE) as tree:
            root.require(tree, file, self.required)
            optional = [name for name in (*STORED_FEATURES, EVENT) if name in tree]
            if all(name in tree for name in AXIS):
                optional += AXIS
            for piece in root.iterate(tree, file, (*self.required, *optional), size):
                yield self._chunk(piece, file)

    @property
    def required(self) -> tuple[str, ...]:
        """The branches a file must have."""
        particles = (CHARGE, *KINDS) if self.particles else ()
        return *MOMENTA, *particles, *branches_of(self.classes)

    def _chunk(self, piece: Piece, file: Path) -> JetChunk:
        offsets, px = root.jagged(piece, MOMENTA[0], file)
        momenta = [_float32(px), *(_float32(_aligned(piece, name, file, offsets)) for name in MOMENTA[1:])]
        jets = offsets.size - 1
        sums = jet_momenta(offsets, *momenta)
        if AXIS[0] in piece:
            axis = tuple(_float32(root.flat(piece, name, file)) for name in AXIS)
        else:
            axis = detector_coordinates(*(_float32(sums[:, i]) for i in range(3)))
        missing = np.full(jets, np.nan, np.float32)
        stored = {
            name: _float32(root.flat(piece, name, file)) if name in piece else missing for name in STORED_FEATURES
        }
        if EVENT in piece:
            event = np.ascontiguousarray(root.flat(piece, EVENT, file)).astype(np.int64).view(np.uint64)
        else:
            event = content_hash(offsets, (momenta[0], momenta[1], momenta[2], momenta[3]))
        pt, eta, phi = detector_coordinates(*momenta[:3])
        labels = {name: root.flat(piece, name, file) for name in branches_of(self.classes)}
        charge, kind = self._particles(piece, file, offsets) if self.particles else (None, None)
        return JetChunk(
            offsets=offsets,
            pt=pt,
            eta=eta,
            phi=phi,
            energy=momenta[3],
            charge=charge,
            kind=kind,
            jet_pt=axis[0],
            jet_eta=axis[1],
            jet_phi=axis[2],
            jet_mass=invariant_mass(sums),
            stored=stored,
            label=labels_of(self.classes, labels, jets),
            event=event,
            weight=np.ones(jets, np.float32),
        )

    def _particles(
        self, piece: Piece, file: Path, offsets: npt.NDArray[np.int64]
    ) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.uint8]]:
        charge = np.nan_to_num(_aligned(piece, CHARGE, file, offsets)).clip(-100, 100).astype(np.int8)
        kind = np.full(charge.size, ParticleKind.UNKNOWN, np.uint8)
        for name, code in KINDS.items():
            kind[_aligned(piece, name, file, offsets) > 0.5] = code
        return charge, kind


def _aligned(piece: Piece, branch: str, file: Path, offsets: npt.NDArray[np.int64]) -> npt.NDArray[Any]:
    own, values = root.jagged(piece, branch, file)
    if not np.array_equal(own, offsets):
        raise InputFileError(f"the branches {MOMENTA[0]} and {branch} hold lists of different lengths", file=file)
    return values


def _float32(values: npt.NDArray[Any]) -> Float32:
    with np.errstate(over="ignore"):
        return np.ascontiguousarray(values, dtype=np.float32)
