"""The interface to numba: typed decorators, and a cache on disk that depends on all sources.

Compiled functions are kept between runs. Numba's own cache checks only the file of the outermost function: it would use
an old step after the step's file has changed. Here the cache folder is named by a hash of all sources of this package
with compiled functions, and damaged cache files are made again instead of being run.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
from numba.core import caching, entrypoints

from data_prep.store.sealed import is_sealed, sealed

# Numba loads extensions of other packages for their own types (awkward, vector), which takes 0.25 s a process and is
# not needed for numpy arrays. This flag says that they are loaded already.
entrypoints._already_initialized = True


class _SealedFiles(caching.IndexDataCacheFile):  # type: ignore[misc]
    """Numba's index and data files, each followed by its digest; files without a valid one are ignored."""

    def _load_index(self) -> Any:
        return super()._load_index() if is_sealed(Path(self._index_path)) else {}

    def _load_data(self, name: str) -> Any:
        if not is_sealed(Path(self._data_path(name))):
            raise FileNotFoundError(name)
        return super()._load_data(name)

    @contextmanager
    def _open_for_write(self, filepath: str) -> Iterator[io.BytesIO]:
        content = io.BytesIO()
        with super()._open_for_write(filepath) as file:
            yield content
            file.write(sealed(content.getvalue()))


caching.IndexDataCacheFile = _SealedFiles

F = TypeVar("F", bound=Callable[..., Any])


def compiled(function: F) -> F:
    """Compile a function of numpy arrays and numbers to machine code, at its first call; later runs load it.

    Arithmetic is IEEE 754 in the order written (no reassociation, no contraction), so that results do not depend on the
    width of the vector unit. Division by zero gives infinity or NaN as in numpy. The interpreter lock is released.
    """
    config: Any = numba.config
    folder_before = config.CACHE_DIR
    config.CACHE_DIR = _cache_folder()
    try:
        return cast(F, numba.njit(cache=True, nogil=True, error_model="numpy")(function))
    finally:
        config.CACHE_DIR = folder_before


def inlined(function: F) -> F:
    """Make a small function part of every compiled function that calls it, so that its loops can be vectorised."""
    return cast(F, numba.njit(inline="always", error_model="numpy")(function))


def dispatcher(functions: Sequence[Callable[..., None]]) -> Callable[..., None]:
    """Several compiled functions of the same arguments as one, whose first argument is the index of the function.

    It is inlined into the compiled functions that call it, which are kept on disk; it has no cache file itself.
    """
    return _dispatcher(tuple(functions), 0)


def _dispatcher(functions: tuple[Callable[..., None], ...], number: int) -> Callable[..., None]:
    function = functions[number]
    next_function = _dispatcher(functions, number + 1) if number + 1 < len(functions) else function
    if next_function is function:

        def run_last(code: int, *arguments: Any) -> None:
            function(*arguments)

        return cast(Callable[..., None], numba.njit(error_model="numpy", forceinline=True)(run_last))

    def run(code: int, *arguments: Any) -> None:
        if code == number:
            function(*arguments)
        else:
            next_function(code, *arguments)

    return cast(Callable[..., None], numba.njit(error_model="numpy", forceinline=True)(run))


@cache
def _cache_folder() -> str:
    package = Path(__file__).parents[1]
    digest = hashlib.sha256()
    for source in sorted(package.rglob("*.py")):
        text = source.read_bytes()
        if b"@compiled" in text or b"@inlined" in text:
            digest.update(source.relative_to(package).as_posix().encode() + b"\0" + text)
    return str(package / "__pycache__" / f"compiled-{digest.hexdigest()[:12]}")
