"""A bundle as one `.tar.gz`, whose bytes depend on its content alone; it is read back without trusting it."""

from __future__ import annotations

import gzip
import shutil
import struct
import tarfile
import zlib
from pathlib import Path, PurePosixPath

from data_prep.errors import InputFileError

MAX_BYTES = 2**31
"""More than any bundle unpacks to."""
MAX_ENTRIES = 100_000
_PADDING = 1 << 20
_LONGEST = 255
"""Largest number of bytes that file systems allow in a part of a path."""
_BROKEN = (
    tarfile.TarError, EOFError, gzip.BadGzipFile, zlib.error, struct.error,
    ValueError, ArithmeticError, LookupError, RecursionError, MemoryError,
)  # fmt: skip
"""Errors of reading a file that is no archive, or was made to do harm."""

_REMEDY = "do not use it; ask for the bundle again"


def pack(folder: Path, archive: Path) -> None:
    """Write a folder as `.tar.gz`: sorted, no times, no owners, rights reduced to executable or not.

    Args:
        folder: its name becomes the one top-level folder of the archive.
        archive: the file to write.
    """
    with (
        archive.open("wb") as file,
        gzip.GzipFile(filename="", mode="wb", compresslevel=9, fileobj=file, mtime=0) as compressed,
        tarfile.open(fileobj=compressed, mode="w", format=tarfile.PAX_FORMAT) as tar,
    ):
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            entry = tarfile.TarInfo(f"{folder.name}/{path.relative_to(folder).as_posix()}")
            stat = path.stat()
            entry.size = stat.st_size
            entry.mode = 0o755 if stat.st_mode & 0o100 else 0o644
            with path.open("rb") as content:
                tar.addfile(entry, content)


class _Stream(gzip.GzipFile):
    """The unpacked stream as `tarfile` reads it: a header that declares gigabytes is refused, not read."""

    def read(self, size: int | None = -1) -> bytes:
        if size is None or not 0 <= size <= _PADDING:
            raise tarfile.ReadError(f"has a header of {size} bytes")
        return super().read(size)


def unpack(archive: Path, into: Path) -> Path:
    """Unpack an archive that anyone may have written; no file is written before every name is checked.

    Args:
        archive: the `.tar.gz`.
        into: an existing folder.

    Returns:
        The one folder that the archive holds, below `into`.

    Raises:
        InputFileError: no such file, no whole `.tar.gz`, a name that is absolute, climbs or is too long, a link or
            device, a name given twice, more than one top-level folder, or more data than a bundle has.
    """
    try:
        with _Stream(archive) as stream, tarfile.open(fileobj=stream, mode="r:") as tar:
            entries = _checked(tar, archive)
            for name, entry in entries.items():
                target = into / name
                target.parent.mkdir(parents=True, exist_ok=True)
                content = tar.extractfile(entry)
                if content is None:
                    raise InputFileError(f"cannot read {entry.name!r}", file=archive, remedy=_REMEDY)
                with content, target.open("xb") as file:
                    shutil.copyfileobj(content, file)
                target.chmod(0o755 if entry.mode & 0o100 else 0o644)
            # The end of the stream holds its checksum.
            stream.read(_PADDING)
            if stream.read(1):
                raise InputFileError("holds data behind its last entry", file=archive, remedy=_REMEDY)
    except FileNotFoundError:
        raise InputFileError("no such bundle", file=archive) from None
    except _BROKEN as error:
        raise InputFileError(f"not a complete .tar.gz archive: {error}", file=archive, remedy=_REMEDY) from None
    return into / next(iter(entries)).parts[0]


def _checked(tar: tarfile.TarFile, archive: Path) -> dict[PurePosixPath, tarfile.TarInfo]:
    """The files of an archive by name, once all of them are known to be harmless."""

    def refuse(reason: str) -> InputFileError:
        return InputFileError(reason, file=archive, remedy=_REMEDY)

    members: dict[PurePosixPath, tarfile.TarInfo] = {}
    size = 0
    for number, entry in enumerate(tar):
        quoted = repr(entry.name[:80])
        name = PurePosixPath(entry.name)
        if entry.size < 0:
            raise refuse(f"holds {quoted} with a size below zero")
        size += entry.size
        if size > MAX_BYTES or number >= MAX_ENTRIES:
            raise refuse(f"is larger than any bundle: over {MAX_BYTES} bytes or {MAX_ENTRIES} entries")
        if name.is_absolute() or ".." in name.parts or "\\" in entry.name or not entry.name.isprintable():
            raise refuse(f"holds the path {quoted}, which leads out of the archive")
        if len(entry.name) > 4 * _LONGEST or any(len(part.encode()) > _LONGEST for part in name.parts):
            raise refuse(f"holds the path {quoted}…, which is too long")
        if entry.isdir():
            continue
        if not entry.isreg():
            raise refuse(f"holds {quoted}, which is a link or a device")
        if name in members:
            raise refuse(f"holds {quoted} twice")
        if len(name.parts) < 2:
            raise refuse(f"holds the file {quoted} outside of the bundle's folder")
        members[name] = entry
    if not members:
        raise refuse("is empty")
    if len({name.parts[0] for name in members}) > 1:
        raise refuse("holds more than one folder")
    for name in members:
        if any(parent in members for parent in name.parents):
            raise refuse(f"holds {str(name)[:80]!r} below a file")
    return members
