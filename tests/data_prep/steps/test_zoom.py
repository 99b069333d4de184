"""Zooming: decays open equally wide at all momenta."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import vector
from hypothesis import given
from hypothesis import strategies as st

from data_prep.steps.zoom import Zoom, zoom

Jet = npt.NDArray[np.float32]


def zoomed(jet: Jet, pt: float, reference: float) -> Jet:
    copy = jet.copy()
    zoom(np.float32(Zoom(reference=reference).parameters), *copy[1:], np.float32(pt))
    return copy


@given(st.floats(500, 2000), st.floats(0.3, np.pi - 0.3), st.floats(0, 2 * np.pi))
def test_a_decay_is_as_wide_as_at_the_reference(pt: float, polar: float, azimuth: float) -> None:
    way = np.array([np.cos(polar), np.sin(polar) * np.cos(azimuth), np.sin(polar) * np.sin(azimuth)])

    def separation(at: float) -> tuple[float, Jet]:
        """ΔR of the two products of a W of that pT, flying along x, and the jet they make."""
        parts = vector.array(
            {"px": 40.2 * way[0] * np.array([1, -1]), "py": 40.2 * way[1] * np.array([1, -1])}
            | {"pz": 40.2 * way[2] * np.array([1, -1]), "E": np.full(2, 40.2)}
        ).boostX(beta=at / np.hypot(at, 80.4))
        jet = np.stack([parts.pt, parts.eta, parts.phi]).astype(np.float32)
        return float(parts[0].deltaR(parts[1])), jet

    expected, _ = separation(2000)
    _, jet = separation(pt)
    after = zoomed(jet, pt, 2000)
    # to first order in m / pT, 0.16 at most, and more where one product takes little
    np.testing.assert_allclose(np.hypot(*np.diff(after[1:], axis=1)), expected, rtol=0.2)
    np.testing.assert_array_equal(after[0], jet[0])


def test_angles_are_multiplied_and_at_the_reference_nothing_changes() -> None:
    jet = np.float32([[1, 2], [0.1, -0.2], [0.3, 0]])
    np.testing.assert_allclose(zoomed(jet, 1000, 500)[1:], [[0.2, -0.4], [0.6, 0]], rtol=1e-6)
    np.testing.assert_array_equal(zoomed(jet, 512, 512), jet)
    np.testing.assert_array_equal(zoomed(jet, 0, 512)[1:], np.zeros((2, 2)))
