"""Files behind a URL, `https://` and `root://`, as paths that the readers take like local ones.

Only the bytes that are needed are fetched. If a server fails, an error follows within `TIMEOUT` seconds a request.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import PosixPath
from typing import Any
from urllib.parse import urlsplit

from data_prep.errors import InputFileError, PipelineError
from data_prep.system.machine import machine_fault

SCHEMES = {"http": "aiohttp", "https": "aiohttp", "root": "fsspec-xrootd", "xroot": "fsspec-xrootd"}
"""Schemes of URLs, and the package that reads each."""
TIMEOUT = 30.0
"""Seconds to wait for a server's answer."""
_SHUT = (401, 403)
"""HTTP status codes for missing permission (RFC 9110, sections 15.5.2 and 15.5.4)."""
BLOCK = 1 << 20
"""Bytes that are fetched at once where a file is read arrays by arrays."""


def is_url(text: str) -> bool:
    """Whether a text is one URL, without white space, and not a local path."""
    return re.fullmatch(r"[A-Za-z][A-Za-z0-9+.-]*://\S*", text) is not None


class RemoteFile(PosixPath):
    """A file behind a URL, as a path; its server gives size, existence and content.

    >>> file = RemoteFile("https://example.org/data/jets.root")
    >>> str(file), file.name
    ('https://example.org/data/jets.root', 'jets.root')

    Raises:
        InputFileError: a URL that cannot be read.
    """

    url: str
    _info: dict[str, Any] | None

    def __new__(cls, url: str) -> RemoteFile:
        """A path of this URL."""
        split = urlsplit(url)
        if split.scheme not in SCHEMES or not split.netloc:
            schemes = ", ".join(f"{scheme}://" for scheme in SCHEMES)
            raise InputFileError("is a URL that cannot be read", file=url, remedy=f"give a local file or {schemes}")
        self = super().__new__(cls, split.path)
        self.url, self._info = url, None
        return self

    def __reduce__(self) -> Any:
        return RemoteFile, (self.url,)

    def __str__(self) -> str:
        return self.url

    def __fspath__(self) -> str:
        return self.url

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RemoteFile) and other.url == self.url

    def __hash__(self) -> int:
        return hash(self.url)

    def absolute(self) -> RemoteFile:
        """Itself."""
        return self

    def exists(self) -> bool:
        """Whether the server has the file.

        Raises:
            InputFileError: the server does not answer, or the package for this scheme is missing.
        """
        try:
            self.info()
        except FileNotFoundError:
            return False
        return True

    def info(self) -> dict[str, Any]:
        """The server's information about the file, requested once.

        Raises:
            FileNotFoundError: the server does not have the file.
            InputFileError: the server does not answer, or the package for this scheme is missing.
        """
        if self._info is None:
            with remote_faults(self):
                self._info = self._filesystem().info(self.url)
        return self._info

    @property
    def size(self) -> int:
        """Its length in bytes."""
        return int(self.info().get("size") or 0)

    @property
    def content_hash(self) -> str:
        """SHA-256 of the server's information (URL, length, ETag, time of the last change), not of the bytes."""
        identity = {key: str(value) for key, value in self.info().items() if key in ("ETag", "size", "mtime", "url")}
        return hashlib.sha256(json.dumps({"url": self.url} | identity, sort_keys=True).encode()).hexdigest()

    def open(self, *args: Any, **options: Any) -> Any:
        """A file object for reading bytes, which fetches only the bytes that are read.

        Raises:
            InputFileError: the server does not answer, or the package for this scheme is missing.
        """
        with remote_faults(self):
            return self._filesystem().open(self.url, "rb", block_size=BLOCK)

    @property
    def storage_options(self) -> dict[str, Any]:
        """The options of its file system."""
        if self.url.startswith("http"):
            import aiohttp

            timeouts = {"sock_connect": TIMEOUT, "sock_read": TIMEOUT}
            return {"client_kwargs": {"timeout": aiohttp.ClientTimeout(total=None, **timeouts)}}
        return {"timeout": int(TIMEOUT)}

    def _filesystem(self) -> Any:
        import fsspec

        # XRootD's default is to wait half an hour for a host that does not exist
        for name, value in (("CONNECTIONWINDOW", TIMEOUT), ("CONNECTIONRETRY", 1), ("REQUESTTIMEOUT", TIMEOUT)):
            os.environ.setdefault(f"XRD_{name}", str(int(value)))
        return fsspec.core.url_to_fs(self.url, **self.storage_options)[0]


@contextmanager
def remote_faults(file: RemoteFile) -> Iterator[None]:
    """Turn errors of the network and of servers into an `InputFileError`; `FileNotFoundError` passes.

    Raises:
        InputFileError: naming the file and the reason.
    """
    try:
        yield
    except PipelineError:
        raise
    except FileNotFoundError as error:
        # fsspec raises it also where no server answered; then another error is the cause
        cause = error.__cause__
        if cause is None or isinstance(cause, FileNotFoundError) or getattr(cause, "status", None) in (404, 410):
            raise
        raise _no_answer(file, cause) from None
    except ImportError as error:
        scheme = urlsplit(file.url).scheme
        raise InputFileError(
            f"cannot be read ({error})", file=file, remedy=f"install {SCHEMES[scheme]}, which reads {scheme}://"
        ) from None
    except Exception as error:  # noqa: BLE001 - what the libraries of networks raise cannot be listed
        raise _no_answer(file, error) from None


def _no_answer(file: RemoteFile, error: BaseException) -> PipelineError:
    shortage = machine_fault(error, file)
    if shortage is not None:
        return shortage
    status = getattr(error, "status", None)
    if status in _SHUT:
        return InputFileError(
            f"the server does not let it be read (HTTP {status})",
            file=file,
            remedy="give a URL that you may read (with a token or a name in it), or copy the file here",
        )
    lines = str(error).strip().splitlines()
    reason = f"{type(error).__name__}: {lines[0][:200]}" if lines else type(error).__name__
    return InputFileError(
        f"the server does not answer as it should ({reason})", file=file, remedy="check the URL and the network"
    )
