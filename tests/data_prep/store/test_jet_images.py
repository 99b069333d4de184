"""The Parquet dataset: what is written is read, in the same bytes however it was cut."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pydantic import ValidationError

from data_prep.errors import InputFileError
from data_prep.grids.square import SquareGrid
from data_prep.images.batch import FEATURES, ImageBatch, concatenate
from data_prep.jets.file_positions import FilePositions
from data_prep.observables.columns import OBSERVABLES, Observables
from data_prep.steps.centre import Centre
from data_prep.steps.normalise import Normalise
from data_prep.store.jet_images import ImageDescription, open_dataset, schema, to_record_batch
from data_prep.store.jet_images_writer import DatasetWriter

DESCRIPTION = ImageDescription(
    classes=("q", "t"), grid=SquareGrid(pixels=5, half_width=0.8), steps=(Centre(), Normalise())
)
JETS = 300


@pytest.fixture
def observables(rng: np.random.Generator) -> Observables:
    return Observables(*rng.normal(size=(2, JETS, len(OBSERVABLES))).astype(np.float32))


@pytest.fixture
def images(rng: np.random.Generator) -> ImageBatch:
    lit = rng.integers(0, 20, JETS)
    pixel = [np.sort(rng.permutation(25)[:n]) for n in lit]
    return ImageBatch(
        shape=(5, 5, 1),
        offsets=np.concatenate([[0], np.cumsum(lit)]),
        pixel=np.concatenate(pixel).astype(np.uint16),
        value=rng.random(lit.sum()).astype(np.float32),
        label=rng.integers(0, 2, JETS).astype(np.uint8),
        weight=rng.random(JETS).astype(np.float32),
        event=rng.integers(0, 2**64, JETS, dtype=np.uint64),
        features={name: rng.normal(size=JETS).astype(np.float32) for name in FEATURES},
    )


def write(folder: Path, images: ImageBatch, pieces: int, rows: int = 32, groups: int = 3) -> Path:
    folder.mkdir()
    with DatasetWriter(folder, DESCRIPTION, group_rows=rows, part_groups=groups) as writer:
        for part in np.array_split(np.arange(JETS), pieces):
            writer.append("train", images.take(part))
            writer.append("test", images.take(part[part >= 290]))
    return folder


def assert_equal(one: ImageBatch, other: ImageBatch) -> None:
    for name in ("shape", "offsets", "pixel", "value", "label", "weight", "event"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)
    for name in FEATURES:
        np.testing.assert_array_equal(one.features[name], other.features[name], err_msg=name)


def test_round_trip(tmp_path: Path, images: ImageBatch) -> None:
    dataset = open_dataset(write(tmp_path / "d", images, 4))
    assert dataset.classes == ("q", "t")
    assert dataset.shape == (5, 5, 1)
    assert dataset.metadata == DESCRIPTION
    assert [dataset.split(name).rows for name in ("train", "validation", "test")] == [JETS, 0, 10]
    assert_equal(dataset.split("train").whole, images)
    assert_equal(dataset.split("test").whole, images.slice(290, JETS))
    assert len(dataset.split("validation").whole) == 0
    assert list(dataset.split("validation").batches(10)) == []
    # 300 rows in row groups of 32, three a file
    assert [file.name for file in dataset.split("train").files] == [f"part-{i:05d}.parquet" for i in range(4)]


@pytest.mark.parametrize("pieces", [1, 7, 300])
def test_the_bytes_do_not_depend_on_how_the_images_came(tmp_path: Path, images: ImageBatch, pieces: int) -> None:
    one, other = write(tmp_path / "one", images, 3), write(tmp_path / "other", images, pieces)
    files = sorted(file.relative_to(one) for file in one.rglob("*.parquet"))
    assert len(files) == 6
    assert files == sorted(file.relative_to(other) for file in other.rglob("*.parquet"))
    for file in files:
        assert (one / file).read_bytes() == (other / file).read_bytes()


@pytest.mark.parametrize("size", [1, 32, 100, 299, 300, 1000])
def test_batches_are_the_images_in_order(tmp_path: Path, images: ImageBatch, size: int) -> None:
    batches = list(open_dataset(write(tmp_path / "d", images, 1)).split("train").batches(size))
    assert [len(batch) for batch in batches] == [size] * (JETS // size) + [JETS % size] * (JETS % size > 0)
    np.testing.assert_array_equal(np.concatenate([batch.event for batch in batches]), images.event)
    np.testing.assert_array_equal(np.concatenate([batch.dense() for batch in batches]), images.dense())


def test_shuffled_batches_are_a_reproducible_permutation(tmp_path: Path, images: ImageBatch) -> None:
    split = open_dataset(write(tmp_path / "d", images, 1)).split("train")
    first, again, other = (list(split.batches(64, shuffle_seed=seed)) for seed in (1, 1, 2))
    events = np.concatenate([batch.event for batch in first])
    np.testing.assert_array_equal(np.sort(events), np.sort(images.event))
    np.testing.assert_array_equal(events, np.concatenate([batch.event for batch in again]))
    assert (events != np.concatenate([batch.event for batch in other])).any()
    assert (events != images.event).any()
    position = {event: row for row, event in enumerate(images.event.tolist())}
    rows = np.array([position[event] for event in first[0].event.tolist()])
    assert_equal(first[0], images.take(rows))


def test_the_schema_is_the_documented_one(tmp_path: Path, images: ImageBatch) -> None:
    file = write(tmp_path / "d", images, 1) / "train" / "part-00000.parquet"
    found = pq.read_schema(file)
    assert [(field.name, str(field.type)) for field in found][:8] == [
        ("pixel", "list<element: uint16>"),
        ("value", "list<element: float>"),
        ("label", "uint8"),
        ("weight", "float"),
        ("event", "uint64"),
        ("file", "uint32"),
        ("entry", "int64"),
        ("jet", "uint16"),
    ]
    assert found.names[8:] == [
        *("jet_pt", "jet_eta", "jet_phi", "jet_mass", "jet_sdmass"),
        *("jet_tau1", "jet_tau2", "jet_tau3", "jet_tau4", "jet_multiplicity"),
    ]
    assert json.loads(found.metadata[b"jet_images"]) == {
        "format": 2,
        "classes": ["q", "t"],
        "grid": {"kind": "square", "pixels": 5, "half_width": 0.8},
        "channels": ["pt"],
        "steps": [
            {"step": "centre", "on": "jet_axis", "keep": "pt", "radius": None},
            {"step": "normalise", "norm": "l1"},
        ],
        "candidates": None,
        "observables": False,
        "puppi": "layout",
        "cluster": None,
        "jets": None,
    }


def test_a_batch_of_no_size_is_refused(tmp_path: Path, images: ImageBatch) -> None:
    with pytest.raises(ValueError, match="at least one image"):
        open_dataset(write(tmp_path / "d", images, 1)).split("train").batches(0)


def test_what_is_no_dataset(tmp_path: Path, images: ImageBatch) -> None:
    with pytest.raises(InputFileError, match="no such folder"):
        open_dataset(tmp_path / "missing")
    with pytest.raises(InputFileError, match="is not a dataset of jet images"):
        open_dataset(tmp_path)
    folder = write(tmp_path / "d", images, 1)
    for file in (folder / "test").iterdir():
        file.unlink()
    with pytest.raises(InputFileError, match="holds no 'test' split"):
        open_dataset(folder)


def replace_part(folder: Path, table: pa.Table) -> None:
    pq.write_table(table, folder / "train" / "part-00001.parquet")


def test_foreign_and_damaged_files(tmp_path: Path, images: ImageBatch) -> None:
    folder = write(tmp_path / "d", images, 1)
    part = folder / "train" / "part-00001.parquet"
    good = pq.read_table(part)
    replace_part(folder, good.replace_schema_metadata({}))
    with pytest.raises(InputFileError, match="part-00001.parquet: is a Parquet file, but not of jet images"):
        open_dataset(folder)
    replace_part(folder, good.drop_columns(["label"]))
    with pytest.raises(InputFileError, match="columns are not those"):
        open_dataset(folder)
    newer = schema(DESCRIPTION).metadata[b"jet_images"].replace(b'"format":2', b'"format":3')
    replace_part(folder, good.replace_schema_metadata({b"jet_images": newer}))
    with pytest.raises(InputFileError, match="this version cannot read: format"):
        open_dataset(folder)
    older = schema(DESCRIPTION).metadata[b"jet_images"].replace(b'"format":2', b'"format":1')
    replace_part(folder, good.replace_schema_metadata({b"jet_images": older}))
    with pytest.raises(InputFileError, match=r"jet images made by an older version \(run `images` again\)"):
        open_dataset(folder)
    other = schema(DESCRIPTION.model_copy(update={"classes": ("q", "w")})).metadata
    replace_part(folder, good.replace_schema_metadata(other))
    with pytest.raises(InputFileError, match="files of different datasets"):
        open_dataset(folder)
    part.write_bytes(part.read_bytes()[:100])
    with pytest.raises(InputFileError, match="cannot be read"):
        open_dataset(folder)


def test_pixels_that_cannot_be_are_refused(tmp_path: Path, images: ImageBatch) -> None:
    images.pixel[3] = 25
    split = open_dataset(write(tmp_path / "d", images, 1)).split("train")
    with pytest.raises(InputFileError, match="a pixel lies outside the 5 x 5 image"):
        next(split.batches(JETS))


@pytest.mark.parametrize("position", [300, 1000, 4000])
def test_one_flipped_bit_in_a_page_is_noticed(tmp_path: Path, images: ImageBatch, position: int) -> None:
    folder = write(tmp_path / "d", images, 1)
    part = folder / "train" / "part-00000.parquet"
    content = bytearray(part.read_bytes())
    content[position] ^= 4
    part.write_bytes(content)
    with pytest.raises(InputFileError, match="part-00000.parquet: cannot be read"):
        list(open_dataset(folder).split("train").batches(64))


@pytest.mark.parametrize(
    "bad",
    [
        {"classes": ("q", "q")},
        {"classes": ("q",)},
        {"channels": ("pt", "charged"), "grid": {"pixels": 256, "half_width": 1.0}},
    ],
)
def test_descriptions_that_make_no_sense_are_refused(bad: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        ImageDescription.model_validate(DESCRIPTION.model_dump() | bad)


def test_places_come_back_and_need_not_be_known(tmp_path: Path, images: ImageBatch) -> None:
    assert open_dataset(write(tmp_path / "without", images, 1)).split("train").whole.places is None
    entry = np.arange(len(images), dtype=np.int64) * 7 + (1 << 40)
    places = FilePositions.of_file(70_000, entry, entry % 3)
    dataset = open_dataset(write(tmp_path / "d", replace(images, places=places), 3))
    found = dataset.split("train").whole.places
    assert found is not None
    np.testing.assert_array_equal(found.entry, entry)
    np.testing.assert_array_equal(found.jet, entry % 3)
    assert set(found.file.tolist()) == {70_000}
    tested = dataset.split("test").whole.places
    assert tested is not None
    np.testing.assert_array_equal(tested.entry, entry[290:])
    with pytest.raises(ValueError, match="only some of these batches"):
        concatenate([images, replace(images, places=places)])


def test_observables_come_back_in_their_order(images: ImageBatch, observables: Observables, tmp_path: Path) -> None:
    described = DESCRIPTION.model_copy(update={"observables": True})
    with DatasetWriter(tmp_path, described, group_rows=64, part_groups=2) as writer:
        for start in range(0, JETS, 70):
            whole = replace(images, observables=observables)
            writer.append("train", whole.slice(start, min(start + 70, JETS)))
    split = open_dataset(tmp_path).split("train")
    assert [len(part) for part in split.observables(128)] == [128, 128, 44]
    found = Observables.joined(list(split.observables(128)))
    np.testing.assert_array_equal(found.all, observables.all)
    np.testing.assert_array_equal(found.seen, observables.seen)
    assert split.whole.observables is None
    assert not list(open_dataset(tmp_path).split("test").observables(128))


def test_a_dataset_without_observables_has_none_to_give(images: ImageBatch, tmp_path: Path) -> None:
    with DatasetWriter(tmp_path, DESCRIPTION) as writer:
        writer.append("train", images)
    with pytest.raises(ValueError, match="no observables"):
        open_dataset(tmp_path).split("train").observables(10)
    described = DESCRIPTION.model_copy(update={"observables": True})
    with pytest.raises(ValueError, match="these images come without"):
        to_record_batch(images, schema(described))
