"""What is written is there whole, or what was there before stays."""

from __future__ import annotations

from pathlib import Path

import pytest

from data_prep.system.whole import whole_file, whole_folder


def test_a_file_appears_whole(tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    with whole_file(file) as partial:
        partial.write_text("1")
        assert not file.exists()
    assert file.read_text() == "1"
    assert list(tmp_path.iterdir()) == [file]


def test_what_fails_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    file.write_text("1")

    def half() -> None:
        with whole_file(file) as partial:
            partial.write_text("2")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        half()
    assert file.read_text() == "1"
    assert list(tmp_path.iterdir()) == [file]


def test_a_folder_appears_whole_and_what_was_begun_before_is_thrown_away(tmp_path: Path) -> None:
    (tmp_path / ".a.partial").mkdir()
    (tmp_path / ".a.partial" / "old").touch()
    with whole_folder(tmp_path / "a") as partial:
        assert list(partial.iterdir()) == []
        (partial / "new").touch()
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["new"]
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_a_folder_that_fails_is_not_there(tmp_path: Path) -> None:
    def half() -> None:
        with whole_folder(tmp_path / "a") as partial:
            (partial / "new").touch()
            raise OSError

    with pytest.raises(OSError):
        half()
    assert list(tmp_path.iterdir()) == []
