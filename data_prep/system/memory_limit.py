"""Work under a memory limit, as `ulimit -v` and batch systems set it."""

from __future__ import annotations

import importlib
import math
import mmap
import os
import resource
from contextlib import suppress

ROOM = 160 << 20
"""Bytes that must be free for a linear-algebra library: the library, and a buffer of 32 MB."""


def memory_limit() -> int | None:
    """The memory limit of this process (bytes); None without a limit."""
    limits = [resource.getrlimit(limit)[0] for limit in (resource.RLIMIT_AS, resource.RLIMIT_DATA)]
    return min((value for value in limits if value != resource.RLIM_INFINITY), default=None)


def address_space() -> float:
    """The limit of the address space of this process (bytes); infinite without a limit."""
    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    return math.inf if limit == resource.RLIM_INFINITY else limit


def load_linear_algebra() -> None:
    """Under a memory limit, load OpenBLAS of numpy and scipy now, if there is memory for them.

    OpenBLAS that gets no memory for its buffers while it is loaded tries again for ever. It takes one buffer for each
    thread; the number of threads is set to 1.

    Raises:
        MemoryError: there is not enough memory.
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
    """Multiply matrices, so that OpenBLAS allocates its buffer, which it keeps."""
    import numpy as np

    matrix = np.ones((64, 64))
    if name == "numpy":
        matrix.dot(matrix)
    else:
        from scipy.linalg.blas import dgemm

        dgemm(1.0, matrix, matrix)
