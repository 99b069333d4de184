"""The mock jets: reproducible, in the schema, with the masses they claim."""

from __future__ import annotations

import awkward as ak
import numpy as np
import pytest

from benchmarks.mock import CLASSES, mock_jets


def test_the_seed_decides() -> None:
    jets, same_seed, other_seed = (mock_jets("t", 20, seed) for seed in (1, 1, 2))
    assert jets.keys() == other_seed.keys()
    assert all(ak.array_equal(jets[name], same_seed[name]) for name in jets)
    assert not ak.array_equal(jets["part_px"], other_seed["part_px"])
    assert set(jets["aux_event"]).isdisjoint(other_seed["aux_event"])


@pytest.mark.parametrize(("name", "mass"), [("w", 80.4), ("z", 91.2), ("h", 125.0), ("t", 172.7)])
def test_resonances_have_their_mass(name: str, mass: float) -> None:
    # radiation around the prongs shifts and widens it
    assert np.median(mock_jets(name, 1000, 1)["jet_sdmass"]) == pytest.approx(mass, rel=0.05)


@pytest.mark.parametrize("name", CLASSES)
def test_the_schema(name: str) -> None:
    jets = mock_jets(name, 50, 3)
    np.testing.assert_array_equal(jets["jet_nparticles"], ak.num(jets["part_px"]))
    pt = np.hypot(jets["part_px"], jets["part_py"])
    assert ak.all(pt[:, 1:] <= pt[:, :-1] * (1 + 1e-6))
    labels = {branch for branch in jets if branch.startswith("label_") and np.any(jets[branch])}
    assert labels == {CLASSES[name][0]}
    kinds = sum(jets[f"part_is{kind}"] * 1 for kind in ("ChargedHadron", "NeutralHadron", "Photon", "Electron", "Muon"))
    assert ak.all(kinds == 1)
