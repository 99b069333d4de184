"""Whole events: what stands in the file is what is read; what is missing or of another kind is said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import awkward as ak
import numpy as np
import pytest

from data_prep.errors import InputFileError
from data_prep.readers import event_tree, root
from tests.data_prep.event_files import event_columns, write_event_file

EVENTS = 9


@pytest.fixture(scope="module")
def columns() -> dict[str, Any]:
    return event_columns(EVENTS)


@pytest.fixture(scope="module")
def file(columns: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_event_file(tmp_path_factory.mktemp("events") / "e.root", columns)


@pytest.mark.parametrize(("start", "stop"), [(0, EVENTS), (3, 7), (4, 4)])
def test_it_reads_what_was_written(file: Path, columns: dict[str, Any], start: int, stop: int) -> None:
    chunk = event_tree.read(file, start, stop)
    assert chunk.events == stop - start
    sizes = np.asarray(ak.num(columns["deposit_eta"]))[start:stop]
    np.testing.assert_array_equal(np.diff(chunk.deposit_offsets), sizes)
    for name in ("eta", "phi", "em", "had", "track", "truth"):
        expected = np.asarray(ak.flatten(columns[f"deposit_{name}"][start:stop]))
        np.testing.assert_array_equal(getattr(chunk, name), expected)
    for name, values in (
        ("pt", chunk.jet_pt),
        ("eta", chunk.jet_eta),
        ("mass", chunk.jet_mass),
        ("kind", chunk.jet_pid),
    ):
        np.testing.assert_array_equal(values, np.asarray(ak.flatten(columns[f"jet_{name}"][start:stop])))
    np.testing.assert_array_equal(chunk.pileup, columns["pileup"][start:stop])
    assert len(set(chunk.event.tolist())) == stop - start


def test_an_event_is_named_by_its_number_wherever_it_stands(file: Path) -> None:
    np.testing.assert_array_equal(event_tree.read(file, 2, 5).event, event_tree.read(file, 0, EVENTS).event[2:5])


def test_the_number_of_events(file: Path, tmp_path: Path) -> None:
    empty = write_event_file(tmp_path / "none.root", {name: values[:0] for name, values in event_columns(3).items()})
    assert event_tree.counts([file, empty]) == {file: EVENTS, empty: 0}
    assert event_tree.recognises(root.trees(file))
    with pytest.raises(InputFileError, match="no input file"):
        event_tree.counts([])


def missing(columns: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: values for key, values in columns.items() if key != name}


def changed(columns: dict[str, Any], **values: Any) -> dict[str, Any]:
    return columns | values


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda c: missing(c, "deposit_truth"), "deposit_truth"),
        (lambda c: missing(c, "pileup"), "pileup"),
        (
            lambda c: changed(c, deposit_truth=ak.values_astype(c["deposit_truth"], np.float32)),
            "does not hold integers",
        ),
        (lambda c: changed(c, jet_kind=ak.values_astype(c["jet_kind"], np.float32)), "does not hold integers"),
        (lambda c: changed(c, deposit_em=c["deposit_em"][:, 1:]), "deposit_em"),
        (lambda c: changed(c, jet_pt=c["pileup"]), "jet_pt"),
        (lambda c: changed(c, pileup=c["pileup"] + np.nan), "pileup does not hold whole numbers"),
        (lambda c: changed(c, pileup=c["pileup"] + 0.5), "pileup does not hold whole numbers"),
        (lambda c: changed(c, pileup=-1 - c["pileup"]), "pileup holds -"),
        (lambda c: changed(c, pileup=c["pileup"] + 10**12), "pileup holds 10000000"),
    ],
)
def test_what_is_wrong_is_said(columns: dict[str, Any], tmp_path: Path, change: Any, message: str) -> None:
    path = write_event_file(tmp_path / "bad.root", change(columns))
    with pytest.raises(InputFileError, match=message) as caught:
        event_tree.count(path)
        event_tree.read(path, 0, EVENTS)
    assert caught.value.file == str(path)


def test_a_file_of_something_else(columns: dict[str, Any], tmp_path: Path) -> None:
    path = write_event_file(tmp_path / "other.root", columns, tree="jets")
    with pytest.raises(InputFileError, match="holds no TTree 'events' of whole events, it has 'jets'"):
        event_tree.count(path)
    told: list[Path] = []
    good = write_event_file(tmp_path / "good.root", columns)
    assert event_tree.counts([path, good], lambda error, where: told.append(where)) == {good: EVENTS}
    assert told == [path]
    with pytest.raises(InputFileError, match="holds no TTree"):
        event_tree.counts([path], lambda error, where: None)


def test_a_file_that_was_cut(file: Path, tmp_path: Path) -> None:
    path = tmp_path / "cut.root"
    path.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    with pytest.raises(InputFileError):
        event_tree.count(path)
