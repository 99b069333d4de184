"""Builders of pair images that tests of all their forms use."""

from __future__ import annotations

from typing import Any

from data_prep.jets.candidates import CandidateSettings
from hls_projects.blocks.pair_builder import PairBuilder


def pair_builder(number: int = 16, size: int = 12, **more: Any) -> PairBuilder:
    """Thresholds from ΔR 0.033 to 0.84 and pT·pT from 7.5 to 51,000 GeV², CMS level-1 candidates."""
    return PairBuilder.spaced(
        CandidateSettings(number=number), size, size, distance=(0.033, 0.84), product=(7.5, 51_000), **more
    )


ODD = PairBuilder(
    candidates=CandidateSettings(
        number=5,
        pt={"bits": 5, "integer": 0},
        pixel={"bits": 4, "integer": -1},
        per_pi=9,
        eta_bits=5,
        phi_bits=7,
    ),
    rows=(1, 4, 5, 11),
    columns=(2, 3, 20, 40, 62),
    mantissa=1,
    bits=2,
    leading=(1, 3),
)
"""An odd number of candidates, φ of several turns, the smallest thresholds, distances beyond half a turn."""
