"""The dataset of events on disk: what was written comes back, and files that hold something else are refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benchmarks.mock import mock_events
from data_prep.errors import InputFileError
from data_prep.events.batch import DTYPES, JAGGED, EventBatch
from data_prep.events.settings import EventDescription
from data_prep.grids.trigger_towers import EventGrid
from data_prep.store.event_images import METADATA_KEY, EventDatasetWriter, holds_events, open_event_dataset
from data_prep.store.split import SPLITS

DESCRIPTION = EventDescription(
    grid=EventGrid(rows=8, columns=12, wrap=2), pixel_min=0.5, jet_pt_min=0, jet_eta_max=2, box_min=3
)
SIZES = {"train": 23, "validation": 5, "test": 9}


def same(found: EventBatch, wanted: EventBatch) -> None:
    assert (found.shape, found.wrap) == (wanted.shape, wanted.wrap)
    for name in (*JAGGED, *DTYPES):
        np.testing.assert_array_equal(getattr(found, name), getattr(wanted, name), err_msg=name)
        assert getattr(found, name).dtype == getattr(wanted, name).dtype, name


@pytest.fixture
def written(rng: np.random.Generator, tmp_path: Path) -> tuple[Path, dict[str, EventBatch]]:
    """A dataset in several files and row groups, and what was written."""
    batches = {
        name: mock_events(rng, n, shape=(8, 12, 3), wrap=2, pileup=3, unlisted=True) for name, n in SIZES.items()
    }
    with EventDatasetWriter(tmp_path, DESCRIPTION, group_rows=4, part_groups=2) as writer:
        for name, batch in batches.items():
            writer.append(name, batch.slice(0, 3))
            writer.append(name, batch.slice(3, len(batch)))
    return tmp_path, batches


def test_what_is_written_is_read(written: tuple[Path, dict[str, EventBatch]]) -> None:
    folder, batches = written
    assert holds_events(folder)
    dataset = open_event_dataset(folder)
    assert (dataset.metadata, dataset.shape) == (DESCRIPTION, (8, 12, 3))
    assert len(list((folder / "train").glob("part-*.parquet"))) == 3
    for name, wanted in batches.items():
        split = dataset.split(name)
        assert split.rows == len(wanted)
        same(split.whole, wanted)
        pieces = list(split.batches(4))
        assert [len(piece) for piece in pieces[:-1]] == [4] * (len(pieces) - 1)
        for number, piece in enumerate(pieces):
            same(piece, wanted.slice(4 * number, min(4 * number + 4, len(wanted))))


def test_a_shuffle_is_a_permutation(written: tuple[Path, dict[str, EventBatch]]) -> None:
    folder, batches = written
    split = open_event_dataset(folder).split("train")
    order = np.random.default_rng(3).permutation(23)
    for number, piece in enumerate(split.batches(10, shuffle_seed=3)):
        same(piece, batches["train"].take(order[10 * number : 10 * number + 10]))


def test_a_split_without_events(tmp_path: Path) -> None:
    with EventDatasetWriter(tmp_path, DESCRIPTION):
        pass
    dataset = open_event_dataset(tmp_path)
    assert [dataset.split(name).rows for name in SPLITS] == [0, 0, 0]
    assert len(dataset.split("test").whole) == 0
    assert list(dataset.split("train").batches(5)) == []


def _rewritten(folder: Path, name: str, values: pa.Array) -> Path:
    """The first file of the training events with another column."""
    file = folder / "train" / "part-00000.parquet"
    table = pq.read_table(file)
    index = table.schema.get_field_index(name)
    pq.write_table(table.set_column(index, table.schema.field(name), values), file)
    return file


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("pixel", 8 * 12 * 3, "a pixel lies outside the 8 x 12 image"),
        ("tower", 8 * 12, "a tower lies outside the 8 x 12 image"),
        ("tower_instance", 200, "a tower belongs to a jet that does not exist"),
    ],
)
def test_what_cannot_be_is_refused(
    written: tuple[Path, dict[str, EventBatch]], name: str, value: int, message: str
) -> None:
    folder, _ = written
    column = pq.read_table(folder / "train" / "part-00000.parquet")[name].combine_chunks()
    flat = np.array(column.values)
    flat[-1] = value
    file = _rewritten(folder, name, pa.ListArray.from_arrays(column.offsets, pa.array(flat)))
    with pytest.raises(InputFileError, match=message) as caught:
        list(open_event_dataset(folder).split("train").batches(5))
    assert caught.value.file == str(file)


def test_lists_of_different_lengths_are_refused(written: tuple[Path, dict[str, EventBatch]]) -> None:
    folder, _ = written
    column = pq.read_table(folder / "train" / "part-00000.parquet")["value"].combine_chunks()
    shorter: Any = [values[:-1] if values else values for values in column.to_pylist()]
    _rewritten(folder, "value", pa.array(shorter, column.type))
    with pytest.raises(InputFileError, match="the columns 'pixel' and 'value' differ in length"):
        list(open_event_dataset(folder).split("train").batches(5))


def test_what_is_no_dataset_of_events(written: tuple[Path, dict[str, EventBatch]], tmp_path: Path) -> None:
    with pytest.raises(InputFileError, match="no such folder"):
        open_event_dataset(tmp_path / "nowhere")
    assert not holds_events(tmp_path / "nowhere")
    folder, _ = written
    file = folder / "test" / "part-00000.parquet"
    pq.write_table(pq.read_table(file).replace_schema_metadata(None), file)
    with pytest.raises(InputFileError, match="is a Parquet file, but not of event images"):
        open_event_dataset(folder)
    older = DESCRIPTION.model_dump_json().replace('"format":2', '"format":1').encode()
    pq.write_table(pq.read_table(file).replace_schema_metadata({METADATA_KEY: older}), file)
    with pytest.raises(InputFileError, match="holds event images made by an older version") as caught:
        open_event_dataset(folder)
    assert caught.value.remedy == "run `images` again"
    file.write_bytes(b"PAR1")
    assert not holds_events(folder / "test")
    with pytest.raises(InputFileError, match="cannot be read"):
        open_event_dataset(folder)
