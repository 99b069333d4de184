"""Where compiled code is kept between runs: this machine's, to be removed at any time."""

from __future__ import annotations

import os
from pathlib import Path


def cache_folder(part: str) -> Path:
    """One part of the user's cache, below `$XDG_CACHE_HOME` or `~/.cache`; it need not exist."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "jet-image-trigger" / part
