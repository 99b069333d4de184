"""What is kept of towers, and the jets that come of it: against scikit-hep vector, and where nothing is left to do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import vector

from benchmarks.mock import mock_events
from data_prep.grids.tower_geometry import Towers
from models.tasks.baselines import ALL, candidates, tower_energy
from models.tasks.event_maps import Maps
from models.tasks.event_settings import EventModelSettings
from models.tasks.mitigation import AREA, HARD, Mitigation, by_network, plain, summed


def test_the_sum_of_towers_is_that_of_their_four_vectors(rng: np.random.Generator) -> None:
    pt, eta, phi = rng.exponential(3, 40), rng.uniform(-2, 2, 40), rng.uniform(-4, 4, 40)
    pt[:5] *= -1  # subtracted
    vectors = vector.array({"pt": np.abs(pt), "eta": eta, "phi": phi, "mass": np.zeros(40)})
    whole = vector.obj(
        **{key: float((np.sign(pt) * getattr(vectors, key)).sum()) for key in ("px", "py", "pz", "energy")}
    )
    assert summed(pt, eta, phi) == pytest.approx((whole.pt, whole.mass))
    assert summed(np.array([-1.0, 1.0]), np.array([0.0, 1.0]), np.zeros(2))[1] == 0  # a square below 0


def test_a_perfect_network_is_the_truth(event_settings: Callable[..., EventModelSettings]) -> None:
    """Without pileup in towers of jets, a network that names every tower keeps what the truth keeps."""
    batch = mock_events(np.random.default_rng(4), 30, shape=(56, 72, 3), pileup=0, jets=(1, 2))
    logits = 64 * np.eye(5, dtype=np.int64)[batch.dense_class()]
    (method,) = candidates((1.0,), Towers(56, 72), None)
    kept = plain(batch) | {method.name: method.keep(batch)} | by_network("net", batch, Maps({"classes": logits}, 0))
    np.testing.assert_allclose(kept["net"], kept["net, weights"], atol=1e-12)
    np.testing.assert_array_equal(kept["towers above 1 GeV"], np.where(kept[ALL] > 1, kept[ALL], 0))
    np.testing.assert_array_equal(kept[ALL], tower_energy(batch))
    np.testing.assert_array_equal(kept[AREA], kept[ALL])  # most patches are empty
    settings = event_settings("segmentation")
    collected = Mitigation(settings, Towers(56, 72))
    collected.add(batch, kept)
    found: dict[str, Any] = collected.result()
    assert found["net"] == found["net, weights"]
    jets = found[HARD]["pt"]["whole"]["jets"]
    assert 0 < jets <= batch.jet_pt.size
    assert found[HARD]["pt"]["whole"]["median"] == pytest.approx(1, abs=0.1)
