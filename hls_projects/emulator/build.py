"""Compiling an emulator, once: the library is kept in a cache that processes may share."""

from __future__ import annotations

import ctypes
import hashlib
import shutil
import tempfile
import time
from functools import cache
from pathlib import Path

from data_prep.errors import PipelineError
from data_prep.store.sealed import is_sealed, seal
from data_prep.system import programs
from data_prep.system.machine import ending, require_machine
from hls_projects.cache import cache_folder
from hls_projects.compiler import require_compiler

FLAGS = ("-O3", "-march=native", "-std=c++17", "-fPIC", "-shared", "-fwrapv", "-fno-math-errno", "-w")
"""Native code: the cache is of this machine, and the key of an entry holds the processor as the compiler sees it."""
_STALE_SECONDS = 86_400


def library(source: str, fingerprint: str, folder: Path | None = None) -> ctypes.CDLL:
    """Load the compiled source, from the cache if it is there and whole.

    Args:
        source: C++.
        fingerprint: of the network.
        folder: of the cache; that of the user if none.

    Raises:
        ToolNotFoundError: when there is no g++.
        MachineError: when there is no room or memory for it.
        PipelineError: when it does not compile.
    """
    folder = (folder or cache_folder("emulator")).absolute()
    key = hashlib.sha256("\0".join((fingerprint, source, _compiler(), *FLAGS)).encode()).hexdigest()
    path = folder / f"{key[:32]}.so"
    if not is_sealed(path):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        _compile(source, path)
    return ctypes.CDLL(str(path))


@cache
def _compiler() -> str:
    """Version of g++, and the features that it assumes of this machine's processor."""
    require_compiler("compile the fast emulator")
    commands = (["g++", "--version"], ["g++", "-march=native", "-dM", "-E", "-x", "c++", "/dev/null"])
    return "\0".join(programs.run(command).output for command in commands)


def _compile(source: str, path: Path) -> None:
    """Compile beside the final place and rename, so that other processes see a whole library or none."""
    _remove_stale(path.parent)
    with tempfile.TemporaryDirectory(prefix=".build-", dir=path.parent) as work:
        text, compiled = Path(work) / "emulator.cpp", Path(work) / "emulator.so"
        text.write_text(source, encoding="utf-8")
        command = ["g++", *FLAGS, str(text), "-o", str(compiled)]
        ended = programs.run(command)
        if ended.code != 0:
            require_machine(ended.errors, path.parent, code=ended.code)
            first = next((line for line in ended.errors.splitlines() if "error" in line), ended.errors.strip()[-300:])
            raise PipelineError(f"the emulator does not compile: {first or ending(ended.code)}", file=path)
        seal(compiled)
        compiled.replace(path)


def _remove_stale(folder: Path) -> None:
    """Remove the folders of compilations that were killed."""
    for left in folder.glob(".build-*"):
        try:
            if time.time() - left.stat().st_mtime > _STALE_SECONDS:
                shutil.rmtree(left, ignore_errors=True)
        except FileNotFoundError:
            continue
