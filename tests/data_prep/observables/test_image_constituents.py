"""Which constituents the network sees: those that the pixels sum."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from data_prep.images.jets import ImagesSettings, images_of
from data_prep.jets.chunk import STORED_FEATURES, JetChunk
from data_prep.observables.columns import Observables
from tests.data_prep.observables.jets import random_jets

CONTENT: dict[str, Any] = {
    "classes": [{"name": "q", "label": "a"}, {"name": "t", "label": "b"}],
    "grid": {"kind": "square", "pixels": 16, "half_width": 0.4},
    "steps": [{"step": "centre"}],
    "split": {"train": 1.0, "validation": 0.0, "test": 0.0},
}


@pytest.fixture
def chunk(rng: np.random.Generator) -> JetChunk:
    """Jets that are wider than the window, with charges, and some constituents without pT."""
    offsets, *columns = random_jets(rng, 300)
    pt, eta, phi, energy = (column.astype(np.float32) for column in columns)
    gone = rng.random(pt.size) < 0.05
    gone[offsets[:-1]] = False
    pt[gone] = energy[gone] = 0
    jets = offsets.size - 1
    first = offsets[:-1]
    zeros = np.zeros(jets, np.float32)
    return JetChunk(
        offsets=offsets.astype(np.int64),
        pt=pt,
        eta=eta,
        phi=phi,
        energy=energy,
        charge=rng.integers(-1, 2, pt.size).astype(np.int8),
        particle_kind=rng.integers(0, 6, pt.size).astype(np.uint8),
        jet_pt=zeros,
        jet_eta=eta[first].copy(),
        jet_phi=phi[first].copy(),
        jet_mass=zeros,
        stored=dict.fromkeys(STORED_FEATURES, zeros),
        label=np.zeros(jets, np.uint8),
        event=np.arange(jets, dtype=np.uint64),
        weight=np.ones(jets, np.float32),
    )


def sums_and_columns(chunk: JetChunk, **changes: Any) -> tuple[np.ndarray[Any, Any], dict[str, Any]]:
    """What the pixels of each jet add up to, by channel, and the observables."""
    images = images_of(chunk, ImagesSettings.model_validate(CONTENT | changes), observables=True).batch
    assert isinstance(images.observables, Observables)
    assert len(images.observables) == len(images) > 100
    return images.dense().sum(axis=(1, 2)), images.observables.columns


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"steps": [{"step": "centre"}, {"step": "roll"}, {"step": "flip"}]},
        {"grid": {"kind": "hexagonal", "rings": 4, "pitch": 0.1}},
        {"grid": {"kind": "towers"}, "steps": []},
    ],
)
def test_the_multiplicity_in_the_pixels_is_that_which_is_seen(chunk: JetChunk, changes: dict[str, Any]) -> None:
    sums, columns = sums_and_columns(chunk, channels=["pt", "multiplicity"], **changes)
    np.testing.assert_array_equal(columns["seen_multiplicity"], sums[:, 1])
    inside = columns["seen_multiplicity"] == columns["all_multiplicity"]
    for name in ("mass", "sdmass", "tau2", "lha", "e3"):
        np.testing.assert_array_equal(columns[f"seen_{name}"][inside], columns[f"all_{name}"][inside])
    if changes.get("grid", {}).get("kind") != "towers":
        assert (~inside).sum() > 50
        assert (columns["seen_mass"][~inside] <= columns["all_mass"][~inside] * (1 + 1e-6)).all()


def test_of_charged_channels_charged_constituents_are_seen(chunk: JetChunk) -> None:
    """`chunk` knows the charge of each constituent: with a wide window the seen ones are counted by it."""
    _, columns = sums_and_columns(chunk, channels=["charged"], grid={"kind": "square", "pixels": 16, "half_width": 3})
    assert chunk.charge is not None
    jet = np.repeat(np.arange(chunk.jets), chunk.multiplicity)
    charged = np.bincount(jet[(chunk.charge != 0) & (chunk.pt > 0)], minlength=chunk.jets)
    np.testing.assert_array_equal(columns["seen_multiplicity"], charged[charged > 0])


def test_candidates_are_seen_as_integers(chunk: JetChunk) -> None:
    """The pixels hold the sum of pT exactly; of one candidate mass and shape are 0, and multiplicity is 1."""
    sums, columns = sums_and_columns(chunk, candidates={"number": 8})
    assert (columns["seen_multiplicity"] <= 8).all()
    narrow = {"kind": "square", "pixels": 2, "half_width": 0.4}
    narrow_sums, narrow_columns = sums_and_columns(chunk, candidates={"number": 1}, grid=narrow)
    np.testing.assert_allclose(narrow_columns["seen_pt"], narrow_sums[:, 0], rtol=1e-6)
    assert (narrow_columns["seen_multiplicity"] == 1).all()
    assert narrow_columns["seen_mass"].max() < 1e-2
    # |Σ p| is at most Σ |p|
    assert (columns["seen_pt"] <= sums[:, 0] * (1 + 1e-6)).all()
    assert (columns["seen_pt"] > 0.9 * sums[:, 0]).all()


def test_candidates_across_the_seam_of_phi_are_seen() -> None:
    """Two candidates at φ = π - 0.1 and -π + 0.1 about a seed at π are 0.2 apart; a third is outside the window."""
    zeros = np.zeros(1, np.float32)
    turn = np.float32([np.pi - 0.1, -np.pi + 0.1, 0])
    pt = np.float32([300, 100, 50])
    jet = JetChunk(
        np.array([0, 3]), pt, np.zeros(3, np.float32), turn, pt, None, None, zeros, zeros, np.float32([np.pi]), zeros,
        dict.fromkeys(STORED_FEATURES, zeros), np.zeros(1, np.uint8), np.zeros(1, np.uint64), np.ones(1, np.float32),
    )  # fmt: skip
    settings = ImagesSettings.model_validate(CONTENT | {"candidates": {}})
    observables = images_of(jet, settings, observables=True).batch.observables
    assert observables is not None
    assert observables.columns["seen_multiplicity"].tolist() == [2]
    apart = round(0.1 * 720 / np.pi) * 2 * np.pi / 720
    expected = np.sqrt(2 * 300 * 100 * (1 - np.cos(apart)))
    assert observables.columns["seen_mass"][0] == pytest.approx(expected, rel=1e-5)
    assert images_of(replace(jet), settings).batch.observables is None
