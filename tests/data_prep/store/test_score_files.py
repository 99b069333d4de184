"""Scores on disk: what Parquet and ROOT give back, and names that have no format."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import uproot

from data_prep.errors import ConfigurationError
from data_prep.store.score_files import SIZE, require_ending, score_writer

SCHEMA = pa.schema(
    [
        pa.field("file", pa.string()),
        pa.field("entry", pa.int64()),
        pa.field("event", pa.uint64(), nullable=False),
        pa.field("raw_0", pa.list_(pa.int16()), metadata={SIZE: "2"}),
        pa.field("score_t", pa.float32()),
    ],
    metadata={"jet_scores": '{"classes": ["q", "t"]}'},
)


def records() -> list[pa.RecordBatch]:
    """Three jets, the second without scores; none; one more of an unknown file."""
    raw = pa.array([[-3, 4], None, [32767, -32768]], pa.list_(pa.int16()))
    last = pa.array([[1, 2]], pa.list_(pa.int16()))
    big = 2**64 - 1
    first = [
        pa.array(["a.root", "a.root", "b.root"]),
        pa.array([0, 1, 0], pa.int64()),
        pa.array([big, 1, 2], pa.uint64()),
        raw,
        pa.array([0.25, None, 0.5], pa.float32()),
    ]
    second = [
        pa.nulls(1, pa.string()),
        pa.nulls(1, pa.int64()),
        pa.array([3], pa.uint64()),
        last,
        pa.array([1], pa.float32()),
    ]
    whole = pa.RecordBatch.from_arrays(first, schema=SCHEMA)
    return [whole, whole.slice(0, 0), pa.RecordBatch.from_arrays(second, schema=SCHEMA)]


def write(path: Path) -> Path:
    with score_writer(path.with_name(f".{path.name}.partial"), path, SCHEMA) as put:
        for record in records():
            put(record)
    path.with_name(f".{path.name}.partial").rename(path)
    return path


def test_parquet(tmp_path: Path) -> None:
    table = pq.read_table(write(tmp_path / "scores.parquet"))
    assert table.schema.equals(SCHEMA)
    assert table.schema.metadata == SCHEMA.metadata
    assert table["raw_0"].to_pylist() == [[-3, 4], None, [32767, -32768], [1, 2]]
    assert table["score_t"].to_pylist() == [0.25, None, 0.5, 1.0]
    assert table["file"].to_pylist() == ["a.root", "a.root", "b.root", None]


def test_root(tmp_path: Path) -> None:
    with uproot.open(write(tmp_path / "scores.root")) as file:
        assert file.classname_of("scores") == "TTree"
        tree = file["scores"].arrays(library="np")
        assert json.loads(str(file["jet_scores"])) == {"classes": ["q", "t"]}
    assert tree["raw_0"].dtype == np.int16
    np.testing.assert_array_equal(tree["raw_0"], [[-3, 4], [0, 0], [32767, -32768], [1, 2]])
    np.testing.assert_array_equal(tree["score_t"], np.array([0.25, np.nan, 0.5, 1], np.float32))
    assert tree["file"].tolist() == ["a.root", "a.root", "b.root", ""]
    assert tree["event"].tolist() == [2**64 - 1, 1, 2, 3]
    assert tree["entry"].tolist() == [0, 1, 0, 0]


@pytest.mark.parametrize("name", ["scores.root", "scores.parquet"])
def test_the_same_rows_give_the_same_bytes(tmp_path: Path, name: str) -> None:
    (tmp_path / "other").mkdir()
    assert write(tmp_path / name).read_bytes() == write(tmp_path / "other" / name).read_bytes()


@pytest.mark.parametrize("name", ["scores.csv", "scores", "scores.root.txt", "scores.PARQUET", ".root"])
def test_other_endings_are_refused_with_the_known_ones(name: str) -> None:
    with pytest.raises(ConfigurationError, match=r"\.parquet or \.root"):
        require_ending(Path(name))
