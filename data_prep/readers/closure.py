"""The closure check: do the constituents of a jet sum to the jet that the file states?

Wrong units, forgotten pile-up weights, cut constituents and shuffled columns show in pT and mass. A jet-energy
correction scales both by the same factor, jet by jet, which no fault of the constituents does. Wrong angles change
neither and show in the direction of the sum. Constituents mirrored in η about the jet axis change it in second order
only, by tanh η · ⟨ΔR²⟩; this is recognised by mirroring them back, after which the direction closes better.
Constituents mirrored in φ sum to the same jet, so that this cannot be recognised.

Bounds: the pT of a jet is dominated by its hardest constituents, so that a median 2 % off is more than rounding or a
lost soft particle. The mass depends on soft constituents at wide angles and closes worse: forgotten pile-up weights
change it by 4.4 % where they change pT by 0.3 %, so that a bound of 5 % would accept them. The bound is 3 %.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from data_prep.jets.chunk import JetChunk

Float64 = npt.NDArray[np.float64]

JETS = 3000
"""Jets that are compared."""
PT_BOUND = 0.02
"""Largest |median of the pT ratio − 1|."""
MASS_BOUND = 0.03
"""Largest |median of the mass ratio − 1|."""
AXIS_BOUND = 0.1
"""Largest median of ΔR between the sum of the constituents and the stated axis."""
ETA_PRECISION = 1e-5
"""Differences in η that come from single precision."""
SCALING_TOLERANCE = 0.003
"""Largest |mass ratio over pT ratio − 1|, in the median and as spread, of a jet whose four-momentum is scaled."""
CORRECTIONS = (0.7, 1.4)
"""Between these are the factors of jet-energy corrections."""
HIGHEST_PT = 8000.0
"""No collider has produced jets of a higher pT (GeV): a larger median is in MeV."""
SMALLEST_MASS = 1.0
"""Jets of a smaller stated mass (GeV) are not compared: rounding dominates it."""


@dataclass(frozen=True)
class Ratio:
    """Sum of the constituents over what the file states.

    Attributes:
        median: over the jets.
        spread: half of the range from the 16 % to the 84 % quantile.
        jets: the number of jets compared.
    """

    median: float
    spread: float
    jets: int

    def __str__(self) -> str:
        return f"{self.median:.4f} ± {self.spread:.4f}"


@dataclass(frozen=True)
class MomentumClosure:
    """The result for the first jets of a file.

    Attributes:
        pt: ratio of pT, None where the file has none.
        mass: ratio of the mass, None where the file has none.
        problems: quantities that do not close, one sentence each.
        axis: median ΔR between the sum and the axis of the jet, None without jets.
    """

    pt: Ratio | None
    mass: Ratio | None
    problems: tuple[str, ...]
    axis: float | None = None


def check_closure(chunk: JetChunk) -> MomentumClosure:
    """Compare the sums of a chunk's constituents with what its file states, for its first `JETS` jets.

    Jets without constituents and those whose stated value is not finite or not positive are left out.
    """
    jets = min(chunk.jets, JETS)
    sizes = chunk.multiplicity[:jets]
    jet = np.repeat(np.arange(jets), sizes)
    columns = (column[: jet.size].astype(np.float64) for column in (chunk.pt, chunk.eta, chunk.phi, chunk.energy))
    pt, eta, phi, energy = columns
    with np.errstate(all="ignore"):
        components = (pt * np.cos(phi), pt * np.sin(phi), pt * np.sinh(eta), energy)
        x, y, z, e = (np.bincount(jet, component, jets) for component in components)
        sum_pt = np.hypot(x, y)
        sum_mass = np.sqrt(np.maximum(e**2 - x**2 - y**2 - z**2, 0))
        mirrored_eta = eta - 2 * (eta - chunk.jet_eta[:jets].astype(np.float64)[jet])
        mirrored_z = np.bincount(jet, pt * np.sinh(mirrored_eta), jets)
    not_empty = sizes > 0
    pt_ratio = _ratio(sum_pt, chunk.stated_pt, not_empty, 0.0)
    mass_ratio = _ratio(sum_mass, chunk.stated_mass, not_empty, SMALLEST_MASS)
    problems = []
    if not_empty.any() and np.median(sum_pt[not_empty]) > HIGHEST_PT:
        problems.append(f"the jets' median pT is {np.median(sum_pt[not_empty]):,.0f} GeV: the file is in MeV")
    deviating = [
        (name, ratio, bound)
        for name, ratio, bound in (("pT", pt_ratio, PT_BOUND), ("mass", mass_ratio, MASS_BOUND))
        if ratio is not None and not abs(ratio.median - 1) <= bound
    ]
    if deviating and not _mega(deviating[0][1].median) and _scaled(sum_pt, sum_mass, chunk, not_empty):
        ratio = deviating[0][1]
        problems.append(
            f"the constituents' pT is {ratio} times the jet's (median and spread of {ratio.jets} jets), and their mass "
            f"alike, jet by jet: {_scale(ratio.median)}"
        )
    else:
        problems += [
            f"the constituents' {name} is {ratio} times the jet's (median and spread of {ratio.jets} jets, "
            f"{1 - bound:g} to {1 + bound:g} expected){_guess(ratio.median, mass_ratio is None)}"
            for name, ratio, bound in deviating
        ]
    axis, direction = _direction(np.array([x, y, z, mirrored_z], np.float64), chunk, not_empty)
    return MomentumClosure(pt_ratio, mass_ratio, (*problems, *direction), axis)


def _direction(
    sums: Float64, chunk: JetChunk, not_empty: npt.NDArray[np.bool_]
) -> tuple[float | None, tuple[str, ...]]:
    """The median ΔR between sums and axes, and the problems that it shows.

    Args:
        sums: [4, jets], GeV: px, py, pz, and pz where the constituents' η is mirrored about the axis.
        chunk: the jets, of which the first are compared; a jet without pT has no axis.
        not_empty: whether they have constituents, bool [jets].
    """
    jet_eta, jet_phi = (column[: not_empty.size].astype(np.float64) for column in (chunk.jet_eta, chunk.jet_phi))
    x, y, z, mirrored_z = sums
    with np.errstate(all="ignore"):
        transverse = np.hypot(x, y)
        deta = np.arcsinh(z / transverse) - jet_eta
        mirrored = np.arcsinh(mirrored_z / transverse) - jet_eta
        dphi = (np.arctan2(y, x) - jet_phi + np.pi) % (2 * np.pi) - np.pi
        distance = np.hypot(deta, dphi)
    usable = not_empty & (chunk.jet_pt[: not_empty.size] > 0) & np.isfinite(distance) & np.isfinite(mirrored)
    if not usable.any():
        return None, ()
    distance_median = float(np.median(distance[usable]))
    if distance_median > AXIS_BOUND:
        return distance_median, (
            f"the sum of the constituents is ΔR = {distance_median:.2f} away from the jet's axis (median of "
            f"{usable.sum()} jets): relative angles may be read as absolute ones, or constituents belong to other jets",
        )
    as_read, as_mirrored = (float(np.median(np.abs(values[usable]))) for values in (deta, mirrored))
    if as_read > ETA_PRECISION and as_mirrored < as_read / 2:
        return distance_median, (
            "the sum of the constituents is nearer to the jet's axis where their η is mirrored about it "
            f"({as_mirrored:.1g} instead of {as_read:.1g}, median of {usable.sum()} jets): relative angles may have "
            "the wrong sign, which does not show in φ; where they are jet minus constituent, write them with a minus "
            "in a layout of your own",
        )
    return distance_median, ()


def _scaled(sum_pt: Float64, sum_mass: Float64, chunk: JetChunk, not_empty: npt.NDArray[np.bool_]) -> bool:
    """Whether stated pT and mass differ from those of the sum by the same factor, jet by jet."""
    if chunk.stated_pt is None or chunk.stated_mass is None:
        return False
    pt, mass = (column[: not_empty.size].astype(np.float64) for column in (chunk.stated_pt, chunk.stated_mass))
    with np.errstate(all="ignore"):
        ratio = sum_mass * pt / (mass * sum_pt)
    usable = not_empty & (pt > 0) & (mass > SMALLEST_MASS) & np.isfinite(ratio)
    if not usable.any():
        return False
    low, median, high = np.quantile(ratio[usable], [0.16, 0.5, 0.84])
    return bool(abs(median - 1) < SCALING_TOLERANCE and (high - low) / 2 < SCALING_TOLERANCE)


def _scale(median: float) -> str:
    """The reason why pT and mass of a jet are scaled by the same factor."""
    if CORRECTIONS[0] < median < CORRECTIONS[1]:
        return (
            "no constituent is missing, the stated jet is scaled, as by a jet-energy correction; to close, it must be "
            "the uncorrected one"
        )
    return "no constituent is missing, one of them is scaled as a whole, by other units or a constant weight"


def _ratio(
    values: npt.NDArray[np.float64],
    stated: npt.NDArray[np.float32] | None,
    not_empty: npt.NDArray[np.bool_],
    minimum: float,
) -> Ratio | None:
    if stated is None:
        return None
    stated = stated[: not_empty.size]
    usable = not_empty & np.isfinite(stated) & (stated > minimum) & np.isfinite(values)
    if not usable.any():
        return None
    low, median, high = np.quantile(values[usable] / stated[usable], [0.16, 0.5, 0.84])
    return Ratio(float(median), float(high - low) / 2, int(usable.sum()))


def _mega(median: float) -> bool:
    return 900 < median < 1100 or 0.0009 < median < 0.0011


def _guess(median: float, only_one: bool) -> str:
    """The reason why pT or mass does not close; `only_one`: the file does not state the other."""
    if _mega(median):
        return ": one of them is in MeV"
    corrected = ", or the stated jet is corrected in energy (its mass would tell)" if only_one else ""
    if median > 1:
        return f": a pile-up weight may be missing{corrected}"
    return f": constituents may be cut, or a weight applied twice{corrected}"
