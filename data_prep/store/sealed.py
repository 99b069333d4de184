"""Files that end with the SHA-256 of what stands before it: damage, or a file cut short, is found before it is used.

Loaders, linkers and pickle pass over what stands behind their own end.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

_DIGEST = 32


def sealed(content: bytes) -> bytes:
    """The content with its digest behind it."""
    return content + hashlib.sha256(content).digest()


def seal(file: Path) -> None:
    """Append the digest of a file to it."""
    file.write_bytes(sealed(file.read_bytes()))


def is_sealed(file: Path) -> bool:
    """Whether a file is there and ends with the digest of what stands before it."""
    try:
        content = file.read_bytes()
    except OSError:
        return False
    return len(content) > _DIGEST and sealed(content[:-_DIGEST]) == content
