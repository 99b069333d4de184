"""From files of events to the dataset: the same bytes whatever the chunks, and every event accounted for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import awkward as ak
import numpy as np
import pytest

from data_prep.errors import InputFileError
from data_prep.events.images import event_images
from data_prep.events.settings import EventImagesSettings
from data_prep.events.summary import PT_EDGES, EventSummary
from data_prep.readers import event_tree
from data_prep.store.event_images import open_event_dataset
from data_prep.store.packed_arrays import DamagedBytesError
from data_prep.store.split import SPLITS
from data_prep.streams.chunk_bytes import to_bytes
from data_prep.streams.cutflow import Cutflow
from data_prep.streams.event_images import EventImages
from data_prep.streams.executors.processes import Processes
from data_prep.streams.losses import Tolerance
from data_prep.streams.production import make_images
from tests.data_prep.event_files import event_columns, write_event_file

SETTINGS = EventImagesSettings.model_validate(
    {
        "kind": "events",
        "grid": {"kind": "towers", "rows": 16, "columns": 24, "wrap": 2},
        "split": {"train": 0.5, "validation": 0.25, "test": 0.25},
    }
)
EVENTS = 30
DOUBTS = ("cannot be told whether the truth covers", "no branch 'library'")
"""What is said of the truth of these small files, see test_truth_cover.py."""


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("events")
    return [write_event_file(folder / f"{n}.root", event_columns(EVENTS, seed=n)) for n in (1, 2)]


def made(
    files: list[Path], folder: Path, settings: EventImagesSettings = SETTINGS, **more: Any
) -> tuple[Cutflow, EventSummary, list[str]]:
    folder.mkdir()
    told: list[str] = []
    found = make_images(event_tree.counts(files), EventImages(settings), folder, lambda _: None, told.append, **more)
    return *found, [line for line in told if not any(doubt in line for doubt in DOUBTS)]


def contents(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in sorted(folder.rglob("*.parquet"))}


def test_the_bytes_do_not_depend_on_the_chunks(files: list[Path], tmp_path: Path) -> None:
    wanted = made(files, tmp_path / "whole")
    small = made(files, tmp_path / "small", SETTINGS.model_copy(update={"chunk_events": 7}))
    with Processes(1) as executor:
        elsewhere = made(files, tmp_path / "elsewhere", executor=executor)
    for other, name in ((small, "small"), (elsewhere, "elsewhere")):
        assert contents(tmp_path / name) == contents(tmp_path / "whole")
        assert other[0].to_json() == wanted[0].to_json()
        for key, values in vars(wanted[1]).items():
            np.testing.assert_array_equal(getattr(other[1], key), values, err_msg=key)


def test_account_and_summary_are_those_of_the_events(files: list[Path], tmp_path: Path) -> None:
    cutflow, summary, told = made(files, tmp_path / "images")
    assert told == []
    account = cutflow.to_json()
    assert account["read"] == 2 * EVENTS == account["kept"]
    batches = [open_event_dataset(tmp_path / "images").split(name).whole for name in SPLITS]
    assert account["kept_by_class"] == {
        "event": {name: len(batch) for name, batch in zip(SPLITS, batches, strict=True)}
    }
    # sums, from the dense images
    images = np.concatenate([batch.dense()[:, :, 2:-2] for batch in batches])
    classes = np.concatenate([batch.dense_class() for batch in batches])
    np.testing.assert_allclose(summary.mean_image, images.mean(axis=0, dtype=np.float64), rtol=1e-5)
    np.testing.assert_array_equal(summary.towers, np.bincount(classes.ravel(), minlength=6))
    energy = [images[classes == code].sum(dtype=np.float64) for code in range(6)]
    np.testing.assert_allclose(summary.energy, energy, rtol=1e-5)
    kinds, pt = (np.concatenate([getattr(batch, name) for batch in batches]) for name in ("jet_kind", "jet_pt"))
    for code in range(6):
        np.testing.assert_array_equal(summary.jet_pt[code], np.histogram(pt[kinds == code], PT_EDGES)[0])
    assert summary.jets[:4].tolist() == [20, 20, 20, 0]
    assert summary.pileup.sum() == summary.events == 2 * EVENTS
    assert summary.account[0] == pytest.approx(images.sum(dtype=np.float64), rel=1e-5)


def test_events_of_a_library_stay_together(tmp_path: Path) -> None:
    """So that no collision of pileup is in training and test; without libraries events are split one by one."""
    columns = event_columns(120) | {"library": np.arange(120, dtype=np.int64) // 6}
    made([write_event_file(tmp_path / "e.root", columns)], tmp_path / "images")
    there = [set(open_event_dataset(tmp_path / "images").split(name).whole.library.tolist()) for name in SPLITS]
    assert sum(len(libraries) for libraries in there) == len(set.union(*there)) == 20
    assert all(there)
    made([write_event_file(tmp_path / "f.root", event_columns(120))], tmp_path / "alone")
    for name in SPLITS:
        batch = open_event_dataset(tmp_path / "alone").split(name).whole
        np.testing.assert_array_equal(batch.library, batch.event)


def test_a_summary_comes_back(files: list[Path], tmp_path: Path) -> None:
    _, summary, _ = made(files[:1], tmp_path / "images")
    summary.save(tmp_path / "summary.npz")
    loaded = EventSummary.load(tmp_path / "summary.npz")
    for name, values in vars(summary).items():
        np.testing.assert_array_equal(getattr(loaded, name), values)
    (tmp_path / "summary.npz").write_bytes(b"PK nothing")
    with pytest.raises(InputFileError, match="cannot be read"):
        EventSummary.load(tmp_path / "summary.npz")


def test_a_class_that_never_appears_is_warned_of(tmp_path: Path) -> None:
    file = write_event_file(tmp_path / "e.root", event_columns(EVENTS, kinds=(1, 6)))
    _, summary, told = made([file], tmp_path / "images")
    assert told == [f"no tower of the class 'W/Z/H' in {EVENTS} events: a network cannot learn it from these"]
    assert summary.towers[3] == 0


def test_events_without_jets_and_without_towers_are_kept(tmp_path: Path) -> None:
    columns = event_columns(EVENTS, jets=0)
    columns["deposit_em"] = columns["deposit_em"] * 0
    columns["deposit_had"] = columns["deposit_had"] * 0
    columns["deposit_track"] = columns["deposit_track"] * 0
    cutflow, summary, told = made([write_event_file(tmp_path / "e.root", columns)], tmp_path / "images")
    assert cutflow.to_json()["kept"] == EVENTS
    assert summary.towers.tolist() == [EVENTS * 16 * 24, 0, 0, 0, 0, 0]
    assert len(told) == 4
    batch = open_event_dataset(tmp_path / "images").split("train").whole
    assert batch.pixel.size == batch.jet_pt.size == 0
    assert not batch.dense().any()


def test_what_is_dropped_has_its_reason(tmp_path: Path) -> None:
    columns = event_columns(EVENTS)
    energy = np.asarray(ak.flatten(columns["deposit_had"])).copy()
    energy[:3] = np.nan
    columns["deposit_had"] = ak.unflatten(energy, ak.num(columns["deposit_had"]))
    cutflow, _, _ = made([write_event_file(tmp_path / "e.root", columns)], tmp_path / "images")
    account = cutflow.to_json()
    assert (account["read"], account["kept"]) == (EVENTS, EVENTS - 1)
    assert account["dropped_by_reason"]["NaN or infinite deposit or jet"] == 1
    columns["deposit_had"] = ak.unflatten(energy * np.nan, ak.num(columns["deposit_had"]))
    bad = write_event_file(tmp_path / "bad.root", columns)
    with pytest.raises(InputFileError, match="no event was kept of 30 read; most were dropped as: NaN"):
        made([bad], tmp_path / "nothing")


def test_a_split_without_events_is_an_error(tmp_path: Path) -> None:
    file = write_event_file(tmp_path / "e.root", event_columns(1))
    with pytest.raises(InputFileError, match=r"no event falls into the \w+ split \(1 kept\)"):
        made([file], tmp_path / "images")


def test_a_chunk_that_is_lost_is_accounted_for(files: list[Path], tmp_path: Path) -> None:
    broken = tmp_path / "broken.root"
    columns = event_columns(EVENTS, seed=3)
    columns["deposit_em"] = columns["deposit_em"][:, 1:]
    write_event_file(broken, columns)
    counted = event_tree.counts(files) | {broken: EVENTS}
    for folder in ("strict", "tolerant"):
        (tmp_path / folder).mkdir()
    with pytest.raises(InputFileError):
        make_images(counted, EventImages(SETTINGS), tmp_path / "strict", lambda _: None)
    tolerance = Tolerance(retries=0, allow_lost=0.5)
    cutflow, summary = make_images(
        counted, EventImages(SETTINGS), tmp_path / "tolerant", lambda _: None, tolerance=tolerance
    )
    account = cutflow.to_json()
    assert account["entries"] == {"read": 2 * EVENTS, "lost": EVENTS}
    assert account["lost"][0]["file"] == str(broken)
    assert summary.events == 2 * EVENTS


def test_a_chunk_as_bytes(files: list[Path]) -> None:
    images = event_images(event_tree.read(files[0], 0, 9), SETTINGS.description)
    data = to_bytes(images, "here")
    back = EventImages(SETTINGS).from_bytes(data)
    np.testing.assert_array_equal(back.fate, images.fate)
    np.testing.assert_array_equal(back.batch.dense(), images.batch.dense())
    np.testing.assert_array_equal(back.batch.jet_box, images.batch.jet_box)
    with pytest.raises(DamagedBytesError):
        EventImages(SETTINGS).from_bytes(data[:-1])
