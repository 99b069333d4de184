"""Files that end with the SHA-256 of their content: damaged or truncated files are recognised before they are used.

Loaders, linkers and pickle ignore bytes behind the end of their data.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

_DIGEST = 32


def sealed(content: bytes) -> bytes:
    """The content followed by its digest."""
    return content + hashlib.sha256(content).digest()


def seal(file: Path) -> None:
    """Append the digest of its content to a file."""
    file.write_bytes(sealed(file.read_bytes()))


def is_sealed(file: Path) -> bool:
    """Whether a file exists and ends with the digest of its content."""
    try:
        content = file.read_bytes()
    except OSError:
        return False
    return len(content) > _DIGEST and sealed(content[:-_DIGEST]) == content
