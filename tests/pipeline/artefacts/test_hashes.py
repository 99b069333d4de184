"""Hashes of files and folders, and what is remembered of them."""

from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path

import pytest

from pipeline.artefacts import hashes
from pipeline.artefacts.hashes import Hasher, content_hash, file_hashes, files_in


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of this test's own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _aged(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the file be older than what is too young to be remembered."""
    later = time.time_ns() + 2 * hashes.YOUNG
    monkeypatch.setattr(hashes.time, "time_ns", lambda: later)


def test_a_folder_is_its_names_and_contents(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    (folder / "deep" / "empty").mkdir(parents=True)
    (folder / "deep" / "b").write_bytes(b"b")
    (folder / "a").write_bytes(b"a")
    (folder / "link").symlink_to(folder / "a")
    assert files_in(folder) == ["a", "deep/b", "link"]
    assert file_hashes(folder) == {"a": _digest(b"a"), "deep/b": _digest(b"b"), "link": _digest(b"a")}
    (folder / "link").unlink()
    before = content_hash(folder)
    (folder / "a").rename(folder / "c")
    assert content_hash(folder) != before


def test_a_hash_is_remembered_as_long_as_the_file_stays_what_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "jets.root"
    file.write_bytes(b"jets")
    hasher = Hasher(remember=False)
    hasher.sha256(file)
    _aged(file, monkeypatch)
    hasher.save()
    hashed: list[Path] = []
    real = hashes.sha256
    monkeypatch.setattr(hashes, "sha256", lambda path: hashed.append(path) or real(path))  # type: ignore[func-returns-value]
    assert Hasher(remember=True).sha256(file) == _digest(b"jets")
    assert hashed == []
    # What is made is made from what was read.
    assert Hasher(remember=False).sha256(file) == _digest(b"jets")
    assert hashed == [file]
    # The same length, and the time of the last change set back.
    state = file.stat()
    file.write_bytes(b"stej")
    os.utime(file, ns=(state.st_atime_ns, state.st_mtime_ns))
    assert Hasher(remember=True).sha256(file) == _digest(b"stej")
    # Another file of the same name.
    replacement = tmp_path / "other"
    replacement.write_bytes(b"etsj")
    replacement.replace(file)
    assert Hasher(remember=True).sha256(file) == _digest(b"etsj")


def test_what_changed_a_moment_ago_is_not_remembered(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second change within the clock's resolution would not be seen."""
    file = tmp_path / "jets.root"
    file.write_bytes(b"jets")
    soon = file.stat().st_ctime_ns + hashes.YOUNG // 2
    monkeypatch.setattr(hashes.time, "time_ns", lambda: soon)
    hasher = Hasher(remember=True)
    hasher.sha256(file)
    hasher.save()
    assert not list(cache.rglob("*.sqlite"))


@pytest.mark.parametrize("content", [b"", b"no database at all", b"SQLite format 3\0" + bytes(200)])
def test_a_damaged_database_costs_only_time(
    tmp_path: Path, cache: Path, content: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    (cache / "jet-image-trigger" / "hashes").mkdir(parents=True)
    (cache / "jet-image-trigger" / "hashes" / "sha256.sqlite").write_bytes(content)
    file = tmp_path / "jets.root"
    file.write_bytes(b"jets")
    hasher = Hasher(remember=True)
    assert hasher.sha256(file) == _digest(b"jets")
    _aged(file, monkeypatch)
    hasher.save()


def test_a_cache_that_is_a_file_costs_only_time(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache.write_text("mine")
    file = tmp_path / "jets.root"
    file.write_bytes(b"jets")
    hasher = Hasher(remember=True)
    assert hasher.sha256(file) == _digest(b"jets")
    _aged(file, monkeypatch)
    hasher.save()
    assert cache.read_text() == "mine"


def test_a_change_meanwhile_is_seen(tmp_path: Path) -> None:
    file, changed = tmp_path / "a", tmp_path / "b"
    for path in (file, changed):
        path.write_bytes(b"jets")
    hasher = Hasher(remember=False)
    for path in (file, changed):
        hasher.sha256(path)
    assert hasher.changed() is None
    os.utime(file)
    assert hasher.changed() is None
    changed.write_bytes(b"stej")
    assert hasher.changed() == changed
    changed.unlink()
    assert hasher.changed() == changed
