"""ROOT files of whole events, written by uproot alone: towers of pileup, and jets that leave deposits about an axis."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import awkward as ak
import numpy as np
import uproot

KINDS = (1, 21, 24, 6)
"""PDG ids of what jets come from."""


def event_columns(events: int, seed: int = 1, *, kinds: tuple[int, ...] = KINDS, jets: int = 2) -> dict[str, Any]:
    """Jagged deposits and jets; event i has i % (jets + 1) jets."""
    rng = np.random.default_rng(seed)
    deposits, found = [], []
    for index in range(events):
        axes = [(rng.uniform(-0.4, 0.4), rng.uniform(-np.pi, np.pi)) for _ in range(index % (jets + 1))]
        rows = [(rng.uniform(-1, 1), rng.uniform(-np.pi, np.pi), *rng.exponential(0.6, 3), -1) for _ in range(40)]
        for number, (eta, phi) in enumerate(axes):
            rows += [(rng.normal(eta, 0.1), rng.normal(phi, 0.1), *rng.exponential(6, 3), number) for _ in range(12)]
        deposits.append(rows)
        found.append(
            [
                (rng.uniform(50, 300), eta, phi, 20.0, kinds[(index + n) % len(kinds)])
                for n, (eta, phi) in enumerate(axes)
            ]
        )
    names = ("eta", "phi", "em", "had", "track")
    columns = {f"deposit_{name}": _jagged(deposits, i, np.float32) for i, name in enumerate(names)}
    columns["deposit_truth"] = _jagged(deposits, 5, np.int16)
    for i, name in enumerate(("pt", "eta", "phi", "mass")):
        columns[f"jet_{name}"] = _jagged(found, i, np.float32)
    columns["jet_kind"] = _jagged(found, 4, np.int16)
    columns["pileup"] = np.arange(events, dtype=np.int32) % 7
    return columns | {"event": np.arange(events, dtype=np.int64) + 1000 * seed}


def _jagged(events: list[list[tuple[float, ...]]], index: int, dtype: Any) -> ak.Array:
    flat = np.array([row[index] for event in events for row in event], dtype)
    return ak.unflatten(flat, [len(event) for event in events])


def write_event_file(path: Path, columns: dict[str, Any], tree: str = "events") -> Path:
    """Write a TTree with a counter for each jagged branch."""
    with uproot.recreate(path) as file:
        types = {
            name: f"var * {np.asarray(ak.flatten(values)).dtype}" if isinstance(values, ak.Array) else values.dtype
            for name, values in columns.items()
        }
        file.mktree(tree, types).extend(columns)
    return path
