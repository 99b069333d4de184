"""Hashes of the files of a folder, and which files of an unpacked bundle are its own."""

from __future__ import annotations

import hashlib
from pathlib import Path

MADE = ("cmssw/build", "emp/sim/work")
"""Folders that `make` writes in an unpacked bundle; they are no part of it."""
MANIFEST = "manifest.json"
CHECKSUMS = "SHA256SUMS"
"""File of the same hashes and that of the manifest, in the format of `sha256sum --check`."""


def hash_files(root: Path) -> dict[str, str]:
    """SHA-256 of every file of a bundle by relative path, without manifest, `SHA256SUMS` and the output of `make`."""
    hashes = {}
    for path in files_of(root):
        name = path.relative_to(root).as_posix()
        if path.is_file() and name not in (MANIFEST, CHECKSUMS):
            hashes[name] = sha256(path)
    return hashes


def files_of(root: Path) -> list[Path]:
    """Everything below the folder of a bundle, with links and folders, without the output of `make`."""
    files = [root / name for name in MADE]
    return sorted(path for path in root.rglob("*") if not any(path.is_relative_to(folder) for folder in files))


def sha256(path: Path) -> str:
    """The hash of a file, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
