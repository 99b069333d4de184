"""What is kept of towers, and the jets that come of it: against scikit-hep vector, and where nothing is left to do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import vector

from benchmarks.mock import mock_events
from data_prep.grids.tower_geometry import Towers
from models.events.maps import Maps
from models.events.mitigation import AREA, HARD, Mitigation, by_network, plain, summed
from models.events.plain_methods import ALL, candidates, tower_energy
from models.events.settings import EventModelSettings
from models.metrics.bootstrap import ValueWithError
from models.metrics.method_differences import MethodDifferences


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
    found: dict[str, Any] = collected.result()["mitigation"]
    assert found["net"] == found["net, weights"]
    jets = found[HARD]["pt"]["whole"]["jets"]
    assert 0 < jets <= batch.jet_pt.size
    assert found[HARD]["pt"]["whole"]["median"] == pytest.approx(1, abs=0.1)


def test_two_methods_that_are_smeared_alike_differ_by_less_than_their_errors(
    event_settings: Callable[..., EventModelSettings],
) -> None:
    """20 libraries, each with a resolution of its own that both methods have."""
    rng = np.random.default_rng(12)
    collected = Mitigation(event_settings("segmentation"), Towers(56, 72))
    true = np.stack([rng.uniform(100, 400, 2000), rng.uniform(30, 200, 2000)], axis=1)
    collected.true = [(pt, mass) for pt, mass in true.tolist()]
    collected.library = np.repeat(np.arange(20), 100).tolist()
    width = np.repeat(rng.uniform(0.05, 0.3, 20), 100)[:, np.newaxis]
    found = true * (1 + width * rng.normal(size=true.shape))
    other = found * (1 + 0.01 * rng.normal(size=true.shape))
    for name, values in {"net": found, "net, weights": found, "plain": other}.items():
        collected.measured[name] = [(pt, mass) for pt, mass in values.tolist()]
    result = collected.result(["net", "net, weights"], "plain")
    made = MethodDifferences.of_json(result["mitigation_differences"])
    assert made.best == "plain"
    for key in ("pt_calibrated", "mass_calibrated"):
        assert made.find("net", "net, weights", key) == ValueWithError(0.0, 0.0)
        change, mitigated = made.find("net", "plain", key), result["mitigation"]
        assert change is not None
        widths = [mitigated[name][key]["whole"]["resolution"] for name in ("net", "plain")]
        assert change.value == pytest.approx(widths[0] - widths[1])
        assert 0 < change.error < mitigated["net"]["resolution_errors"][key] / 3
