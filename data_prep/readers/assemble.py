"""From the columns that a layout gives to the typed chunk that all readers yield."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from data_prep.jets.chunk import STORED_FEATURES, JetChunk, ParticleKind
from data_prep.jets.kinematics import cartesian, detector_coordinates, invariant_mass, jet_momenta
from data_prep.readers import Options

Float32 = npt.NDArray[np.float32]
Int64 = npt.NDArray[np.int64]
Values = npt.NDArray[Any]

KIND_OF_PDG = {
    11: ParticleKind.ELECTRON,
    13: ParticleKind.MUON,
    22: ParticleKind.PHOTON,
    130: ParticleKind.NEUTRAL_HADRON,
    211: ParticleKind.CHARGED_HADRON,
}
"""The PDG ids of particle-flow candidates."""


@dataclass(frozen=True)
class Constituents:
    """Constituents of jets in both coordinate systems.

    Attributes:
        offsets: int64 [jets + 1].
        pt, eta, phi, energy: float32 [constituents]; GeV, rad.
        sums: float64 [jets, 4], the four-momentum of each jet.
        cartesian: px, py, pz, E; float32 [constituents], GeV.
    """

    offsets: Int64
    pt: Float32
    eta: Float32
    phi: Float32
    energy: Float32
    sums: npt.NDArray[np.float64]
    cartesian: tuple[Float32, Float32, Float32, Float32]

    @property
    def jets(self) -> int:
        """The number of jets."""
        return self.offsets.size - 1

    def regrouped(self, offsets: Int64, rows: Int64) -> Constituents:
        """Some of the constituents, in other jets: those of jet i are the rows `rows[offsets[i]:offsets[i + 1]]`."""
        x, y, z, e = (column[rows] for column in self.cartesian)
        sums = jet_momenta(offsets, x, y, z, e)
        return Constituents(offsets, self.pt[rows], self.eta[rows], self.phi[rows], e, sums, (x, y, z, e))


def float32(values: Values) -> Float32:
    """Contiguous float32; values that are too large become infinite."""
    with np.errstate(over="ignore"):
        return np.ascontiguousarray(values, dtype=np.float32)


def from_cartesian(offsets: Int64, px: Values, py: Values, pz: Values, energy: Values) -> Constituents:
    """Constituents given by px, py, pz, E [constituents], GeV."""
    x, y, z, e = float32(px), float32(py), float32(pz), float32(energy)
    pt, eta, phi = detector_coordinates(x, y, z)
    return Constituents(offsets, pt, eta, phi, e, jet_momenta(offsets, x, y, z, e), (x, y, z, e))


def from_polar(
    offsets: Int64,
    pt: Values,
    eta: Values,
    phi: Values,
    *,
    mass: Values | None = None,
    energy: Values | None = None,
    weight: Values | None = None,
) -> Constituents:
    """Constituents given by pT, η, φ [constituents] and either mass or energy; massless where neither is given.

    Args:
        offsets: int64 [jets + 1].
        pt: GeV.
        eta: pseudorapidity.
        phi: rad; wrapped into [-π, π].
        mass: GeV; a negative one, as some particle-flow candidates store, counts as 0.
        energy: GeV.
        weight: factor on the whole four-vector, as a PUPPI weight.
    """
    transverse, e, p = float32(pt), float32(eta), _wrapped(float32(phi))
    m = np.zeros_like(transverse) if mass is None else np.maximum(float32(mass), np.float32(0))
    energies = None if energy is None else float32(energy)
    if weight is not None:
        factor = float32(weight)
        transverse, m = transverse * factor, m * factor
        energies = None if energies is None else energies * factor
    x, y, z, computed = cartesian(transverse, e, p, m)
    if energies is None:
        # the square root has no sign: a negative pT gets a negative energy, and the cutflow counts it
        energies = np.where(transverse < 0, -computed, computed)
    return Constituents(
        offsets, transverse, e, p, energies, jet_momenta(offsets, x, y, z, energies), (x, y, z, energies)
    )


def _wrapped(phi: Float32) -> Float32:
    far = np.abs(phi) > np.float32(np.pi)
    if not far.any():
        return phi
    with np.errstate(invalid="ignore"):
        wrapped = np.mod(phi.astype(np.float64) + np.pi, 2 * np.pi) - np.pi
    return float32(np.where(far, wrapped, phi))


def kinds_of(pid: Values) -> npt.NDArray[np.uint8]:
    """The particle kind of candidates, from their PDG id: uint8 [n]."""
    absolute = np.abs(np.asarray(pid, dtype=np.int64))
    kinds = np.full(absolute.size, ParticleKind.UNKNOWN, np.uint8)
    for pdg, code in KIND_OF_PDG.items():
        kinds[absolute == pdg] = code
    return kinds


def flagged_kinds(flags: Mapping[ParticleKind, Values]) -> npt.NDArray[np.uint8]:
    """The particle kind of candidates, from one flag for each kind [n], above 0.5 where it is set: uint8 [n]."""
    kinds = np.full(len(next(iter(flags.values()))), ParticleKind.UNKNOWN, np.uint8)
    for code, flag in flags.items():
        kinds[flag > 0.5] = code
    return kinds


def charges_of(charge: Values) -> npt.NDArray[np.int8]:
    """Charges in units of e, int8 [n]."""
    return np.nan_to_num(charge).clip(-100, 100).astype(np.int8)


def assemble(
    constituents: Constituents,
    options: Options,
    file: Path,
    *,
    columns: Mapping[str, Values],
    event: npt.NDArray[np.uint64],
    axis: tuple[Values, Values, Values] | None = None,
    stated: tuple[Values | None, Values | None] = (None, None),
    stored: Mapping[str, Values] | None = None,
    particles: tuple[npt.NDArray[np.int8], npt.NDArray[np.uint8]] | None = None,
    jets_of: Int64 | None = None,
) -> JetChunk:
    """The chunk of some jets.

    Args:
        constituents: of the jets.
        options: classes and weight.
        file: the file that holds the jets.
        columns: `options.columns`, jet by jet.
        event: identifiers, uint64 [jets].
        axis: pT, η, φ of the jets [jets]; the sum of the constituents where there is none.
        stated: pT and mass of the sum of the constituents, as the file states them [jets].
        stored: those of `STORED_FEATURES` that the file has [jets].
        particles: charge and kind of the constituents.
        jets_of: offsets of the jets of each entry, where an entry is an event: int64 [entries + 1].
    """
    jets = constituents.jets
    sums = constituents.sums
    if axis is None:
        axis = detector_coordinates(*(float32(sums[:, i]) for i in range(3)))
    not_stored = np.full(jets, np.nan, np.float32)
    stored = stored or {}
    return JetChunk(
        offsets=constituents.offsets,
        pt=constituents.pt,
        eta=constituents.eta,
        phi=constituents.phi,
        energy=constituents.energy,
        charge=None if particles is None else particles[0],
        particle_kind=None if particles is None else particles[1],
        jet_pt=float32(axis[0]),
        jet_eta=float32(axis[1]),
        jet_phi=float32(axis[2]),
        jet_mass=invariant_mass(sums),
        stored={name: float32(stored[name]) if name in stored else not_stored for name in STORED_FEATURES},
        label=options.labels(columns, jets, file),
        event=event,
        weight=options.weights(columns, jets, file),
        stated_pt=None if stated[0] is None else float32(stated[0]),
        stated_mass=None if stated[1] is None else float32(stated[1]),
        entries=None if jets_of is None else jets_of.size - 1,
        entry=None if jets_of is None else np.repeat(np.arange(jets_of.size - 1, dtype=np.int64), np.diff(jets_of)),
    )
