"""Formats of files by their first bytes: ROOT, HDF5, or another one, which the error message names.

Sources of the signatures: ROOT's `TFile` ("root"), HDF5 File Format Specification 3.0, section II.A (at byte 0, 512,
1024, 2048, …, behind a user block), and the specifications of the other formats.
"""

from __future__ import annotations

import errno
import os
import shlex
import stat
from pathlib import Path
from typing import BinaryIO, Literal

from data_prep.errors import InputFileError
from data_prep.readers.faults import faults
from data_prep.readers.remote import BLOCK, RemoteFile

Container = Literal["root", "hdf5"]
ROOT_MAGIC = b"root"
HDF5_MAGIC = b"\x89HDF\r\n\x1a\n"
FIRST_USERBLOCK = 512
"""Bytes of the smallest user block of an HDF5 file."""
_HEAD = 2048
_KNOWN = "give ROOT or HDF5 files of a known layout (docs/data_flow.md)"
_CONVERT = "write its jets to a ROOT file, with the branches of a layout in docs/data_flow.md"
_AGAIN = "download it again: the server sent this page instead; sign in, or use the link to the file itself"
_BROKEN_COPY = "copy it again, the copy did not finish"

_PACKED = (
    (b"\x1f\x8b", "gzip", "gunzip"),
    (b"BZh", "bzip2", "bunzip2"),
    (b"\xfd7zXZ\x00", "xz", "unxz"),
    (b"\x28\xb5\x2f\xfd", "zstd", "unzstd"),
    (b"\x04\x22\x4d\x18", "lz4", "unlz4"),
)
"""First bytes, name of the compression, and the program that unpacks it."""
_FORMATS = (
    (b"PAR1", "is a Parquet file", _CONVERT),
    (b"ARROW1", "is an Arrow (Feather) file", _CONVERT),
    (b"FEA1", "is a Feather file", _CONVERT),
    (b"\x93NUMPY", "is a NumPy array (.npy)", _CONVERT),
    (b"\x0e\x03\x13\x01", "is an HDF4 file", _CONVERT),
    (b"SQLite format 3\x00", "is an SQLite database", _CONVERT),
    (b"\x7fELF", "is a program", _KNOWN),
    (b"%PDF", "is a PDF document", _KNOWN),
    (b"\x89PNG", "is a picture (PNG)", _KNOWN),
)
"""First bytes, the format in words, and the remedy."""
_TEXTS = (
    (
        "version https://git-lfs.github.com/spec/",
        "is a Git LFS pointer, not the file itself",
        "fetch the file by `git lfs pull`",
    ),
    ("/annex/objects/", "is a git-annex pointer, not the file itself", "fetch the file by `git annex get`"),
    (
        "<<<<<<< ",
        "is a text file with Git conflict markers",
        "take one of its two sides by `git checkout --ours` or `--theirs`",
    ),
    ("<!doctype html", "is an HTML page", _AGAIN),
    ("<html", "is an HTML page", _AGAIN),
    ("<?xml", "is an XML file", _AGAIN),
    ("<error", "is an error message of a server (XML)", _AGAIN),
    ("{", "is a JSON file", _AGAIN),
    ("<leshouchesevents", "is a Les Houches event file: it holds no jets", _CONVERT),
    ("hepmc::", "is a HepMC file: it holds no jets", _CONVERT),
)
"""The beginning of a text in lower case, the format in words, and the remedy."""


def container(file: Path) -> Container:
    """Whether a file is a ROOT or an HDF5 file.

    Raises:
        InputFileError: there is no such file, it may not be read, is empty, a folder, a pipe, or has another format,
            which the message names; or a ROOT file that was never closed.
    """
    _require_file(file)
    with faults(file), file.open("rb") as raw:
        head = raw.read(_HEAD)
        if not head:
            raise InputFileError("is empty", file=file, remedy="copy or make it again")
        if head.startswith(ROOT_MAGIC):
            if _never_closed(head):
                raise InputFileError(
                    "was never closed: it is still being written, or writing was interrupted, and the last jets may "
                    "be missing",
                    file=file,
                    remedy="wait for it; if writing was interrupted, make the file again, or open it once with ROOT by "
                    'TFile::Open("…", "UPDATE"), which closes it with what was saved',
                )
            return "root"
        if head.startswith(HDF5_MAGIC) or _behind_a_userblock(raw, BLOCK if isinstance(file, RemoteFile) else None):
            return "hdf5"
    description, remedy = _identify(head, file)
    raise InputFileError(f"{description}, neither a ROOT nor an HDF5 file", file=file, remedy=remedy)


