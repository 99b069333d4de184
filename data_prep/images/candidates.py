"""Images of candidates: integer arithmetic alone, as `hls_projects/blocks/image_builder.py` defines it, compiled.

The networks of a run with candidates are trained on exactly the images that firmware builds. The reference in
hls_projects is written anew, so that each is a check of the other.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from data_prep.grids.grid import Grid
from data_prep.grids.square import SquareGrid
from data_prep.images.kernel import SparseImages
from data_prep.jets.candidates import Candidates, CandidateSettings, thresholds
from data_prep.jets.chunk import JetChunk
from data_prep.steps.centre import Centre
from data_prep.steps.normalise import Normalise
from data_prep.steps.step import Step
from data_prep.streams.cutflow import Fate
from data_prep.system.compiled import compiled

Float32 = npt.NDArray[np.float32]
Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]

_KEPT, _EMPTY = int(Fate.KEPT), int(Fate.EMPTY_IMAGE)


def candidate_images(
    candidates: Candidates,
    fate: npt.NDArray[np.uint8],
    settings: CandidateSettings,
    grid: Grid,
    *,
    normalise: bool = False,
) -> SparseImages:
    """The images of jets from their candidates.

    Args:
        candidates: of all jets.
        fate: uint8 [jets]; only jets that are `Fate.KEPT` so far are looked at.
        settings: what the integers mean.
        grid: the pixels.
        normalise: whether pixels are divided by the power of two that the sum of pT inside the window reaches.

    Returns:
        the images, exact in float32; jets without a candidate inside the window have their fate set.
    """
    if not isinstance(grid, SquareGrid):
        raise ValueError("candidates are built on a square grid")
    fate = fate.copy()
    cuts = thresholds(grid.edges(), settings.per_pi)
    offsets, pixel, raw, shift = _build(
        candidates.pt,
        candidates.eta,
        candidates.phi,
        candidates.seed_eta,
        candidates.seed_phi,
        fate,
        _pixel_by_angle(cuts),
        cuts[0],
        settings.per_pi,
        grid.rows,
        settings.pixel.type.raw_max,
    )
    step = np.float32(settings.pixel.type.step)
    if not normalise:
        return SparseImages(offsets, pixel, raw.astype(np.float32) * step, np.ones(shift.size, np.float32), fate)
    value = np.ldexp(raw.astype(np.float32), -np.repeat(shift, np.diff(offsets)))
    return SparseImages(offsets, pixel, value, np.ldexp(step, shift), fate)


def require_buildable(settings: CandidateSettings, grid: Grid, steps: Sequence[Step]) -> None:
    """Make sure that firmware builds these images.

    Raises:
        ValueError: a grid or a step that it does not build, or pixels narrower than the angle unit.
    """
    if not isinstance(grid, SquareGrid):
        raise ValueError(f"images of 'candidates' are built on a square grid, 'kind: {grid.kind}' is not supported")
    for step in steps:
        if refusal := why_not_built(step):
            raise ValueError(refusal)
    thresholds(grid.edges(), settings.per_pi)


def why_not_built(step: Step) -> str:
    """Why the integer image builder does not make a step; empty where it does.

    >>> why_not_built(Centre())
    ''
    """
    if step.step == "centre" and step != Centre():
        return "images of 'candidates' are centred on the seed: 'centre' takes no options but its defaults"
    if step.step == "normalise" and not power_of_two([step]):
        return (
            "'normalise' divides, and firmware divides only by powers of two: with 'candidates' use "
            "'norm: power_of_two'"
        )
    if step.step not in ("centre", "normalise"):
        return (
            f"with 'candidates' there is no step '{step.step}': firmware subtracts the seed and sums, "
            "it neither turns nor mirrors nor scales"
        )
    return ""


def power_of_two(steps: Sequence[Step]) -> bool:
    """Whether these steps normalise by a power of two."""
    return any(isinstance(step, Normalise) and step.norm == "power_of_two" for step in steps)


def mark_not_finite(chunk: JetChunk, fate: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """The fates, with jets that hold NaN or infinities marked: uint8 [jets]."""
    finite = np.isfinite(chunk.pt) & np.isfinite(chunk.eta) & np.isfinite(chunk.phi) & np.isfinite(chunk.energy)
    wrong = np.flatnonzero(~finite)
    marked = fate.copy()
    jets = np.unique(np.searchsorted(chunk.offsets, wrong, side="right") - 1)
    marked[jets[fate[jets] == Fate.KEPT]] = Fate.NOT_FINITE
    return marked


def _pixel_by_angle(cuts: Sequence[int]) -> npt.NDArray[np.int32]:
    """The pixel along one side of each difference from the first threshold on: int32 [last - first]."""
    return np.repeat(np.arange(len(cuts) - 1, dtype=np.int32), np.diff(cuts))


@compiled
def _build(
    pt: Int32,
    eta: Int32,
    phi: Int32,
    seed_eta: Int32,
    seed_phi: Int32,
    fate: npt.NDArray[np.uint8],
    pixel_by_angle: npt.NDArray[np.int32],
    first: int,
    half_turn: int,
    side: int,
    largest: int,
) -> tuple[Int64, npt.NDArray[np.uint16], Int64, Int32]:
    jets, number = pt.shape
    offsets = np.zeros(jets + 1, np.int64)
    shift = np.zeros(jets, np.int32)
    pixel = np.empty(jets * number, np.uint16)
    raw = np.empty(jets * number, np.int64)
    index = np.empty(number, np.int64)
    canvas = np.zeros(side * side, np.int64)
    images = lit = 0
    for jet in range(jets):
        if fate[jet] != _KEPT:
            continue
        total = 0
        lit_here = 0
        for i in range(number):
            down = eta[jet, i] - seed_eta[jet] - first
            across = phi[jet, i] - seed_phi[jet]
            if across >= half_turn:
                across -= 2 * half_turn
            elif across < -half_turn:
                across += 2 * half_turn
            across -= first
            if not (0 <= down < pixel_by_angle.size and 0 <= across < pixel_by_angle.size and pt[jet, i] > 0):
                continue
            place = pixel_by_angle[down] * side + pixel_by_angle[across]
            if canvas[place] == 0:
                index[lit_here] = place
                lit_here += 1
            canvas[place] += pt[jet, i]
            total += pt[jet, i]
        if lit_here == 0:
            fate[jet] = _EMPTY
            continue
        for place in np.sort(index[:lit_here]):
            pixel[lit] = place
            raw[lit] = min(canvas[place], largest)
            lit += 1
            canvas[place] = 0
        while total >> (shift[images] + 1):
            shift[images] += 1
        images += 1
        offsets[images] = lit
    return offsets[: images + 1], pixel[:lit].copy(), raw[:lit].copy(), shift[:images].copy()
