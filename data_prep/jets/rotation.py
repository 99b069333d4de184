"""Jets rotated about their own axis, each by a random angle, before preprocessing.

Jets have every orientation about their axis, and a tagger should give the same output for each. Test jets are therefore
rotated as if they had been produced so: not their pixels, but their constituents, in space.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from data_prep.jets.chunk import JetChunk
from data_prep.readers import Reader
from data_prep.steps.elementary import asinh, atan2, sin_cos, sinh_cosh
from data_prep.store.split import splitmix64
from data_prep.system.compiled import compiled

Float32 = npt.NDArray[np.float32]
Float64 = npt.NDArray[np.float64]

_FULL = np.float32(2 * np.pi)


@dataclass(frozen=True)
class RotatedReader:
    """A reader whose jets are rotated.

    Attributes:
        reader: reads the jets.
        seed: of the angles.
    """

    reader: Reader
    seed: int

    def count(self, file: Path) -> int:
        """The number of entries, as of the reader.

        Raises:
            InputFileError: the file cannot be read.
        """
        return self.reader.count(file)

    def read(self, file: Path, start: int, stop: int) -> JetChunk:
        """The jets of the entries, rotated.

        Raises:
            InputFileError: the file cannot be read.
        """
        chunk = self.reader.read(file, start, stop)
        return rotated_jets(chunk, rotation_angles(chunk, self.seed))


def rotation_angles(chunk: JetChunk, seed: int) -> Float64:
    """An angle for every jet, uniform in [0, 2π): float64 [jets], a hash of seed, event and jet pT."""
    pt = chunk.jet_pt.view(np.uint32).astype(np.uint64)
    mixed = splitmix64(splitmix64(chunk.event ^ splitmix64(np.full(chunk.jets, seed, np.uint64))) ^ pt)
    angles: Float64 = (mixed >> np.uint64(11)).astype(np.float64) * (2.0**-53 * 2 * np.pi)
    return angles


def rotated_jets(chunk: JetChunk, angle: Float64) -> JetChunk:
    """Every jet rotated about its axis in space, from η to φ, as `steps.roll` rotates it.

    The rotation is done in the frame where the jet has η = 0. With the boost along the beam into that frame and back it
    is a Lorentz transformation, which keeps the mass and the momentum of the jet. Constituents move as massless ones
    do, as in `steps`, and keep their masses.

    Args:
        chunk: the jets; those with NaN or infinities stay meaningless.
        angle: float64 [jets], rad.

    Returns:
        the same jets with other pT, η, φ and energy of the constituents.
    """
    pt, eta, phi, energy = chunk.pt.copy(), chunk.eta.copy(), chunk.phi.copy(), chunk.energy.copy()
    jet = chunk.jet_eta, chunk.jet_phi
    _turn(chunk.offsets, np.cos(angle), np.sin(angle), *jet, pt, eta, phi, energy)
    return replace(chunk, pt=pt, eta=eta, phi=phi, energy=energy)


@compiled
def _turn(
    offsets: npt.NDArray[np.int64],
    cosine: Float64,
    sine: Float64,
    jet_eta: Float32,
    jet_phi: Float32,
    pt: Float32,
    eta: Float32,
    phi: Float32,
    energy: Float32,
) -> None:
    for jet in range(offsets.size - 1):
        c, s = np.float32(cosine[jet]), np.float32(sine[jet])
        for i in range(offsets[jet], offsets[jet + 1]):
            momentum = np.float64(pt[i]) * np.float64(sinh_cosh(eta[i])[1])
            squared = np.float64(energy[i]) ** 2 - momentum**2  # of its mass, negative by rounding at most
            across, along = sin_cos(phi[i] - jet_phi[jet])
            x, side = pt[i] * along, pt[i] * across
            up = pt[i] * sinh_cosh(eta[i] - jet_eta[jet])[0]
            y, z = c * side + s * up, c * up - s * side
            transverse = np.sqrt(x * x + y * y)
            pt[i] = transverse
            eta[i] = asinh(z / (transverse if transverse > 0 else np.float32(1))) + jet_eta[jet]
            absolute = atan2(y, x) + jet_phi[jet]
            phi[i] = absolute - _FULL * np.rint(absolute / _FULL)
            momentum = np.float64(pt[i]) * np.float64(sinh_cosh(eta[i])[1])
            energy[i] = np.float32(np.sqrt(momentum**2 + squared if squared > 0 else momentum**2))
