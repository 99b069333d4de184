"""Random jets, as the steps see them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest
import vector

Jet = npt.NDArray[np.float32]
"""float32 [3, constituents]: pT, η, φ."""


@pytest.fixture(scope="session")
def make_jet() -> Callable[..., Jet]:
    """A function of seed and size: a centred jet within the radius 0.8."""

    def make(seed: int, size: int) -> Jet:
        rng = np.random.default_rng(seed)
        pt, radius, turn = rng.exponential(20, size) + 0.1, rng.uniform(0, 0.8, size), rng.uniform(0, 2 * np.pi, size)
        return np.stack([pt, radius * np.cos(turn), radius * np.sin(turn)]).astype(np.float32)

    return make


@pytest.fixture(scope="session")
def mass() -> Callable[[Jet], float]:
    """The mass of massless constituents, by scikit-hep vector in float64."""

    def of(jet: Jet) -> float:
        pt, eta, phi = jet.astype(np.float64)
        return float(vector.array({"pt": pt, "eta": eta, "phi": phi, "mass": np.zeros_like(pt)}).sum().mass)

    return of
