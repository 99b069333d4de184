"""Programs and libraries of emulator packages."""

from __future__ import annotations

import subprocess
from pathlib import Path

FLAGS = "-O1 -fPIC -std=c++17"


def library_of(package: Path, version: str) -> Path:
    """The library that a package has built."""
    return package / "build" / f"zoo_model_v{version}" / f"zoo_model_v{version}.so"


def compile_program(package: Path, source: Path) -> None:
    """Make a program of a source, with the headers of version 1."""
    includes = [f"-I{package / name}" for name in ("standalone", "standalone/ap_types", "zoo_model_v1")]
    command = ["g++", *FLAGS.split(), "-w", *includes, source, "-ldl", "-pthread", "-o", source.with_suffix("")]
    subprocess.run(command, check=True)
