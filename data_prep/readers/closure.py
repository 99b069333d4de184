"""The closure check: do the constituents of a jet sum to the jet that the file states?

Wrong units, forgotten pile-up weights, cut constituents and shuffled columns show in pT and mass. A jet-energy
correction shows in both alike, jet by jet, which nothing that happens to constituents does. Angles that are read wrong
leave both as they are and show in the direction of the sum. Constituents mirrored in η about the jet axis move it in
the second order only, by tanh η · ⟨ΔR²⟩, which is told from other reasons by mirroring them back: the direction then
closes better. Mirrored in φ alone they sum to the same jet, so that no file tells it.

Bounds: the pT of a jet is
dominated by its hardest constituents, so that 2 % off in the median is more than rounding or a lost soft particle; the
mass depends on soft constituents at wide angles and is worse by the factor that pile-up weights show (4.4 % in mass for
0.3 % in pT), so that 5 % would let the worst case of forgotten weights pass: its bound is 3 %.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from data_prep.jets.chunk import JetChunk

Float64 = npt.NDArray[np.float64]

JETS = 3000
"""Jets that are looked at."""
PT_BOUND = 0.02
"""Largest |median of the pT ratio − 1|."""
MASS_BOUND = 0.03
"""Largest |median of the mass ratio − 1|."""
AXIS_BOUND = 0.1
"""Largest median of ΔR between the sum of the constituents and the stated axis."""
LEAST_TURN = 1e-5
"""Differences in η that single precision may make."""
ALIKE = 0.003
"""Largest |mass ratio over pT ratio − 1|, in the median and as spread, of a jet whose four-momentum is scaled."""
CORRECTIONS = (0.7, 1.4)
"""Between these are the factors of jet-energy corrections."""
HIGHEST_PT = 8000.0
"""No collider has made a jet above (GeV): a median above it is in MeV."""
SMALLEST_MASS = 1.0
"""Jets of a smaller stated mass (GeV) are not compared: it is what is left of rounding."""


@dataclass(frozen=True)
class Ratio:
    """Sum of the constituents over what the file states.

    Attributes:
        median: over the jets.
        spread: half of the range from the 16 % to the 84 % quantile.
        jets: how many were compared.
    """

    median: float
    spread: float
    jets: int

    def __str__(self) -> str:
        return f"{self.median:.4f} ± {self.spread:.4f}"


@dataclass(frozen=True)
class Closure:
    """The result for the first jets of a file.

    Attributes:
        pt: ratio of pT, None where the file has none.
        mass: ratio of the mass, None where the file has none.
        problems: what does not close, one sentence each.
        axis: median ΔR between the sum and the axis of the jet, None without jets.
    """

    pt: Ratio | None
    mass: Ratio | None
    problems: tuple[str, ...]
    axis: float | None = None


def closure(chunk: JetChunk) -> Closure:
    """Compare the sums of a chunk's constituents with what its file states, for its first `JETS` jets.

    Jets without constituents and those whose stated value is not finite or not positive are left out.
    """
    jets = min(chunk.jets, JETS)
    sizes = chunk.multiplicity[:jets]
    jet = np.repeat(np.arange(jets), sizes)
    columns = (column[: jet.size].astype(np.float64) for column in (chunk.pt, chunk.eta, chunk.phi, chunk.energy))
    pt, eta, phi, energy = columns
    with np.errstate(all="ignore"):
        parts = (pt * np.cos(phi), pt * np.sin(phi), pt * np.sinh(eta), energy)
        x, y, z, e = (np.bincount(jet, part, jets) for part in parts)
        sum_pt = np.hypot(x, y)
        sum_mass = np.sqrt(np.maximum(e**2 - x**2 - y**2 - z**2, 0))
        turn = eta - 2 * (eta - chunk.jet_eta[:jets].astype(np.float64)[jet])
        mirrored_z = np.bincount(jet, pt * np.sinh(turn), jets)
    full = sizes > 0
    found_pt = _ratio(sum_pt, chunk.stated_pt, full, 0.0)
    found_mass = _ratio(sum_mass, chunk.stated_mass, full, SMALLEST_MASS)
    problems = []
    if full.any() and np.median(sum_pt[full]) > HIGHEST_PT:
        problems.append(f"the jets' median pT is {np.median(sum_pt[full]):,.0f} GeV: the file is in MeV")
    off = [
        (name, ratio, bound)
        for name, ratio, bound in (("pT", found_pt, PT_BOUND), ("mass", found_mass, MASS_BOUND))
        if ratio is not None and not abs(ratio.median - 1) <= bound
    ]
    if off and not _mega(off[0][1].median) and _scaled(sum_pt, sum_mass, chunk, full):
        ratio = off[0][1]
        problems.append(
            f"the constituents' pT is {ratio} times the jet's (median and spread of {ratio.jets} jets), and their mass "
            f"alike, jet by jet: {_scale(ratio.median)}"
        )
    else:
        problems += [
            f"the constituents' {name} is {ratio} times the jet's (median and spread of {ratio.jets} jets, "
            f"{1 - bound:g} to {1 + bound:g} expected){_guess(ratio.median, found_mass is None)}"
            for name, ratio, bound in off
        ]
    axis, direction = _direction(np.array([x, y, z, mirrored_z], np.float64), chunk, full)
    return Closure(found_pt, found_mass, (*problems, *direction), axis)


def _direction(sums: Float64, chunk: JetChunk, full: npt.NDArray[np.bool_]) -> tuple[float | None, tuple[str, ...]]:
    """The median ΔR between sums and axes, and what is wrong with it.

    Args:
        sums: [4, jets], GeV: px, py, pz, and pz where the constituents' η is mirrored about the axis.
        chunk: the jets, of which the first are looked at; without a pT they have no axis.
        full: which of them have constituents [jets].
    """
    jet_eta, jet_phi = (column[: full.size].astype(np.float64) for column in (chunk.jet_eta, chunk.jet_phi))
    x, y, z, mirrored_z = sums
    with np.errstate(all="ignore"):
        transverse = np.hypot(x, y)
        deta = np.arcsinh(z / transverse) - jet_eta
        mirrored = np.arcsinh(mirrored_z / transverse) - jet_eta
        dphi = (np.arctan2(y, x) - jet_phi + np.pi) % (2 * np.pi) - np.pi
        distance = np.hypot(deta, dphi)
    good = full & (chunk.jet_pt[: full.size] > 0) & np.isfinite(distance) & np.isfinite(mirrored)
    if not good.any():
        return None, ()
    found = float(np.median(distance[good]))
    if found > AXIS_BOUND:
        return found, (
            f"the sum of the constituents is ΔR = {found:.2f} away from the jet's axis (median of {good.sum()} jets): "
            "relative angles may be read as absolute ones, or constituents belong to another jet",
        )
    before, after = (float(np.median(np.abs(values[good]))) for values in (deta, mirrored))
    if before > LEAST_TURN and after < before / 2:
        return found, (
            f"the sum of the constituents is nearer to the jet's axis where their η is mirrored about it ({after:.1g} "
            f"instead of {before:.1g}, median of {good.sum()} jets): relative angles may have the wrong sign, which "
            "does not show in φ; those that are jet minus constituent stand in a layout of your own with a minus",
        )
    return found, ()


def _scaled(sum_pt: Float64, sum_mass: Float64, chunk: JetChunk, full: npt.NDArray[np.bool_]) -> bool:
    """Whether the stated pT and mass are the sums' times one factor, jet by jet."""
    if chunk.stated_pt is None or chunk.stated_mass is None:
        return False
    pt, mass = (column[: full.size].astype(np.float64) for column in (chunk.stated_pt, chunk.stated_mass))
    with np.errstate(all="ignore"):
        ratio = sum_mass * pt / (mass * sum_pt)
    good = full & (pt > 0) & (mass > SMALLEST_MASS) & np.isfinite(ratio)
    if not good.any():
        return False
    low, median, high = np.quantile(ratio[good], [0.16, 0.5, 0.84])
    return bool(abs(median - 1) < ALIKE and (high - low) / 2 < ALIKE)


