"""The closure check: do the constituents of a jet sum to the jet that the file states?

Wrong units, forgotten pile-up weights, cut constituents and shuffled columns all show here. Bounds: the pT of a jet is
dominated by its hardest constituents, so that 2 % off in the median is more than rounding or a lost soft particle; the
mass depends on soft constituents at wide angles and is worse by the factor that pile-up weights show (4.4 % in mass for
0.3 % in pT), so that 5 % would let the worst case of forgotten weights pass: its bound is 3 %.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from data_prep.constituents import JetChunk

JETS = 3000
"""Jets that are looked at."""
PT_BOUND = 0.02
"""Largest |median of the pT ratio − 1|."""
MASS_BOUND = 0.03
"""Largest |median of the mass ratio − 1|."""
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
        pt: ratio of pT, None where the file states none.
        mass: ratio of the mass, None where the file states none.
        problems: what does not close, one sentence each.
    """

    pt: Ratio | None
    mass: Ratio | None
    problems: tuple[str, ...]


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
    full = sizes > 0
    found_pt = _ratio(sum_pt, chunk.stated_pt, full, 0.0)
    found_mass = _ratio(sum_mass, chunk.stated_mass, full, SMALLEST_MASS)
    problems = []
    if full.any() and np.median(sum_pt[full]) > HIGHEST_PT:
        problems.append(f"the jets' median pT is {np.median(sum_pt[full]):,.0f} GeV: the file is in MeV")
    for name, ratio, bound in (("pT", found_pt, PT_BOUND), ("mass", found_mass, MASS_BOUND)):
        if ratio is not None and not abs(ratio.median - 1) <= bound:
            problems.append(
                f"the constituents' {name} is {ratio} times the jet's (median and spread of {ratio.jets} jets, "
                f"{1 - bound:g} to {1 + bound:g} expected){_guess(ratio.median)}"
            )
    return Closure(found_pt, found_mass, tuple(problems))


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


def _guess(median: float) -> str:
    if 900 < median < 1100 or 0.0009 < median < 0.0011:
        return ": one of them is in MeV"
    if median > 1:
        return ": a pile-up weight may be missing"
    return ": constituents may be cut, or a weight applied twice"
