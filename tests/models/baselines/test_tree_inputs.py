"""What the trees know of a jet."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from data_prep.images.batch import FEATURES, ImageBatch
from data_prep.observables.columns import OBSERVABLES, Observables
from data_prep.store.jet_images import ImageDescription, open_dataset
from models.baselines.tree_inputs import RATIOS, sees_all, tree_inputs

NAMES = (*OBSERVABLES, *RATIOS)


def description(**changes: Any) -> ImageDescription:
    grid = {"kind": "square", "pixels": 2, "half_width": 0.8}
    content = {"classes": ("q", "t"), "grid": grid, "steps": [{"step": "centre"}], "observables": True}
    return ImageDescription.model_validate(content | changes)


def jets(channels: int = 1) -> ImageBatch:
    """Two jets, of two pixels with all channels and of one pixel with the last channel alone."""
    first_jet = list(range(channels)) + list(range(3 * channels, 4 * channels))
    pixel = np.array([*first_jet, 2 * channels + channels - 1], np.uint16)
    return ImageBatch(
        shape=(2, 2, channels),
        offsets=np.array([0, len(first_jet), len(first_jet) + 1]),
        pixel=pixel,
        value=np.arange(1, pixel.size + 1, dtype=np.float32),
        label=np.zeros(2, np.uint8),
        weight=np.ones(2, np.float32),
        event=np.zeros(2, np.uint64),
        features={name: np.zeros(2, np.float32) for name in FEATURES} | {"jet_eta": np.float32([-1.5, 0.5])},
    )


def observables() -> Observables:
    """A jet, and one of two constituents: τ2, τ3, τ4 and e3 are 0."""
    full = dict.fromkeys(OBSERVABLES, 1.0) | {
        "tau1": 0.4,
        "tau2": 0.1,
        "tau3": 0.05,
        "tau4": 0.04,
        "e2": 0.5,
        "e3": 0.1,
    }
    two = full | {"tau2": 0, "tau3": 0, "tau4": 0, "e3": 0, "pt": 500, "mass": 20, "sdmass": 10}
    rows = np.array([[jet[name] for name in OBSERVABLES] for jet in (full, two)], np.float32)
    return Observables(rows, rows.copy())


def test_ratios_by_hand() -> None:
    inputs = tree_inputs(jets(), observables(), description(), "all")
    np.testing.assert_array_equal(inputs[:, : len(OBSERVABLES)], observables().all)
    ratios = dict(zip(RATIOS, inputs[:, len(OBSERVABLES) :].T.tolist(), strict=True))
    assert ratios == {
        "tau21": [pytest.approx(0.25), 0],
        "tau32": [pytest.approx(0.5), pytest.approx(np.nan, nan_ok=True)],
        "tau43": [pytest.approx(0.8), pytest.approx(np.nan, nan_ok=True)],
        "C2": [pytest.approx(0.4), 0],
        "D2": [pytest.approx(0.8), 0],
    }


def test_towers_know_eta() -> None:
    towers = description(grid={"kind": "towers"}, steps=[])
    np.testing.assert_array_equal(tree_inputs(jets(), observables(), towers, "all")[:, len(NAMES) :], [[1.5], [0.5]])


def test_channels_are_known_by_their_sums_and_their_lit_pixels() -> None:
    two = description(channels=("charged", "neutral"))
    inputs = tree_inputs(jets(2), observables(), two, "seen")[:, len(NAMES) :]
    # values 1, 2 | 3, 4 of the first jet; 5 in the second channel of the other
    np.testing.assert_array_equal(inputs, [[4, 6, 2, 2], [0, 5, 0, 1]])


def test_what_is_seen_of_normalised_images_has_no_pt() -> None:
    steps = [{"step": "centre"}, {"step": "normalise", "norm": "l1"}]
    inputs = tree_inputs(jets(), observables(), description(steps=steps), "seen")
    names = [name for name in OBSERVABLES if name != "pt"]
    assert inputs.shape[1] == len(NAMES) - 1
    np.testing.assert_allclose(inputs[1, [names.index("mass"), names.index("sdmass")]], [0.04, 0.02])
    assert tree_inputs(jets(), observables(), description(steps=steps), "all").shape[1] == len(NAMES)


def test_where_all_constituents_are_seen_both_sets_are_one(
    make_images: Any, write_dataset: Any, tmp_path: Path
) -> None:
    images = make_images(50, 1)
    equal_images = replace(images, observables=Observables(images.observables.all, images.observables.all))
    for name, test, expected in (("same", equal_images, True), ("other", images, False)):
        write_dataset(tmp_path / name, {"train": equal_images, "validation": equal_images, "test": test})
        assert sees_all(open_dataset(tmp_path / name)) is expected
