"""The names of a dataset's input files."""

from __future__ import annotations

from pathlib import Path

import pytest

from data_prep.errors import InputFileError
from data_prep.readers.file_names import FILES, file_names, read_file_names, write_file_names
from data_prep.readers.remote import RemoteFile


def test_names_do_not_depend_on_where_the_files_lie(tmp_path: Path) -> None:
    for folder in ("/data", "/mnt/other"):
        assert file_names([Path(folder, "a/x.root"), Path(folder, "b/x.root")]) == ["a/x.root", "b/x.root"]
    assert file_names([]) == []
    remote = RemoteFile("https://example.org/x.root")
    assert file_names([remote, tmp_path / "y.root"]) == [str(remote), "y.root"]


def test_on_disk(tmp_path: Path) -> None:
    assert read_file_names(tmp_path) == []
    write_file_names([tmp_path / "ä.root", tmp_path / "b.root"], tmp_path)
    assert read_file_names(tmp_path) == ["ä.root", "b.root"]
    for content in ("{", '{"a": 1}', "[1]"):
        (tmp_path / FILES).write_text(content)
        with pytest.raises(InputFileError, match="holds no names of files"):
            read_file_names(tmp_path)
