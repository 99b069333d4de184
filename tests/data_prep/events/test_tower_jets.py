"""Anti-kT on towers against the algorithm written out, and events without anything."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from data_prep.events.tower_jets import anti_kt
from data_prep.grids.trigger_towers import EventGrid

GRID = EventGrid(rows=12, columns=18)
ETA, PHI = (GRID.towers.centres(np.arange(12) * 18)[0], GRID.towers.centres(np.arange(18))[1])


def plain_anti_kt(image: npt.NDArray[np.float64], radius: float) -> list[tuple[float, float, float]]:
    """arXiv:0802.1189, equation 1: the smallest distance is merged or becomes a jet, until nothing is left."""
    row, column = np.nonzero(image)
    pt = image[row, column]
    four = [
        np.array([p * np.cos(f), p * np.sin(f), p * np.sinh(e), p * np.cosh(e)])
        for p, e, f in zip(pt, ETA[row], PHI[column], strict=True)
    ]

    def coordinates(p: npt.NDArray[np.float64]) -> tuple[float, float, float]:
        transverse = float(np.hypot(p[0], p[1]))
        return transverse, float(0.5 * np.log((p[3] + p[2]) / (p[3] - p[2]))), float(np.arctan2(p[1], p[0]))

    jets = []
    while four:
        kin = [coordinates(p) for p in four]
        best = min((k[0] ** -2, i, i) for i, k in enumerate(kin))
        for i, a in enumerate(kin):
            for j, b in enumerate(kin[:i]):
                turn = (a[2] - b[2] + np.pi) % (2 * np.pi) - np.pi
                away = ((a[1] - b[1]) ** 2 + turn**2) / radius**2
                best = min(best, (min(a[0] ** -2, b[0] ** -2) * away, i, j))
        _, i, j = best
        if i == j:
            p = four.pop(i)
            jets.append((kin[i][0], float(np.arcsinh(p[2] / kin[i][0])), kin[i][2]))
        else:
            four.append(four[i] + four[j])
            del four[max(i, j)], four[min(i, j)]
    return sorted(jets, reverse=True)


def test_equals_the_algorithm_written_out(rng: np.random.Generator) -> None:
    images = np.zeros((4, 12, 18))
    for event in (0, 2, 3):
        where = rng.choice(12 * 18, 14, replace=False)
        images[event].flat[where] = rng.exponential(20, 14)
    found = anti_kt(images, ETA, PHI, 0.8, 5.0)
    assert found.offsets.size == 5
    for event in range(4):
        part = slice(found.offsets[event], found.offsets[event + 1])
        wanted = [jet for jet in plain_anti_kt(images[event], 0.8) if jet[0] >= 5]
        assert len(wanted) == found.offsets[event + 1] - found.offsets[event]
        np.testing.assert_allclose(
            np.stack([found.pt[part], found.eta[part], found.phi[part]], 1), np.reshape(wanted, (-1, 3)), rtol=1e-6
        )


def test_a_jet_goes_on_across_pi() -> None:
    image = np.zeros((1, 12, 18))
    image[0, 6, 0] = image[0, 6, -1] = 50
    found = anti_kt(image, ETA, PHI, 0.8, 20)
    assert found.pt.size == 1
    assert abs(found.phi[0]) == pytest.approx(np.pi)


def test_nothing_gives_no_jets() -> None:
    found = anti_kt(np.zeros((3, 12, 18)), ETA, PHI, 0.8, 5)
    assert found.offsets.tolist() == [0, 0, 0, 0]
    assert found.pt.size == found.eta.size == found.phi.size == 0
