"""The trigger's image builder: from integer candidates and a seed axis to the image a network takes.

All of it is integer arithmetic, defined for every value the ports can hold:

    dη = η - seed η                                    one bit wider, no wrap
    dφ = φ - seed φ, minus 2·per_pi where dφ >= per_pi, plus 2·per_pi where dφ < -per_pi   (once, no more)
    row = thresholds <= dη, minus 1; column the same with dφ; outside the window the candidate is ignored
    pixel = Σ pT of its candidates, saturating at the largest value of the pixel's type
    power-of-two normalisation: k = ⌊log2 Σ⌋ of the unsaturated sum of all pT inside the window, value = pixel · 2^-k

`ImageBuilder.build` computes it with plain numpy and is what the HLS C++ and the RTL are held against.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from data_prep.events.settings import EventDescription
from data_prep.fixed_point import FixedType
from data_prep.grids.square import SquareGrid
from data_prep.images.candidates import power_of_two
from data_prep.jets.candidates import CandidateSettings, thresholds
from data_prep.settings import Settings
from data_prep.store.jet_images import ImageDescription
from hls_projects.network.port import Port

Integers = npt.NDArray[np.int64]

PORTS = ("candidate_pt", "candidate_eta", "candidate_phi", "seed_eta", "seed_phi")
"""The inputs of the builder, in order."""
SEEDS = ("seed_eta", "seed_phi")
"""Those that are not of a candidate."""


class ImageBuilder(Settings):
    """One image builder: parameters, ports and the reference in integers; as JSON it is part of `hls.json`."""

    candidates: CandidateSettings
    """How many candidates, and the types of their numbers."""
    rows: tuple[int, ...]
    """The η thresholds in angle units, one more than rows."""
    columns: tuple[int, ...]
    """The φ thresholds in angle units, one more than columns."""
    normalise: bool = False
    """Whether pixels are divided by the power of two that their sum reaches."""

    @classmethod
    def of(cls, candidates: CandidateSettings, grid: SquareGrid, *, normalise: bool = False) -> ImageBuilder:
        """The builder of the images of a grid.

        Raises:
            ValueError: pixels narrower than the angle unit.
        """
        cuts = thresholds(grid.edges(), candidates.per_pi)
        return cls(candidates=candidates, rows=cuts, columns=cuts, normalise=normalise)

    @classmethod
    def of_images(cls, images: ImageDescription | EventDescription) -> ImageBuilder | None:
        """The builder of the images of a dataset; None where they are not made of candidates.

        Raises:
            ValueError: candidates on another grid than a square one.
        """
        if isinstance(images, EventDescription) or images.candidates is None:
            return None
        if not isinstance(images.grid, SquareGrid):
            raise ValueError(f"the image builder takes square grids, not {images.grid.kind} ones")
        return cls.of(images.candidates, images.grid, normalise=power_of_two(images.steps))

    @property
    def shape(self) -> tuple[int, int, int]:
        """Rows, columns, channels of the image."""
        return len(self.rows) - 1, len(self.columns) - 1, 1

    @property
    def ports(self) -> tuple[Port, ...]:
        """pT, η, φ of the candidates, each [number]; η, φ of the seed, each [1]."""
        candidates = self.candidates
        of_candidates, of_seed = (candidates.number,), (1,)
        types = (candidates.pt.type, candidates.eta, candidates.phi, candidates.eta, candidates.phi)
        shapes = (of_candidates, of_candidates, of_candidates, of_seed, of_seed)
        return tuple(Port(name=n, shape=s, type=t) for n, s, t in zip(PORTS, shapes, types, strict=True))

    @property
    def pixel(self) -> FixedType:
        """The type of a pixel before normalisation: unsigned, saturating."""
        return self.candidates.pixel.type

    @property
    def largest_shift(self) -> int:
        """The largest k of the normalisation."""
        return (self.candidates.number * self.candidates.pt.type.raw_max).bit_length() - 1

    @property
    def result(self) -> FixedType:
        """The type of the image that is handed to the network: the pixel's, or one that holds pixel · 2^-k for all k.

        A normalised pixel is its whole number of pT steps times 2^-k, below 2: as GeV divided by the power of two that
        the sum in GeV reaches.
        """
        if not self.normalise:
            return self.pixel
        return FixedType(self.largest_shift + 1, 1, False, "RND_CONV", "SAT")

    def build(self, pt: Integers, eta: Integers, phi: Integers, seed_eta: Integers, seed_phi: Integers) -> Integers:
        """The images of candidates.

        Args:
            pt: int64 [vectors, number], each in its port's type, as all others.
            eta: int64 [vectors, number].
            phi: int64 [vectors, number].
            seed_eta: int64 [vectors, 1].
            seed_phi: int64 [vectors, 1].

        Returns:
            int64 [vectors, rows, columns, 1], raw integers of the type `result`.

        Raises:
            ValueError: a shape or a value that the port does not have.
        """
        inputs = dict(zip(PORTS, (pt, eta, phi, seed_eta, seed_phi), strict=True))
        for port in self.ports:
            port.require_raw(inputs[port.name])
        half_turn = self.candidates.per_pi
        d_eta, d_phi = eta - seed_eta, phi - seed_phi
        d_phi = np.where(
            d_phi >= half_turn, d_phi - 2 * half_turn, np.where(d_phi < -half_turn, d_phi + 2 * half_turn, d_phi)
        )
        row = (d_eta[..., np.newaxis] >= np.array(self.rows)).sum(axis=-1) - 1
        column = (d_phi[..., np.newaxis] >= np.array(self.columns)).sum(axis=-1) - 1
        rows, columns, _ = self.shape
        inside = (row >= 0) & (row < rows) & (column >= 0) & (column < columns)
        images = np.zeros((len(pt), rows, columns), np.int64)
        vector = np.nonzero(inside)[0]
        np.add.at(images, (vector, row[inside], column[inside]), pt[inside])
        total = images.sum(axis=(1, 2))
        images = np.minimum(images, self.pixel.raw_max)[..., np.newaxis]
        if not self.normalise:
            return images
        shift = np.array([max(int(whole_sum).bit_length() - 1, 0) for whole_sum in total], np.int64)
        return images << (self.largest_shift - shift)[:, np.newaxis, np.newaxis, np.newaxis]
