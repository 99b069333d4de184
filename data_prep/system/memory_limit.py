"""Working under a limit of memory, as `ulimit -v` and batch systems set it."""

from __future__ import annotations

import importlib
import math
import mmap
import os
import resource
from contextlib import suppress

ROOM = 160 << 20
"""Bytes that a library of linear algebra is to find: itself, and a buffer of 32 MB."""


def memory_limit() -> int | None:
    """Bytes that this process may take; none where there is no limit."""
    limits = [resource.getrlimit(kind)[0] for kind in (resource.RLIMIT_AS, resource.RLIMIT_DATA)]
    return min((each for each in limits if each != resource.RLIM_INFINITY), default=None)


def address_space() -> float:
    """Bytes of address space that this process may have; infinite where there is no limit."""
    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    return math.inf if limit == resource.RLIM_INFINITY else limit


def load_linear_algebra() -> None:
    """Under a limit load numpy's and scipy's OpenBLAS now, where there is room for them.

    OpenBLAS that gets no memory for its buffers while it is loaded tries again for ever. It takes one a thread; here
    one must do.

    Raises:
        MemoryError: when there is no room.
    """
    if memory_limit() is None:
        return
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    for name in ("numpy", "scipy.linalg"):
        try:
            mmap.mmap(-1, ROOM, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS).close()
        except OSError:
            raise MemoryError(f"no {ROOM >> 20} MB are left for {name}") from None
        with suppress(ModuleNotFoundError):
            importlib.import_module(name)
            _multiply(name)


def _multiply(name: str) -> None:
    """Have a buffer allocated, which is then kept."""
    import numpy as np

    matrix = np.ones((64, 64))
    if name == "numpy":
        matrix.dot(matrix)
    else:
        from scipy.linalg.blas import dgemm

        dgemm(1.0, matrix, matrix)
