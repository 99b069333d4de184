"""A disk that is soon full."""

from __future__ import annotations

import gc
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def mounted(folder: Path, size: str, *, lazily: bool = False) -> Iterator[Path]:
    """A file system of this size in a new folder; skips the test where mounting is not permitted.

    Args:
        folder: is made.
        size: as of `mount`, 64k or 2m.
        lazily: take it away though this process still has files on it open.
    """
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("mount not permitted")
    try:
        yield folder
    finally:
        # What failed may still be in a cycle, with the file that could not be written.
        gc.collect()
        subprocess.run(["umount", *["--lazy"] * lazily, str(folder)], check=True)
