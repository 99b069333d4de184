"""The variants of preprocessing and grid that the mass closure compares."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, sqrt
from typing import Any, Literal

from data_prep.grids.grid import Grid
from data_prep.grids.hexagonal import HexagonalGrid
from data_prep.grids.square import SquareGrid
from data_prep.steps.centre import Centre
from data_prep.steps.flip import Flip
from data_prep.steps.normalise import Normalise
from data_prep.steps.roll import Roll
from data_prep.steps.step import Step
from data_prep.steps.zoom import Zoom

SUBJET_RADIUS = 0.2
"""The radius of the subjets that an image may be centred on."""
ZOOM_REFERENCE = 700.0
"""The jet pT (GeV) at which zooming changes nothing."""
KEEPING_ENERGY = "centre, keeping E"
"""The name of the translation that keeps a constituent's energy instead of its pT."""
PIXELS = (16, 32, 64)
"""Pixels along the side of a window."""
NORMS: tuple[Literal["none", "l1", "l2", "power_of_two"], ...] = ("none", "l1", "l2", "power_of_two")
"""What images are divided by; `none` keeps them in GeV."""


@dataclass(frozen=True)
class Variant:
    """Preprocessing and grid after which the mass is computed.

    Attributes:
        name: as in tables and plots.
        steps: the preprocessing steps.
        grid: the pixels; None where the mass is that of the preprocessed constituents.
        exact: whether the steps keep the mass, up to rounding.
    """

    name: str
    steps: tuple[Step, ...]
    grid: Grid | None = None
    exact: bool = False

    def to_json(self) -> dict[str, Any]:
        """The variant as configuration, with its name."""
        return {
            "name": self.name,
            "exact": self.exact,
            "steps": [step.model_dump(mode="json", exclude_none=True) for step in self.steps],
            "grid": None if self.grid is None else self.grid.model_dump(mode="json", exclude_none=True),
        }


def constituent_variants() -> tuple[Variant, ...]:
    """Single steps and combinations of them; the mass is that of the constituents, before pixels are made."""
    centre, roll, flip = Centre(), Roll(), Flip()
    subjet = Centre(on="leading_subjet", radius=SUBJET_RADIUS)
    naive, in_plane = Centre(keep="energy"), Roll(method="in_plane")
    exact_steps = {
        "centre on the jet axis": (centre,),
        "centre on the pT centroid": (Centre(on="centroid"),),
        "centre on the leading constituent": (Centre(on="leading_constituent"),),
        "centre on the leading subjet": (subjet,),
        "centre, flip": (centre, flip),
        "centre, roll": (centre, roll),
        "centre, roll, flip": (centre, roll, flip),
        "centre on the leading subjet, roll, flip": (subjet, roll, flip),
    }
    inexact_steps: dict[str, tuple[Step, ...]] = {
        KEEPING_ENERGY: (naive,),
        "centre, roll in the η-φ plane": (centre, in_plane),
        "centre, roll in the η-φ plane, flip": (centre, in_plane, flip),
        "centre on the leading constituent, roll in the η-φ plane": (Centre(on="leading_constituent"), in_plane),
        f"{KEEPING_ENERGY}, roll in the η-φ plane, flip": (naive, in_plane, flip),
        f"centre, zoom to {ZOOM_REFERENCE:g} GeV": (centre, Zoom(reference=ZOOM_REFERENCE)),
    }
    exact_variants = tuple(Variant(name, steps, exact=True) for name, steps in exact_steps.items())
    return exact_variants + tuple(Variant(name, steps) for name, steps in inexact_steps.items())


def pixel_variants(half_width: float) -> tuple[Variant, ...]:
    """Pixel sizes and windows, with steps that keep the mass.

    Args:
        half_width: of the window; a window that is wider by a half is compared with it.
    """
    wide = 1.5 * half_width
    chain: tuple[Step, ...] = (Centre(), Roll(), Flip())
    variants = []
    for name, steps in (("centre", (Centre(),)), ("centre, roll, flip", chain)):
        for window in (half_width, wide):
            variants += [_square(name, steps, window, round(window / half_width * n)) for n in PIXELS]
    variants += [_hexagonal("centre, roll, flip", chain, half_width, 2 * half_width / n) for n in PIXELS]
    fine = PIXELS[-1]
    constituent = Centre(on="leading_constituent")
    centres: dict[str, tuple[Step, ...]] = {
        "centre on the pT centroid": (Centre(on="centroid"),),
        "centre on the leading constituent": (constituent,),
        "centre on the leading constituent, roll": (constituent, Roll()),
        "centre on the leading subjet": (Centre(on="leading_subjet", radius=SUBJET_RADIUS),),
    }
    for name, steps in centres.items():
        variants.append(_square(name, steps, half_width, fine))
        variants.append(_square(name, steps, wide, round(1.5 * fine)))
    return tuple(variants)


def norm_steps(norm: Literal["none", "l1", "l2", "power_of_two"]) -> tuple[Step, ...]:
    """Steps that keep the mass, and a norm."""
    steps: tuple[Step, ...] = (Centre(), Roll(), Flip())
    return steps if norm == "none" else (*steps, Normalise(norm=norm))


def window_of(grid: Grid) -> float:
    """Half the side of the window that variants are made for: that of the grid, or 0.8 where it has none."""
    if isinstance(grid, SquareGrid):
        return grid.half_width
    return grid.rings * grid.pitch if isinstance(grid, HexagonalGrid) else 0.8


def _square(name: str, steps: tuple[Step, ...], half_width: float, pixels: int) -> Variant:
    grid = SquareGrid(pixels=pixels, half_width=half_width)
    return Variant(f"{name}; ±{half_width:g}, pixels of {2 * half_width / pixels:.3g}", steps, grid)


def _hexagonal(name: str, steps: tuple[Step, ...], half_width: float, pitch: float) -> Variant:
    """Hexagons of the pitch in as many rings as it takes to hold a circle of the half width."""
    rings = ceil(half_width / pitch * 2 / sqrt(3))
    return Variant(
        f"{name}; {rings} rings, hexagons of {pitch:.3g}",
        steps,
        HexagonalGrid(kind="hexagonal", rings=rings, pitch=pitch),
    )