def require_container(file: Path, expected: Container) -> None:
    """Check that a file has the container format of a layout.

    Raises:
        InputFileError: as `container`, or the file has the other format.
    """
    if container(file) != expected:
        raise InputFileError(
            "is an HDF5 file, and the layout is of ROOT files"
            if expected == "root"
            else "is a ROOT file, and the layout is of HDF5 files",
            file=file,
            remedy="take `layout:` out of images.yaml, to have the layout recognised, or give files of it",
        )


def _require_file(file: Path) -> None:
    """Check that a file allows random access, before it is opened: opening a pipe would wait."""
    if isinstance(file, RemoteFile):
        if not file.exists():
            raise InputFileError("no such file", file=file, remedy="check the path")
        return
    try:
        mode = os.stat(file).st_mode  # noqa: PTH116 - for every class of path
    except (FileNotFoundError, NotADirectoryError):
        if file.is_symlink():
            target = str(file.readlink())
            annexed = ".git/annex/" in target
            remedy = "fetch it by `git annex get`" if annexed else "give the file itself, or mend the link"
            raise InputFileError(f"is a link to {target}, which is not there", file=file, remedy=remedy) from None
        raise InputFileError("no such file", file=file, remedy="check the path") from None
    except PermissionError:
        raise InputFileError("its folder may not be read", file=file, remedy="change its permissions") from None
    except OSError as error:
        reason = "is a link in a circle of links" if error.errno == errno.ELOOP else f"is no file ({error.strerror})"
        raise InputFileError(reason, file=file, remedy="give the file itself") from None
    if stat.S_ISDIR(mode):
        raise InputFileError("is a folder", file=file, remedy="give the files in it")
    if stat.S_ISFIFO(mode):
        raise InputFileError(
            "is a pipe, and files are read with random access",
            file=file,
            remedy="write it to a file, and give that instead of a pipe or `<(…)`",
        )
    if not stat.S_ISREG(mode):
        raise InputFileError("is a device or socket, not a file", file=file, remedy="give a file")


def _never_closed(head: bytes) -> bool:
    """Whether a ROOT file was never closed: the position of its list of free segments, which is written last, is 0.

    `TFile::Init` writes 0 when a file is made and `TFile::Close` the position; ROOT makes the same check. In files
    beyond 2 GB positions have 8 bytes, and 1,000,000 is added to the version.
    """
    version = int.from_bytes(head[4:8], "big")
    position, size = (20, 8) if version >= 1_000_000 else (16, 4)
    return head[position : position + size] == bytes(size)


def _behind_a_userblock(raw: BinaryIO, limit: int | None) -> bool:
    """Whether an HDF5 file begins behind a user block of less than `limit` bytes."""
    size = raw.seek(0, os.SEEK_END)
    position = FIRST_USERBLOCK
    while position < size and (limit is None or position < limit):
        raw.seek(position)
        if raw.read(len(HDF5_MAGIC)) == HDF5_MAGIC:
            return True
        position *= 2
    return False


def _identify(head: bytes, file: Path) -> tuple[str, str]:
    """The format of a file that is neither ROOT nor HDF5, by its first bytes, and the remedy."""
    for magic, name, program in _PACKED:
        if head.startswith(magic):
            return f"is compressed by {name}", f"unpack it: `{program} < {shlex.quote(str(file))} > NEW.root`"
    if head.startswith(b"PK\x03\x04"):
        return "is a zip archive (.zip, .npz)", "unpack it by `unzip`, and give the ROOT or HDF5 files in it"
    if head[257:262] == b"ustar":
        return "is a tar archive", "unpack it by `tar -xf`, and give the files in it"
    for magic, description, remedy in _FORMATS:
        if head.startswith(magic):
            return description, remedy
    if len(head) > 2 and head[0] == 0x80 and 2 <= head[1] <= 5:
        return "is a Python pickle", _CONVERT
    if not head.strip(b"\0"):
        return "begins with zeros only", _BROKEN_COPY
    text = _text(head)
    if text is None:
        return "is of an unknown kind", _KNOWN
    small = text.lstrip("\ufeff \t\r\n").lower()
    for beginning, description, remedy in _TEXTS:
        if small.startswith(beginning):
            return description, remedy
    first_line = next((line.strip() for line in text.splitlines() if line.strip()), "")
    return f"is a text file, beginning '{first_line[:40]}'", _KNOWN


def _text(head: bytes) -> str | None:
    """The beginning of a file as text, None where it is no text."""
    try:
        text = head.decode()
    except UnicodeDecodeError as error:
        if len(head) < _HEAD or error.start < len(head) - 3:  # a letter may be cut in two
            return None
        text = head[: error.start].decode()
    return text if all(letter.isprintable() or letter in "\t\r\n\f\ufeff" for letter in text) else None
