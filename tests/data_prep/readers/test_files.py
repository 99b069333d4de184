"""Which files an argument names."""

from __future__ import annotations

from pathlib import Path

import pytest

from data_prep.errors import InputFileError
from data_prep.readers.files import input_files


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name in ("b.root", "a.root", "deep/c.root", ".hidden/d.root", ".e.root", "notes.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    return tmp_path


def names(files: list[Path]) -> list[str]:
    return [file.name for file in files]


def test_a_folder_is_searched_without_hidden_files(tree: Path) -> None:
    assert names(input_files([str(tree)])) == ["a.root", "b.root", "c.root"]


def test_order_and_repetition_of_the_arguments_do_not_matter(tree: Path) -> None:
    one = input_files([str(tree / "b.root"), str(tree / "a.root")])
    assert one == input_files([str(tree / "a.root"), str(tree / "b.root"), str(tree / "deep" / ".." / "a.root")])
    assert names(one) == ["a.root", "b.root"]


def test_patterns(tree: Path) -> None:
    assert names(input_files([str(tree / "[ab].root")])) == ["a.root", "b.root"]
    assert names(input_files([str(tree / "**" / "c.*")])) == ["c.root"]


def test_a_named_file_needs_no_suffix(tree: Path) -> None:
    assert names(input_files([str(tree / "notes.txt")])) == ["notes.txt"]


@pytest.mark.parametrize(("argument", "reason"), [("none.root", "no such file"), ("*.h5", "no such file")])
def test_what_names_nothing_is_an_error(tree: Path, argument: str, reason: str) -> None:
    with pytest.raises(InputFileError, match=reason):
        input_files([str(tree / "a.root"), str(tree / argument)])


def test_a_folder_without_root_files_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputFileError, match=r"holds no \.root or \.h5 or \.hdf5 file"):
        input_files([str(tmp_path)])
