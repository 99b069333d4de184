"""The table of the top-tagging set: under any key, with and without the columns of the generated top quark."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from data_prep.errors import InputFileError
from data_prep.jets.chunk import JetChunk
from data_prep.jets.labels import ClassSettings
from data_prep.readers import Options
from data_prep.readers.detect import detect_layout, reader_of

JETS, SIZE = 40, 8
TOP = (500.0, 300.0, 200.0, 300.0)


@pytest.fixture
def momenta(rng: np.random.Generator) -> Any:
    """[jets, 8, 4]: E, px, py, pz of massless constituents."""
    pt, eta, phi = rng.uniform(5, 50, (JETS, SIZE)), rng.normal(0, 1, (JETS, SIZE)), rng.uniform(-3, 3, (JETS, SIZE))
    return np.stack([pt * np.cosh(eta), pt * np.cos(phi), pt * np.sin(phi), pt * np.sinh(eta)], axis=2)


def write(path: Path, momenta: Any, key: str = "table", truth: Any = None, names: Any = None) -> Path:
    """As pandas writes it, the top quark of odd jets behind the constituents, the label 1 for them."""
    columns = momenta.reshape(JETS, -1) if truth is None else np.hstack([momenta.reshape(JETS, -1), truth])
    dtype = [("index", "i8"), ("values_block_0", "f4", (columns.shape[1],)), ("values_block_1", "i8", (2,))]
    table = np.zeros(JETS, dtype)
    table["values_block_0"] = columns
    table["values_block_1"][:, 1] = np.arange(JETS) % 2
    with h5py.File(path, "w") as file:
        data_set = file.create_group(key).create_dataset("table", data=table)
        if names is not None:
            data_set.attrs["values_block_0_kind"] = np.bytes_(pickle.dumps(names, protocol=0))
    return path


def top_quarks() -> Any:
    return np.outer(np.arange(JETS) % 2, TOP)


def read(path: Path, label: str = "is_signal_new") -> JetChunk:
    reader, counts, _ = reader_of([path], Options(classes=(ClassSettings(name="t", label=label),)))
    return reader.read(path, 0, counts[path])


def check(chunk: JetChunk, momenta: Any) -> None:
    assert chunk.multiplicity.tolist() == [SIZE] * JETS
    expected = np.hypot(momenta[..., 1].sum(axis=1), momenta[..., 2].sum(axis=1))
    np.testing.assert_allclose(chunk.jet_pt, expected, rtol=1e-5)
    np.testing.assert_allclose(chunk.pt, np.hypot(momenta[..., 1], momenta[..., 2]).ravel(), rtol=1e-6)
    assert (chunk.label == 0).tolist() == [False, True] * (JETS // 2)


@pytest.mark.parametrize("key", ["table", "df", "deep/er"])
def test_without_the_top_quark_no_constituent_is_lost(momenta: Any, tmp_path: Path, key: str) -> None:
    path = write(tmp_path / "t.h5", momenta, key)
    assert detect_layout(path).tree == f"{key}/table"
    check(read(path), momenta)
    # the chunks of one jet decide alike
    reader, _, _ = reader_of([path], Options())
    assert {reader.read(path, jet, jet + 1).multiplicity[0] for jet in range(JETS)} == {SIZE}


def test_with_the_top_quark(momenta: Any, tmp_path: Path) -> None:
    path = write(tmp_path / "t.h5", momenta, truth=top_quarks())
    check(read(path), momenta)
    assert (read(path, "truthE > 400").label == 0).tolist() == [False, True] * (JETS // 2)
    reader, _, _ = reader_of([path], Options())
    assert {reader.read(path, jet, jet + 1).multiplicity[0] for jet in range(JETS)} == {SIZE}


def test_the_names_of_the_columns_decide(momenta: Any, tmp_path: Path) -> None:
    names = [f"{name}_{number}" for number in range(SIZE) for name in ("E", "PX", "PY", "PZ")]
    check(read(write(tmp_path / "without.h5", momenta, names=names)), momenta)
    # a massless vector behind the constituents, by name the top quark
    truth = np.outer(np.ones(JETS), (5.0, 3.0, 0.0, 4.0))
    named = [*names, "truthE", "truthPX", "truthPY", "truthPZ"]
    check(read(write(tmp_path / "with.h5", momenta, truth=truth, names=named)), momenta)


def test_padded_jets_lose_nothing(momenta: Any, tmp_path: Path) -> None:
    momenta[::4, 5:] = 0
    chunk = read(write(tmp_path / "t.h5", momenta))
    assert chunk.multiplicity.tolist() == [5, 8, 8, 8] * (JETS // 4)


def test_a_column_that_is_not_there_is_named(momenta: Any, tmp_path: Path) -> None:
    path = write(tmp_path / "t.h5", momenta)
    with pytest.raises(InputFileError, match="lacks the column truthE") as caught:
        read(path, "truthE > 400")
    assert caught.value.remedy == "labels can use ttv, is_signal_new"


def test_a_last_place_of_both_kinds_is_refused(momenta: Any, tmp_path: Path) -> None:
    truth = np.where((np.arange(JETS) % 2 == 1)[:, np.newaxis], TOP, (5.0, 3.0, 0.0, 4.0))
    with pytest.raises(InputFileError, match="neither a constituent nor the top quark"):
        read(write(tmp_path / "t.h5", momenta, truth=truth))
