"""Archives: the same bytes for the same content; nothing that climbs, links or lies gets unpacked."""

from __future__ import annotations

import gzip
import io
import os
import tarfile
from pathlib import Path

import pytest

from data_prep.errors import InputFileError
from hls_projects.export import archive as module
from hls_projects.export.archive import pack, unpack

Entry = tuple[tarfile.TarInfo, bytes]


def _entry(name: str, entry_type: bytes = tarfile.REGTYPE, link: str = "", content: bytes = b"x") -> Entry:
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname = entry_type, link
    entry.size = len(content) if entry_type == tarfile.REGTYPE else 0
    return entry, content


def _write(path: Path, *entries: Entry) -> Path:
    with tarfile.open(path, "w:gz") as tar:
        for entry, content in entries:
            tar.addfile(entry, io.BytesIO(content))
    return path


def _tree(root: Path) -> Path:
    (root / "deep").mkdir(parents=True)
    (root / "deep" / "run.sh").write_text("true\n")
    (root / "deep" / "run.sh").chmod(0o700)
    (root / "a.txt").write_text("α\n")
    return root


def test_round_trip(tmp_path: Path) -> None:
    pack(_tree(tmp_path / "one"), tmp_path / "one.tar.gz")
    (tmp_path / "into").mkdir()
    root = unpack(tmp_path / "one.tar.gz", tmp_path / "into")
    assert root == tmp_path / "into" / "one"
    assert (root / "a.txt").read_text() == "α\n"
    assert (root / "deep" / "run.sh").stat().st_mode & 0o777 == 0o755
    assert (root / "a.txt").stat().st_mode & 0o777 == 0o644


def test_times_owners_and_order_leave_no_trace(tmp_path: Path) -> None:
    first = _tree(tmp_path / "1" / "same")
    second = tmp_path / "2" / "same"
    (second / "deep").mkdir(parents=True)
    for name in ("deep/run.sh", "a.txt"):
        (second / name).write_bytes((first / name).read_bytes())
        os.utime(second / name, (1, 1))
    (second / "deep" / "run.sh").chmod(0o755)
    pack(first, tmp_path / "1.tar.gz")
    pack(second, tmp_path / "2.tar.gz")
    assert (tmp_path / "1.tar.gz").read_bytes() == (tmp_path / "2.tar.gz").read_bytes()
    with tarfile.open(tmp_path / "1.tar.gz") as tar:
        assert {(entry.uid, entry.gid, entry.uname, entry.mtime) for entry in tar} == {(0, 0, "", 0)}
        assert tar.getnames() == ["same/a.txt", "same/deep/run.sh"]


@pytest.mark.parametrize(
    ("entries", "reason"),
    [
        ([_entry("b/ok"), _entry("b/../../evil")], "leads out"),
        ([_entry("../evil")], "leads out"),
        ([_entry("/etc/evil")], "leads out"),
        ([_entry("b\\..\\evil")], "leads out"),
        ([_entry("b/x\ny")], "leads out"),
        ([_entry("b/link", tarfile.SYMTYPE, "/etc/passwd")], "link"),
        ([_entry("b/hard", tarfile.LNKTYPE, "b/ok")], "link"),
        ([_entry("b/pipe", tarfile.FIFOTYPE)], "link or a device"),
        ([_entry("b/null", tarfile.CHRTYPE)], "link or a device"),
        ([_entry("b/" + "x" * 256)], "too long"),
        ([_entry("b/" + "x/" * 600 + "x")], "too long"),
        ([_entry("b/twice"), _entry("b/./twice")], "twice"),
        ([_entry("b/one"), _entry("c/two")], "more than one folder"),
        ([_entry("loose")], "outside"),
        ([_entry("b/f"), _entry("b/f/g")], "below a file"),
        ([_entry("b", tarfile.DIRTYPE)], "empty"),
    ],
)
def test_harmful_archives_are_refused_before_anything_is_written(
    tmp_path: Path, entries: list[Entry], reason: str
) -> None:
    archive = _write(tmp_path / "bad.tar.gz", *entries)
    into = tmp_path / "into"
    into.mkdir()
    with pytest.raises(InputFileError, match=reason):
        unpack(archive, into)
    assert not list(into.iterdir())
    assert {path.name for path in tmp_path.iterdir()} == {"bad.tar.gz", "into"}


def test_too_much_data_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_BYTES", 10)
    archive = _write(
        tmp_path / "big.tar.gz", _entry("b/one", content=b"12345678"), _entry("b/two", content=b"12345678")
    )
    with pytest.raises(InputFileError, match="larger than any bundle"):
        unpack(archive, tmp_path)


def _header(name: str, size: int, entry_type: bytes) -> bytes:
    entry = tarfile.TarInfo(name)
    entry.type, entry.size = entry_type, size
    return entry.tobuf(tarfile.GNU_FORMAT)


def _below_zero() -> bytes:
    entry = tarfile.TarInfo("b/f")
    entry.pax_headers = {"size": "-1536"}
    return entry.tobuf(tarfile.PAX_FORMAT)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (_header("b/f", 1 << 42, tarfile.REGTYPE), "larger than any bundle"),
        (_header("b/f", 1 << 42, tarfile.XHDTYPE), "has a header of 4398046511104 bytes"),
        (_header("b/f", 1 << 42, tarfile.GNUTYPE_LONGNAME), "has a header of 4398046511104 bytes"),
        ((_header("x", 512, tarfile.XHDTYPE) + b"12 path=b/f\n".ljust(512, b"\0")) * 2000, "recursion"),
        # Python 3.11.7 would go round in circles.
        (_below_zero(), "a size below zero"),
    ],
)
def test_what_a_header_declares_is_not_believed(tmp_path: Path, content: bytes, reason: str) -> None:
    (tmp_path / "bomb.tar.gz").write_bytes(gzip.compress(content + bytes(1024)))
    (tmp_path / "into").mkdir()
    with pytest.raises(InputFileError, match=reason):
        unpack(tmp_path / "bomb.tar.gz", tmp_path / "into")
    assert not list((tmp_path / "into").iterdir())


def test_data_behind_the_archive_is_refused(tmp_path: Path) -> None:
    archive = _write(tmp_path / "long.tar.gz", _entry("b/one"))
    archive.write_bytes(archive.read_bytes() + gzip.compress(bytes(1 << 21)))
    (tmp_path / "into").mkdir()
    with pytest.raises(InputFileError, match="behind its last entry"):
        unpack(archive, tmp_path / "into")


@pytest.mark.parametrize("cut", [0, 1, 10, 60, -8, -1])
def test_a_cut_archive_is_refused(tmp_path: Path, cut: int) -> None:
    pack(_tree(tmp_path / "one"), tmp_path / "one.tar.gz")
    whole = (tmp_path / "one.tar.gz").read_bytes()
    (tmp_path / "cut.tar.gz").write_bytes(whole[:cut])
    (tmp_path / "into").mkdir()
    with pytest.raises(InputFileError, match=r"not a complete .tar.gz|is empty"):
        unpack(tmp_path / "cut.tar.gz", tmp_path / "into")


def test_no_such_archive(tmp_path: Path) -> None:
    with pytest.raises(InputFileError, match="no such bundle"):
        unpack(tmp_path / "none.tar.gz", tmp_path)