def _scale(median: float) -> str:
    """Why pT and mass of a jet are scaled alike."""
    if CORRECTIONS[0] < median < CORRECTIONS[1]:
        return (
            "no constituent is missing, the stated jet is scaled, as by a jet-energy correction; to close, it must be "
            "the uncorrected one"
        )
    return "no constituent is missing, one of them is scaled as a whole, by other units or a constant weight"


def _ratio(
    values: npt.NDArray[np.float64], stated: npt.NDArray[np.float32] | None, full: npt.NDArray[np.bool_], above: float
) -> Ratio | None:
    if stated is None:
        return None
    stated = stated[: full.size]
    good = full & np.isfinite(stated) & (stated > above) & np.isfinite(values)
    if not good.any():
        return None
    low, median, high = np.quantile(values[good] / stated[good], [0.16, 0.5, 0.84])
    return Ratio(float(median), float(high - low) / 2, int(good.sum()))


def _mega(median: float) -> bool:
    return 900 < median < 1100 or 0.0009 < median < 0.0011


def _guess(median: float, alone: bool) -> str:
    """Why one of pT and mass does not close; alone: the file does not state the other."""
    if _mega(median):
        return ": one of them is in MeV"
    corrected = ", or the stated jet is corrected in energy (its mass would tell)" if alone else ""
    if median > 1:
        return f": a pile-up weight may be missing{corrected}"
    return f": constituents may be cut, or a weight applied twice{corrected}"
