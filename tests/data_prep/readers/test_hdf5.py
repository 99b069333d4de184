"""HDF5 files whose values are elsewhere, or that hold something else under a name: named, and what is advised works."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest

from data_prep.errors import InputFileError
from data_prep.readers import Options
from data_prep.readers.detect import reader_of
from tests.data_prep.readers import samples

JETS = 8
TABLE = "table/table"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return samples.top_tagging(samples.jets(JETS), tmp_path / "source.h5")


def jets_of(file: Path) -> int:
    return sum(reader_of([file], Options())[1].values())


def refusal(file: Path) -> InputFileError:
    with pytest.raises(InputFileError) as caught:
        jets_of(file)
    assert "damaged" not in str(caught.value)
    assert caught.value.remedy
    return caught.value


def virtual(source: Path, file: Path) -> None:
    with h5py.File(source) as old, h5py.File(file, "w") as new:
        layout = h5py.VirtualLayout((JETS,), old[TABLE].dtype)
        layout[:] = h5py.VirtualSource("source.h5", TABLE, (JETS,))
        new.create_group("table").create_virtual_dataset("table", layout)


def outside(source: Path, file: Path) -> None:
    with h5py.File(source) as old, h5py.File(file, "w") as new:
        values = old[TABLE][()]
        (file.parent / "source.raw").write_bytes(values.tobytes())
        new.create_group("table").create_dataset(
            "table", values.shape, values.dtype, external=[(str(file.parent / "source.raw"), 0, values.nbytes)]
        )


def linked(source: Path, file: Path) -> None:
    with h5py.File(file, "w") as new:
        new[TABLE] = h5py.ExternalLink("source.h5", TABLE)


@pytest.mark.parametrize(
    ("write", "how", "where"),
    [
        (virtual, "is virtual", "source.h5"),
        (outside, "is stored outside", "source.raw"),
        (linked, "is a link to another file", "source.h5"),
    ],
)
def test_values_in_other_files_are_refused_by_their_names(
    write: Callable[[Path, Path], None], how: str, where: str, source: Path, tmp_path: Path
) -> None:
    file = tmp_path / "t.h5"
    write(source, file)
    error = refusal(file)
    assert f"the data set '{TABLE}' {how}: its values are in " in error.problem
    assert error.problem.endswith(where)
    # what is advised: copy the data set
    with h5py.File(file) as old, h5py.File(tmp_path / "whole.h5", "w") as new:
        new[TABLE] = old[TABLE][()]
    assert jets_of(tmp_path / "whole.h5") == JETS
    if where == "source.h5":
        assert jets_of(source) == JETS


def test_links_inside_the_file_are_followed_and_circles_end(source: Path) -> None:
    with h5py.File(source, "r+") as file:
        file["elsewhere"] = file["table"]
        del file["table"]
        file["table"] = h5py.SoftLink("/elsewhere")
        file["elsewhere/circle"] = h5py.SoftLink("/")
        file["elsewhere/nowhere"] = h5py.SoftLink("/none")
        file["other"] = h5py.ExternalLink("none.h5", "/x")
    assert jets_of(source) == JETS


def test_a_group_in_place_of_a_data_set(tmp_path: Path) -> None:
    file = samples.lhc_jets(samples.jets(JETS), tmp_path / "t.h5")
    with h5py.File(file, "r+") as opened:
        del opened["jets"]
        opened.create_group("jets")["x"] = np.zeros(3)
    error = refusal(file)
    assert "nearest is lhc_jets, for which the file lacks jets" in error.problem
    assert "`layout:`" not in str(error)
    with h5py.File(file, "w") as opened:
        opened.create_group("jets")
    assert refusal(file).problem == "holds no data set"
    with h5py.File(file, "w") as opened:
        opened["number"], opened["nothing"] = 3.0, h5py.Empty("f4")
    assert refusal(file).problem == "holds no data set"


def test_what_pandas_writes_as_fixed_is_named(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "t.h5", "w") as file:
        file["table/axis0"], file["table/block0_values"] = np.zeros(4), np.zeros((3, 4))
    error = refusal(tmp_path / "t.h5")
    assert error.problem == "was written by pandas with format='fixed'"
    assert "format='table'" in (error.remedy or "")


def test_a_file_marked_as_being_written(source: Path, tmp_path: Path) -> None:
    with h5py.File(source) as old, h5py.File(tmp_path / "t.h5", "w", libver="latest") as new:
        new[TABLE] = old[TABLE][()]
        new.flush()
        shutil.copy(tmp_path / "t.h5", tmp_path / "stopped.h5")  # as after the writer was killed
    error = refusal(tmp_path / "stopped.h5")
    assert "is marked as being written" in error.problem
    assert "h5clear -s" in (error.remedy or "")
    assert jets_of(tmp_path / "t.h5") == JETS
