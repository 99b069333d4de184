"""The one door to numba: typed, and with a cache on disk that notices every change of the sources.

Compiled functions are kept between runs, so that a start costs little. Numba's own cache looks at the file of the
outermost function alone: it would go on using an old step after the step's file had changed. Here the folder of the
cache is named by a hash of all sources of this package that hold compiled functions, and a damaged file of it is made
again instead of being run.
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

# What other packages teach numba about their own types (awkward, vector) costs each process 0.25 s and is not needed
# for numpy arrays; numba asks for it unless it has done so before.
entrypoints._already_initialized = True


class _SealedFiles(caching.IndexDataCacheFile):  # type: ignore[misc]
    """Numba's index and data files, each with its digest behind it; what has none is as if it were not there."""

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
    """Compile a function of numpy arrays and numbers to machine code, at its first call and once for all runs.

    Arithmetic is IEEE 754 in the order written (no reassociation, no contraction), so that results do not depend on the
    width of the vector unit. Division by zero gives infinity or NaN as in numpy. Other threads may run meanwhile.
    """
    config: Any = numba.config
    before = config.CACHE_DIR
    config.CACHE_DIR = _cache_folder()
    try:
        return cast(F, numba.njit(cache=True, nogil=True, error_model="numpy")(function))
    finally:
        config.CACHE_DIR = before


def inlined(function: F) -> F:
    """Make a small function part of every compiled function that calls it, so that its loops can be vectorised."""
    return cast(F, numba.njit(inline="always", error_model="numpy")(function))


def one_of(functions: Sequence[Callable[..., None]]) -> Callable[..., None]:
    """Several compiled functions of the same arguments as one, whose first argument says which, counted from 0.

    It becomes part of the compiled functions that call it, which are kept on disk; it is not, by itself.
    """
    return _one_of(tuple(functions), 0)


def _one_of(functions: tuple[Callable[..., None], ...], number: int) -> Callable[..., None]:
    function = functions[number]
    rest = _one_of(functions, number + 1) if number + 1 < len(functions) else function
    if rest is function:

        def last(code: int, *arguments: Any) -> None:
            function(*arguments)

        return cast(Callable[..., None], numba.njit(error_model="numpy", forceinline=True)(last))

    def run(code: int, *arguments: Any) -> None:
        if code == number:
            function(*arguments)
        else:
            rest(code, *arguments)

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
