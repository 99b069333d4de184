"""What is given in place of a ROOT or HDF5 file: each is called by its name, and what is advised works."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import pickle
import re
import shutil
import socket
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet as pq
import pytest

from data_prep.errors import InputFileError
from data_prep.readers import Options
from data_prep.readers.detect import reader_of
from data_prep.readers.file_kinds import container, require_container
from tests.data_prep.readers import samples

JETS = 8


@pytest.fixture(scope="module")
def root_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return samples.jetclass(samples.jets(JETS), tmp_path_factory.mktemp("root") / "t.root")


@pytest.fixture(scope="module")
def hdf5_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return samples.top_tagging(samples.jets(JETS), tmp_path_factory.mktemp("hdf5") / "t.h5")


def jets_of(file: Path) -> int:
    return sum(reader_of([file], Options())[1].values())


def refusal(file: Path) -> InputFileError:
    with pytest.raises(InputFileError) as caught:
        jets_of(file)
    assert str(caught.value).startswith(f"{file}: ")
    assert "\n" not in str(caught.value)
    assert caught.value.remedy
    assert "damaged" not in str(caught.value)
    return caught.value


def as_made(content: bytes, *, big: bool = False, saved: bool = False) -> bytes:
    """A ROOT file as it stands on disk before it is closed: neither free segments nor streamers, nor (saved) keys."""
    begin, names = (int.from_bytes(content[at : at + 4], "big") for at in (8, 28))
    directory = begin + names
    unfinished = bytearray(content)
    unfinished[16:24] = unfinished[37:45] = bytes(8)
    if not saved:
        unfinished[directory + 10 : directory + 14] = unfinished[directory + 26 : directory + 30] = bytes(4)
    if big:  # version, first and last byte; places of 8 bytes
        unfinished[4:28] = (1_062_400).to_bytes(4) + begin.to_bytes(4) + len(content).to_bytes(8) + bytes(8)
    return bytes(unfinished)


@pytest.mark.parametrize("saved", [False, True])
@pytest.mark.parametrize("big", [False, True])
def test_a_root_file_that_was_never_closed(big: bool, saved: bool, root_file: Path, tmp_path: Path) -> None:
    (tmp_path / "t.root").write_bytes(as_made(root_file.read_bytes(), big=big, saved=saved))
    error = refusal(tmp_path / "t.root")
    assert error.problem.startswith("was never closed: it is still being written, or writing was interrupted")
    assert jets_of(root_file) == JETS


def test_root_files_that_were_closed_are_not_taken_for_others(root_file: Path, tmp_path: Path) -> None:
    """By the header of a small file, of one beyond 2 GB, and of one that was cut in the header."""
    content = root_file.read_bytes()
    places = (100).to_bytes(4) + (2**32 + 100).to_bytes(8) + (2**32).to_bytes(8)
    for head in (content, b"root" + (1_062_400).to_bytes(4) + places + bytes(100), content[:18], b"root"):
        (tmp_path / "t.root").write_bytes(head)
        assert container(tmp_path / "t.root") == "root"


def piped(program: str) -> Callable[[bytes], bytes]:
    return lambda content: subprocess.run([program, "-c"], input=content, capture_output=True, check=True).stdout


@pytest.mark.parametrize(
    ("name", "pack"),
    [
        ("gzip", gzip.compress),
        ("bzip2", bz2.compress),
        ("xz", lzma.compress),
        ("zstd", piped("zstd")),
        ("lz4", piped("lz4")),
    ],
)
def test_compressed_files_are_named_and_can_be_unpacked_as_is_said(
    name: str, pack: Callable[[bytes], bytes], root_file: Path, tmp_path: Path
) -> None:
    if name in ("zstd", "lz4") and shutil.which(name) is None:
        pytest.skip(f"{name} is not installed")
    (tmp_path / "it's packed.root").write_bytes(pack(root_file.read_bytes()))
    error = refusal(tmp_path / "it's packed.root")
    assert error.problem == f"is compressed by {name}, neither a ROOT nor an HDF5 file"
    (command,) = re.findall("`(.*)`", error.remedy or "")
    if shutil.which(command.split()[0]) is None:
        pytest.skip(f"{command.split()[0]} is not installed")
    subprocess.run(["sh", "-c", command], cwd=tmp_path, check=True)
    assert jets_of(tmp_path / "NEW.root") == JETS


def archive(root: Path, out: Path, archive_format: str) -> None:
    if archive_format == "zip":
        with zipfile.ZipFile(out, "w") as packed:
            packed.write(root, root.name)
    else:
        with tarfile.open(out, "w") as packed_tar:
            packed_tar.add(root, root.name)


@pytest.mark.parametrize(("archive_format", "program"), [("zip", "unzip"), ("tar", "tar -xf")])
def test_archives(archive_format: str, program: str, root_file: Path, tmp_path: Path) -> None:
    archive(root_file, tmp_path / "a.root", archive_format)
    error = refusal(tmp_path / "a.root")
    assert error.problem.startswith(f"is a {archive_format} archive")
    assert f"`{program}`" in (error.remedy or "")
    if shutil.which(program.split()[0]) is None:
        pytest.skip(f"{program} is not installed")
    subprocess.run([*program.split(), "a.root"], cwd=tmp_path, check=True)
    assert jets_of(tmp_path / root_file.name) == JETS


def saved(write: Callable[[io.BytesIO], object]) -> bytes:
    buffer = io.BytesIO()
    write(buffer)
    return buffer.getvalue()


TABLE = pa.table({"x": [1.0, 2.0]})
OTHERS = {
    "a Git LFS pointer": b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n",
    "a git-annex pointer": b"/annex/objects/SHA256E-s1--00.root\n",
    "Git conflict markers": b"<<<<<<< HEAD\nversion\n=======\n",
    "an HTML page": b"\n<!DOCTYPE html>\n<html><body>Please log in</body></html>",
    "an HTML page ": b"<HTML><head>",
    "an XML file": b"<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>",
    "an error message of a server (XML)": b"<Error><Code>NoSuchKey</Code></Error>",
    "a JSON file": b'{"message": "401: Unauthorized"}',
    "a Les Houches event file": b'<LesHouchesEvents version="3.0">\n<init>',
    "a HepMC file": b"HepMC::Version 3.02.05\nHepMC::Asciiv3-START_EVENT_LISTING\n",
    "a Parquet file": saved(lambda out: pq.write_table(TABLE, out)),
    "an Arrow": saved(lambda out: pyarrow.feather.write_feather(TABLE, out)),
    "a NumPy array": saved(lambda out: np.save(out, np.zeros(3))),
    "a zip archive (.zip, .npz)": saved(lambda out: np.savez(out, x=np.zeros(3))),
    "a Python pickle": pickle.dumps({"jets": [1.0] * 100}),
    "a text file, beginning 'pt,eta,phi'": b"\n  pt,eta,phi\n1,2,3\n" * 500,
    "a text file, beginning 'événement'": "événement\n".encode() * 300 + b"x" * 48 + "é".encode() * 300,
    "a program": Path(sys.executable).resolve().read_bytes()[:5000],
    "begins with zeros only": bytes(5000),
    "of an unknown kind": b"\x01\x02\xff\xfe" * 600,
    "is empty": b"",
}


@pytest.mark.parametrize("name", OTHERS)
def test_other_files_are_called_by_their_name(name: str, tmp_path: Path) -> None:
    (tmp_path / "t.root").write_bytes(OTHERS[name])
    assert name.strip() in refusal(tmp_path / "t.root").problem


def test_a_pipe_does_not_hang(tmp_path: Path, root_file: Path) -> None:
    os.mkfifo(tmp_path / "f.root")
    assert "is a pipe" in refusal(tmp_path / "f.root").problem
    # as the shell's <(cat t.root)
    with subprocess.Popen(["cat", str(root_file)], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        error = refusal(Path(f"/dev/fd/{process.stdout.fileno()}"))
        assert "is a pipe" in error.problem
        assert "write it to a file" in (error.remedy or "")
        (tmp_path / "written.root").write_bytes(process.stdout.read())
    assert jets_of(tmp_path / "written.root") == JETS


def test_what_is_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "is a device or socket" in refusal(Path("/dev/null")).problem
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("s.root")
        assert "is a device or socket" in refusal(Path("s.root")).problem
    (tmp_path / "x.root").mkdir()
    assert "is a folder" in refusal(tmp_path / "x.root").problem
    assert "no such file" in refusal(tmp_path / "x.root" / "none").problem
    assert "no such file" in refusal(tmp_path / "none" / "none").problem


def test_links_that_lead_nowhere(tmp_path: Path) -> None:
    for name, target in (("a", "gone.root"), ("b", ".git/annex/objects/xX/SHA256E-s1.root"), ("c", "c")):
        (tmp_path / name).symlink_to(target)
    assert refusal(tmp_path / "a").problem == "is a link to gone.root, which is not there"
    assert "git annex get" in (refusal(tmp_path / "b").remedy or "")
    assert "circle" in refusal(tmp_path / "c").problem


def test_a_file_that_may_not_be_read(root_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def shut(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", shut)
    with pytest.raises(InputFileError, match=r"may not be read \(change its permissions\)"):
        container(root_file)


@pytest.mark.parametrize("size", [512, 1024, 4096])
def test_a_userblock_is_read_over(size: int, hdf5_file: Path, tmp_path: Path) -> None:
    with h5py.File(hdf5_file) as old, h5py.File(tmp_path / "t.h5", "w", userblock_size=size) as new:
        new["table/table"] = old["table/table"][()]
    with (tmp_path / "t.h5").open("r+b") as raw:
        raw.write(b"<html>about these jets</html>")
    assert jets_of(tmp_path / "t.h5") == JETS


def test_the_other_container_is_named(root_file: Path, hdf5_file: Path) -> None:
    with pytest.raises(InputFileError, match="is a ROOT file, and the layout is of HDF5 files"):
        require_container(root_file, "hdf5")
    with pytest.raises(InputFileError, match="is an HDF5 file, and the layout is of ROOT files"):
        require_container(hdf5_file, "root")


INSPECT = """import sys
from pathlib import Path
from tests.data_prep.readers.test_file_kinds import jets_of
print(jets_of(Path(sys.argv[1])))"""
HOLD = "import sys, h5py; f = h5py.File(sys.argv[1], 'r+'); print('held', flush=True); sys.stdin.read()"


def test_a_locked_hdf5_file(hdf5_file: Path, tmp_path: Path) -> None:
    file = tmp_path / "t.h5"
    shutil.copy(hdf5_file, file)
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(file)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as writer:
        assert writer.stdout is not None and writer.stdin is not None
        assert writer.stdout.readline() == b"held\n"
        error = refusal(file)
        assert "is locked by a process that writes it" in error.problem
        assert "HDF5_USE_FILE_LOCKING=FALSE" in (error.remedy or "")
        finished = subprocess.run(
            [sys.executable, "-c", INSPECT, str(file)],
            cwd=Path(__file__).parents[3],
            env=os.environ | {"HDF5_USE_FILE_LOCKING": "FALSE"},
            capture_output=True,
            text=True,
            check=True,
        )
        assert finished.stdout == f"{JETS}\n"
        writer.stdin.close()
        writer.wait()
    assert jets_of(file) == JETS
