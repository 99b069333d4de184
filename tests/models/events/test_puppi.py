"""PUPPI and the kernel of tracks on hand-made events, against the formulas of arXiv:1407.6013 and scipy."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import chi2

from benchmarks.mock import mock_events
from data_prep.grids.tower_geometry import Towers
from models.events.plain_methods import Baseline, candidates, choose_by, pileup_shape, tower_energy, tower_tracks
from models.events.puppi import PileupShape, alpha, around

TOWERS = Towers(56, 72, 0.087)
STEP = 2 * np.pi / 72


def tracks(*places: tuple[int, int, float]) -> np.ndarray:
    image = np.zeros((1, 56, 72))
    for row, column, pt in places:
        image[0, row, column] = pt
    return image


def test_alpha_by_hand() -> None:
    """Tracks of 5 and 20 GeV, two columns and (one row, three columns) away, and one too far; φ goes on at ±π."""
    found = alpha(tracks((20, 71, 5.0), (21, 2, 20.0), (40, 40, 50.0)), TOWERS)
    near, far = 2 * STEP, math.hypot(0.087, STEP)
    assert found[0, 20, 1] == pytest.approx(math.log(5 / near + 20 / far))
    assert found[0, 20, 71] == pytest.approx(math.log(5 / (STEP / 2) + 20 / math.hypot(0.087, 3 * STEP)))
    # 0.3 is 3.4 towers: three of them are near, four are not
    assert np.isfinite(found[0, 40, 37])
    assert found[0, 40, 36] == -np.inf
    assert np.isfinite(found[0, 37, 40])
    assert found[0, 36, 40] == -np.inf


def test_every_pair_of_towers() -> None:
    """Against the sum over all pairs, on the borders in η too."""
    rng = np.random.default_rng(1)
    image = rng.exponential(1.0, (2, 10, 12)) * (rng.random((2, 10, 12)) < 0.2)
    towers = Towers(10, 12, 0.11)
    eta, phi = towers.eta(np.arange(10) + 0.5), towers.phi(np.arange(12) + 0.5)
    expected = np.zeros_like(image)
    for r, c, i, j in np.ndindex(10, 12, 10, 12):
        away = math.hypot(eta[r] - eta[i], math.remainder(phi[c] - phi[j], 2 * math.pi))
        if away <= 0.3:
            expected[:, r, c] += image[:, i, j] / max(away, towers.step / 2) ** 2
    np.testing.assert_allclose(around(image, towers, 2), expected)


def test_weights_are_those_of_the_chi_squared_distribution() -> None:
    """Median 2, left RMS of −1, −2 and 0: √(5/3). Below the median, and where there is no track, the weight is 0."""
    shape = PileupShape.of(np.array([2.0, 1.0, 0.0, 3.5, 7.0, -np.inf]))
    assert (shape.median, shape.left_rms) == (2.0, pytest.approx(math.sqrt(5 / 3)))
    values = np.array([-np.inf, 1.0, 2.0, 2.1, 3.0, 5.0, 40.0])
    expected = chi2.cdf(np.maximum(values - 2, 0) ** 2 / (5 / 3), 1)
    np.testing.assert_allclose(shape.weights(values), np.where(expected < 0.1, 0, expected), atol=1e-12)
    assert shape.weights(values)[3] == 0  # 0.06, below the smallest weight of the paper
    assert PileupShape.of(np.zeros(0)).weights(np.array([3.0, -np.inf])).tolist() == [0, 0]


def test_the_kernel_keeps_towers_near_tracks_and_hard_ones() -> None:
    batch = mock_events(np.random.default_rng(4), 6, shape=(56, 72, 3), pileup=30, jets=(1, 3))
    towers = Towers(56, 72)
    methods = {each.name: each for each in candidates((3.0,), towers, pileup_shape([batch], towers))}
    kept = methods["track kernel 8, 1.5 or 15 GeV"].keep(batch)
    energy = tower_energy(batch)
    for event, row, column in np.argwhere(energy > 0)[::37]:
        total = 0.0
        for i, j in np.argwhere(tower_tracks(batch)[event] > 0):
            squared = (row - i) ** 2 + min(abs(column - j), 72 - abs(column - j)) ** 2
            if squared <= 11:  # within 3.4 towers
                total += tower_tracks(batch)[event, i, j] / max(squared, 0.25)
        here = energy[event, row, column]
        wanted = (total > 8 and here > 1.5) or here > 15
        assert kept[event, row, column] == (here if wanted else 0)


def test_images_without_tracks_have_no_method_with_tracks() -> None:
    batch = mock_events(np.random.default_rng(4), 2, shape=(8, 12, 2), pileup=3)
    assert pileup_shape([batch], Towers(8, 12)) is None
    assert [each.family for each in candidates((1.0, 2.0), Towers(8, 12), None)] == ["threshold"] * 2


def test_of_a_family_the_cheapest_is_taken() -> None:
    families = {"a": "x", "b": "y", "c": "x", "d": "y"}
    methods = [Baseline(name, family, tower_energy) for name, family in families.items()]
    chosen = choose_by(methods, {"a": 2, "b": 1, "c": 1, "d": 1})
    assert ([each.name for each in chosen.methods], chosen.best) == (["c", "b"], "c")


def test_the_best_of_all_may_be_one_without_parameters_and_none_where_none_is_measured() -> None:
    methods = [Baseline(name, "x", tower_energy) for name in ("a", "b")]
    assert choose_by(methods, {"all": 0.5, "a": 2, "b": 1}).best == "all"
    assert choose_by(methods, {"all": 1.5, "a": 2, "b": 1}).best == "b"
    assert choose_by(methods, dict.fromkeys(("all", "a", "b"), np.inf)).best is None
