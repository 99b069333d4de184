"""The folder of code that was compiled on this machine; it can be removed at any time.

Files in it are sealed (`data_prep/store/sealed.py`): one that was damaged or cut short is made again. Where no such
folder can be written, every command compiles anew.
"""

from __future__ import annotations

import logging
import os
import tempfile
from functools import cache
from pathlib import Path

_kept: list[tempfile.TemporaryDirectory[str]] = []


def cache_folder(part: str) -> Path:
    """One part of the user's cache, below `$XDG_CACHE_HOME` or `~/.cache`; created if it does not exist.

    Where that cannot be written (no home, a read-only one, a file in its place) it is a folder that this process
    removes at its end, and a warning says so.

    Raises:
        OSError: when temporary files cannot be written either.
    """
    named = os.environ.get("XDG_CACHE_HOME", "")
    return _usable(named if Path(named).is_absolute() else None, part)


@cache
def _usable(named: str | None, part: str) -> Path:
    try:
        # The specification of XDG base directories has relative paths ignored.
        folder = (Path(named) if named else Path.home() / ".cache") / "jet-image-trigger" / part
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.TemporaryFile(dir=folder):
            return folder
    except (OSError, RuntimeError) as error:  # RuntimeError: there is no home folder
        reason = " ".join(str(error).split())
        logging.getLogger(__name__).warning("compiled code is not kept for later commands: %s", reason)
    _kept.append(tempfile.TemporaryDirectory(prefix="jet-image-trigger-"))
    return Path(_kept[-1].name)
