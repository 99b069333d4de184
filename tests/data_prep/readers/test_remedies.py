"""Every refusal of a reader says what to do, and none advises what its kind of file cannot have."""

from __future__ import annotations

import ast
from pathlib import Path

import h5py
import numpy as np
import pytest

from data_prep.errors import InputFileError
from data_prep.readers import Options, event_tree
from data_prep.readers.detect import detect_layout, reader_of
from tests.data_prep.event_files import event_columns, write_event_file
from tests.data_prep.readers import samples

READERS = Path(__file__).parents[3] / "data_prep" / "readers"
ERRORS = ("InputFileError", "MachineError", "MixedLayoutsError")


def test_every_error_has_a_remedy() -> None:
    calls = [
        (f"{path.name}:{node.lineno}", {keyword.arg for keyword in node.keywords})
        for path in sorted(READERS.rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ERRORS
    ]
    assert len(calls) > 50
    assert [place for place, keywords in calls if "remedy" not in keywords] == []


def test_whole_events_are_named_and_read_as_is_said(tmp_path: Path) -> None:
    file = write_event_file(tmp_path / "e.root", event_columns(5))
    with pytest.raises(InputFileError, match=r"holds whole events with truth in 'events' \(write `kind: events`"):
        detect_layout(file)
    assert event_tree.count(file) == 5


def test_jets_where_whole_events_are_wanted(tmp_path: Path) -> None:
    sample = samples.jets(8)
    for file, reason in (
        (samples.jetclass(sample, tmp_path / "t.root"), "holds no TTree 'events' of whole events, it has 'tree'"),
        (samples.top_tagging(sample, tmp_path / "t.h5"), "is an HDF5 file, and whole events are read from ROOT files"),
    ):
        with pytest.raises(InputFileError, match="take `kind: events` out of images.yaml") as caught:
            event_tree.count(file)
        assert caught.value.problem == reason
        assert reader_of([file], Options())[1] == {file: 8}


def test_no_layout_of_ones_own_is_advised_for_hdf5(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "t.h5", "w") as file:
        file["jets/pt"], file["jets/eta"] = np.zeros(3), np.zeros(3)
    samples.write(tmp_path / "t.root", "t", {"x": np.zeros(3, np.float32)})
    for name, advised in (("t.h5", False), ("t.root", True)):
        with pytest.raises(InputFileError, match="holds no constituents of jets that this project knows") as caught:
            detect_layout(tmp_path / name)
        assert ("`layout:`" in (caught.value.remedy or "")) is advised


def test_files_of_two_layouts_can_be_read_one_layout_at_a_time(tmp_path: Path) -> None:
    sample = samples.jets(8)
    files = [samples.WRITERS[name][0](sample, tmp_path / f"{name}.root") for name in ("jetclass", "delphes")]
    with pytest.raises(InputFileError, match=r"\(make images from the files of one layout at a time\)"):
        reader_of(files, Options())
    assert [sum(reader_of([file], Options())[1].values()) for file in files] == [8, 4]
