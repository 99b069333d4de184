"""Files that are damaged, cut short or no ROOT files at all: one named error each."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import awkward as ak
import numpy as np
import pytest

from benchmarks.mock import write_mock_file
from data_prep import readers
from data_prep.errors import InputFileError
from data_prep.readers import root
from data_prep.readers.layouts.jetclass import JetClassReader


def read_all(reader: JetClassReader, file: Path) -> int:
    reader.count(file)
    return sum(chunk.jets for chunk in readers.chunks(reader, file, 50))


def test_no_such_file(reader: JetClassReader, tmp_path: Path) -> None:
    with pytest.raises(InputFileError, match=r"none.root: no such file"):
        read_all(reader, tmp_path / "none.root")


def test_an_empty_file(reader: JetClassReader, tmp_path: Path) -> None:
    (tmp_path / "t.root").touch()
    with pytest.raises(InputFileError, match=r"t.root: is empty"):
        read_all(reader, tmp_path / "t.root")


def test_no_root_file(reader: JetClassReader, tmp_path: Path) -> None:
    (tmp_path / "t.root").write_text("px,py,pz\n1,2,3\n")
    with pytest.raises(InputFileError, match=r"t.root: is a text file, beginning 'px,py,pz', neither"):
        read_all(reader, tmp_path / "t.root")


def test_a_folder_is_no_file(reader: JetClassReader, tmp_path: Path) -> None:
    with pytest.raises(InputFileError, match=r"is a folder \(give the files in it\)"):
        read_all(reader, tmp_path)


def test_another_tree(reader: JetClassReader, tmp_path: Path) -> None:
    import uproot

    with uproot.recreate(tmp_path / "t.root") as file:
        file.mktree("Events", {"x": np.dtype("f4")}).extend({"x": np.zeros(3, np.float32)})
    with pytest.raises(InputFileError, match="holds no tree 'tree', it has Events"):
        read_all(reader, tmp_path / "t.root")
    with uproot.recreate(tmp_path / "t.root") as file:
        file["tree"] = np.histogram(np.zeros(3))
    with pytest.raises(InputFileError, match="holds no tree 'tree', it has none"):
        read_all(reader, tmp_path / "t.root")


@pytest.mark.parametrize("part", [0.001, 0.01, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99, 0.999])
def test_a_file_cut_short(reader: JetClassReader, jetclass_file: Path, tmp_path: Path, part: float) -> None:
    content = jetclass_file.read_bytes()
    (tmp_path / "t.root").write_bytes(content[: int(part * len(content))])
    with pytest.raises(InputFileError, match="t.root: ") as error:
        read_all(reader, tmp_path / "t.root")
    assert "\n" not in str(error.value)


def test_a_hole_in_a_zlib_file_is_never_read_wrongly(
    reader: JetClassReader, branches: dict[str, Any], tmp_path: Path
) -> None:
    # zlib alone has a checksum in every basket: zstd has none, and what lz4 cannot make smaller is stored as it is
    write_mock_file(tmp_path / "t.root", branches, "zlib")
    content = (tmp_path / "t.root").read_bytes()
    good = [chunk.pt for chunk in readers.chunks(reader, tmp_path / "t.root", 50)]
    named = 0
    for start in np.linspace(0, len(content) - 600, 25).astype(int):
        (tmp_path / "t.root").write_bytes(content[:start] + bytes(512) + content[start + 512 :])
        try:
            read = [chunk.pt for chunk in readers.chunks(reader, tmp_path / "t.root", 50)]
        except InputFileError as error:
            assert str(error).startswith(str(tmp_path / "t.root"))
            named += 1
        else:
            # the hole lies in what is not needed to read these branches
            for values, expected in zip(read, good, strict=True):
                np.testing.assert_array_equal(values, expected)
    assert named >= 5


def test_lists_in_every_memory_form() -> None:
    values = ak.Array([[1, 2], [], [3]])
    for array in (
        values,
        ak.values_astype(values, np.float64),
        values[[0, 1, 2]],
        ak.Array([[9], [1, 2], [], [3]])[1:],
    ):
        offsets, content = root.jagged({"x": array}, "x", Path("t.root"))
        assert offsets.tolist() == [0, 2, 2, 3]
        assert content.tolist() == [1, 2, 3]


@pytest.mark.parametrize(
    "array",
    [
        ak.Array([[[1]], [[2]]]),
        ak.Array([[1, None], [2]]),
        ak.Array([1, 2]),
        ak.Array(["a", "b"]),
        ak.Array([[{"x": 1}]]),
    ],
    ids=["lists of lists", "missing values", "numbers", "text", "records"],
)
def test_anything_else_is_no_list_of_numbers(array: ak.Array) -> None:
    with pytest.raises(InputFileError, match="the branch x does not hold a list of numbers for each entry"):
        root.jagged({"x": array}, "x", Path("t.root"))


@pytest.mark.parametrize("size", [1, 7, 200])
def test_an_rntuple_gives_the_jets_of_a_ttree(
    reader: JetClassReader, jetclass_file: Path, tmp_path: Path, size: int
) -> None:
    import uproot

    with uproot.open(jetclass_file) as file:
        # a TTree keeps the lengths of its lists as a branch of their own
        arrays = {branch.name: branch.array() for branch in file["tree"].values() if branch.name != "npart"}
    with uproot.recreate(tmp_path / "t.root") as file:
        file.mkrntuple("tree", arrays)
    assert reader.count(tmp_path / "t.root") == reader.count(jetclass_file)
    for from_rntuple, from_ttree in zip(
        readers.chunks(reader, tmp_path / "t.root", size), readers.chunks(reader, jetclass_file, size), strict=True
    ):
        for name in ("offsets", "pt", "eta", "phi", "energy", "jet_pt", "jet_mass", "label", "event"):
            np.testing.assert_array_equal(getattr(from_rntuple, name), getattr(from_ttree, name), err_msg=name)
