"""The C++ compiler, which simulation, HLS emulation and fast emulator need."""

from __future__ import annotations

import shutil

from data_prep.errors import ToolNotFoundError


def require_compiler(purpose: str) -> None:
    """Make sure that g++ is installed.

    Args:
        purpose: what it is needed for, such as `compile the HLS project`.

    Raises:
        ToolNotFoundError: when there is none on PATH.
    """
    if shutil.which("g++") is None:
        raise ToolNotFoundError(
            f"g++ not found, needed to {purpose}", remedy="install a C++ compiler: `apt install g++`"
        )
