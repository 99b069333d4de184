"""What decides the bits of a result besides its inputs: this package's code and the libraries that shape numbers."""

from __future__ import annotations

import hashlib
import importlib.metadata
import platform
from functools import cache
from pathlib import Path

from data_prep.streams.executors import ClusterError

LIBRARIES = ("numpy", "awkward", "uproot", "h5py", "numba", "llvmlite", "fastjet", "pyarrow", "pydantic")


@cache
def environment() -> str:
    """A hash of the sources of `data_prep` and of the versions of Python and of `LIBRARIES`, hexadecimal."""
    package = Path(__file__).parents[2]
    digest = hashlib.sha256(platform.python_version().encode())
    for name in LIBRARIES:
        digest.update(f"{name} {importlib.metadata.version(name)}\n".encode())
    for source in sorted(package.rglob("*.py")):
        digest.update(f"{source.relative_to(package).as_posix()}\n".encode())
        digest.update(source.read_bytes())
    return digest.hexdigest()


def require(expected: str) -> None:
    """Check that this process has the environment that the one that asks has.

    Raises:
        ClusterError: other code or libraries here than there, so that results could be others.
    """
    if expected != environment():
        raise ClusterError(
            "a worker runs another version of this code, of Python, or of its libraries",
            remedy="let them use this checkout, unchanged since the run began, and the versions of requirements.lock",
        )
