"""NaN, infinities, numbers beyond single precision in every branch: read without a word, for the cutflow to count."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import awkward as ak
import h5py
import numpy as np
import pytest
import uproot

from data_prep import readers
from data_prep.jets.chunk import JetChunk
from data_prep.jets.labels import ClassSettings
from data_prep.readers import Options
from data_prep.readers.closure import check_closure
from data_prep.readers.detect import detect_layout, reader_of
from data_prep.readers.layout import LAYOUTS
from data_prep.readers.layouts.own import OwnLayout
from tests.data_prep.readers import samples

ODD = (np.nan, np.inf, -np.inf, 1e300, -1e300, 1e30, 0.0, -1.0)
POINTERS = ("jetIdx", "pFCandsIdx", "fUniqueID", "refs", "fSize", "nBHadrons", "Idx", "statusFlags", "Flavor", "hflav")
"""What must stay whole: it counts or points."""


@pytest.fixture(autouse=True)
def _silence() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def odd(values: Any) -> Any:
    """Every third number replaced by an odd one, in double precision."""
    if isinstance(values, ak.Array) and values.ndim > 1:
        return ak.unflatten(odd(ak.to_numpy(ak.flatten(values))), ak.num(values))
    changed = np.asarray(values).astype(np.float64)
    changed[::3] = np.resize(ODD, changed[::3].size)
    return changed


def spoiled(path: Path, tree: str) -> None:
    with uproot.open(path) as file:
        columns = file[tree].arrays(library="ak", how=dict)
    counters = {f"n{name.replace('.', '_')}" for name in columns}
    kept = {name: values for name, values in columns.items() if name not in counters}
    samples.write(
        path,
        tree,
        {
            name: (values if values.ndim > 1 else ak.to_numpy(values)) if name.endswith(POINTERS) else odd(values)
            for name, values in kept.items()
        },
    )


def check(chunks: list[JetChunk]) -> None:
    assert sum(chunk.jets for chunk in chunks) > 0
    for chunk in chunks:
        check_closure(chunk)


ROOT_LAYOUTS = {name: layout for name, layout in LAYOUTS.items() if layout.container == "root"}


@pytest.mark.parametrize(
    ("name", "puppi"),
    [(name, "layout") for name in ROOT_LAYOUTS]
    + [(name, "apply") for name, layout in ROOT_LAYOUTS.items() if layout.puppi],
)
def test_every_layout(name: str, puppi: Any, tmp_path: Path) -> None:
    writer, label = samples.WRITERS[name]
    path = writer(samples.jets(20), tmp_path / "t.root")
    spoiled(path, detect_layout(path).tree)
    matched = name.startswith("pfnano") or name == "delphes"
    classes = [ClassSettings(name="t", label=label)] if label else []
    classes += [ClassSettings(name="m", label="matched_pdgId == 6")] if matched else []
    weight = "genWeight * 1e300" if name.startswith("pfnano") else None
    reader, counts, _ = reader_of([path], Options(classes=tuple(classes), puppi=puppi, weight=weight))
    check([reader.read(path, 0, counts[path]), *readers.chunks(reader, path, 3)])


def test_a_layout_of_ones_own(tmp_path: Path) -> None:
    sample = samples.jets(20)
    lists = {f"c_{name}": odd(getattr(sample, name)) for name in ("pt", "eta", "phi", "px", "py", "pz", "energy")}
    numbers = {f"jet_{name}": odd(getattr(sample, f"jet_{name}")) for name in ("pt", "eta", "phi", "mass")}
    path = samples.write(tmp_path / "t.root", "t", {**lists, **numbers, "w": odd(sample.jet_pt)})
    jet = {name: f"jet_{name}" for name in ("pt", "eta", "phi", "mass")}
    cartesian = {name: f"c_{name}" for name in ("px", "py", "pz", "energy")}
    polar = {"pt": "c_pt * jet_pt", "eta": "c_eta", "phi": "c_phi", "weight": "w", "angles": "relative, mirrored"}
    for constituents in (cartesian, cartesian | {"weight": "w"}, polar, polar | {"mass": "c_pt"}):
        own = OwnLayout.model_validate(
            {"tree": "t", "constituents": constituents, "jet": jet, "momenta": "MeV", "event": ["jet_pt"]}
        )
        reader, counts, _ = reader_of([path], Options(weight="w * w"), own)
        check([reader.read(path, 0, counts[path])])


def test_data_sets(tmp_path: Path) -> None:
    path = samples.lhc_jets(samples.jets(20), tmp_path / "t.h5")
    with h5py.File(path, "a") as file:
        for name in ("jetConstituentList", "jets"):
            file[name][...] = odd(file[name][...].ravel()).reshape(file[name].shape)
    reader, counts, _ = reader_of([path], Options(classes=(ClassSettings(name="t", label="j_t"),)))
    check([reader.read(path, 0, counts[path])])
    path = samples.top_tagging(samples.jets(20), tmp_path / "top.h5")
    with h5py.File(path, "a") as file:
        table = file["table/table"][...]
        table["values_block_0"][:, 400:] = np.resize((np.nan, np.inf, 3e38), (20, 404))
        file["table/table"][...] = table
    reader, counts, _ = reader_of([path], Options(classes=(ClassSettings(name="t", label="truthE > 0"),)))
    check([reader.read(path, 0, 20)])
