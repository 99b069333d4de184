"""Files that end with the SHA-256 of their content: damaged or truncated files are recognised before they are used.

Loaders, linkers and pickle ignore bytes behind the end of their data.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

_DIGEST = 32


def sealed(content: bytes) -> bytes:
    """The content with its digest behind it."""
    return b"".join((content, hashlib.sha256(content).digest()))


def unsealed(data: bytes) -> memoryview | None:
    """The content before its digest; None where it is not that of the content, or there is no content."""
    content, digest = memoryview(data)[:-_DIGEST], data[-_DIGEST:]
    return content if content and hashlib.sha256(content).digest() == digest else None


def seal(file: Path) -> None:
    """Append the digest of its content to a file."""
    file.write_bytes(sealed(file.read_bytes()))


def is_sealed(file: Path) -> bool:
    """Whether a file exists and ends with the digest of its content."""
    try:
        return unsealed(file.read_bytes()) is not None
    except OSError:
        return False
