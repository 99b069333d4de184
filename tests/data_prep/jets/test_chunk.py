"""The chunk refuses arrays that cannot be one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from data_prep.jets.chunk import STORED_FEATURES, JetChunk


def arrays(**change: Any) -> dict[str, Any]:
    """Two jets of one and two constituents."""
    parts = {name: np.ones(3, np.float32) for name in ("pt", "eta", "phi", "energy")}
    jets = {name: np.ones(2, np.float32) for name in ("jet_pt", "jet_eta", "jet_phi", "jet_mass", "weight")}
    return {
        "offsets": np.array([0, 1, 3]),
        **parts,
        **jets,
        "charge": np.zeros(3, np.int8),
        "particle_kind": None,
        "stored": {name: np.ones(2, np.float32) for name in STORED_FEATURES},
        "label": np.zeros(2, np.uint8),
        "event": np.zeros(2, np.uint64),
    } | change


def test_a_good_chunk() -> None:
    chunk = JetChunk(**arrays())
    assert chunk.jets == 2
    assert chunk.multiplicity.tolist() == [1, 2]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"offsets": np.array([0, 1, 3], np.int32)}, "offsets must be int64"),
        ({"offsets": np.array([1, 1, 3])}, "start at 0"),
        ({"offsets": np.array([], np.int64)}, "one more than jets"),
        ({"offsets": np.array([0, 4, 3])}, "must not decrease"),
        ({"pt": np.ones(2, np.float32)}, r"pt must be float32 \[3\]"),
        ({"eta": np.ones(3)}, r"eta must be float32 \[3\], not float64"),
        ({"phi": np.ones(6, np.float32)[::2]}, "phi must be"),
        ({"jet_pt": np.ones(3, np.float32)}, r"jet_pt must be float32 \[2\]"),
        ({"label": np.zeros(2, np.int64)}, "label must be uint8"),
        ({"event": np.zeros(2, np.int64)}, "event must be uint64"),
        ({"charge": np.zeros(3, np.float32)}, "charge must be int8"),
        ({"stored": {}}, "the stored features must be"),
        ({"stored": {name: np.ones(1, np.float32) for name in STORED_FEATURES}}, r"jet_sdmass must be float32 \[2\]"),
    ],
)
def test_bad_arrays_are_refused(change: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        JetChunk(**arrays(**change))
