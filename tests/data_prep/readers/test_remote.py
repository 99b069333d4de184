"""Files behind URLs: the same jets as from the disk, and a named error for whatever a server can do wrong."""

from __future__ import annotations

import builtins
import pickle
import socket
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import fsspec
import fsspec.implementations.http
import numpy as np
import pytest

from benchmarks.mock import mock_jets, write_mock_file
from data_prep.errors import InputFileError
from data_prep.readers import Options, remote
from data_prep.readers.detect import reader_of
from data_prep.readers.files import input_files
from data_prep.readers.remote import RemoteFile
from tests.data_prep.readers import samples


class Ranges(SimpleHTTPRequestHandler):
    """Serves a folder, and ranges of bytes of its files (RFC 9110, section 14)."""

    def do_GET(self) -> None:
        requested = self.headers.get("Range")
        path = Path(self.translate_path(self.path))
        if requested is None or not path.is_file():
            super().do_GET()
            return
        content = path.read_bytes()
        first, last = requested.removeprefix("bytes=").split("-")
        start, stop = int(first), min(int(last) + 1 if last else len(content), len(content))
        self.send_response(206)
        self.send_header("Content-Range", f"bytes {start}-{stop - 1}/{len(content)}")
        self.send_header("Content-Length", str(stop - start))
        self.end_headers()
        self.wfile.write(content[start:stop])

    def end_headers(self) -> None:
        self.send_header("Accept-Ranges", "bytes")
        super().end_headers()

    def send_head(self) -> Any:
        if "shut" in self.path:
            self.send_error(int(Path(self.path).stem.split("_")[1]))
            return None
        return super().send_head()

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """One second to answer; file systems that are kept from other tests are not used."""
    monkeypatch.setattr(remote, "TIMEOUT", 1.0)
    fsspec.implementations.http.HTTPFileSystem.clear_instance_cache()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """The URL of a folder that holds `tmp_path`."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Ranges, directory=str(tmp_path))) as httpd:
        thread = threading.Thread(target=httpd.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{httpd.server_port}"
        httpd.shutdown()
        thread.join()


@pytest.mark.parametrize("layout", ["jetclass", "pfnano_v2", "lhc_jets", "top_tagging"])
def test_a_file_behind_a_url_gives_the_jets_of_the_file(layout: str, server: str, tmp_path: Path) -> None:
    writer, _ = samples.WRITERS[layout]
    local = writer(samples.jets(), tmp_path / "jets.file")
    (distant,) = input_files([f"{server}/jets.file"])
    assert str(distant) == f"{server}/jets.file"
    local_reader, counts, _ = reader_of([local], Options())
    remote_reader, distant_counts, _ = reader_of([distant], Options())
    assert distant_counts == {distant: counts[local]}
    local_jets = local_reader.read(local, 3, counts[local])
    remote_jets = remote_reader.read(distant, 3, counts[local])
    assert local_jets.jets > 0
    for name in ("offsets", "pt", "eta", "phi", "energy", "jet_pt", "event"):
        np.testing.assert_array_equal(getattr(local_jets, name), getattr(remote_jets, name))


def test_urls_are_paths_that_can_be_sent() -> None:
    url = "root://eos.example.org//store/jets.root?token=1"
    file = RemoteFile(url)
    assert (str(file), file.name) == (url, "jets.root")
    assert pickle.loads(pickle.dumps(file)) == file  # noqa: S301 - as it is sent to a process
    assert input_files([url, url]) == [file]
    assert file != Path("/store/jets.root")


def test_the_manifest_sees_when_a_file_changes(server: str, tmp_path: Path) -> None:
    write_mock_file(tmp_path / "t.root", mock_jets("t", 5, seed=1))
    before = RemoteFile(f"{server}/t.root").content_hash
    assert RemoteFile(f"{server}/t.root").content_hash == before
    write_mock_file(tmp_path / "t.root", mock_jets("t", 6, seed=1))
    assert RemoteFile(f"{server}/t.root").content_hash != before


@pytest.mark.parametrize("url", ["gopher://example.org/a.root", "s3://bucket/a.root", "https:///a.root"])
def test_a_url_of_another_kind_is_named(url: str) -> None:
    with pytest.raises(InputFileError, match="is a URL that cannot be read .give a local file or http://"):
        input_files([url])


def test_what_a_server_does_not_have_is_named(server: str, tmp_path: Path) -> None:
    (tmp_path / "short.root").write_bytes(b"root")
    (tmp_path / "empty.root").write_bytes(b"")
    (tmp_path / "page.root").write_text("<html>please log in</html>")
    for name, reason in (
        ("none.root", "no such file"),
        ("short.root", "cannot be read"),
        ("empty.root", "is empty"),
        ("page.root", "is an HTML page"),
    ):
        with pytest.raises(InputFileError, match=f"{name}: {reason}"):
            reader_of(input_files([f"{server}/{name}"]), Options())


@pytest.mark.parametrize("status", [401, 403])
def test_a_server_that_does_not_let_a_file_be_read(status: int, server: str) -> None:
    url = f"{server}/shut_{status}.root"
    with pytest.raises(InputFileError, match=rf"does not let it be read \(HTTP {status}\) .*copy the file here"):
        reader_of(input_files([url]), Options())


def test_nobody_there_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(InputFileError, match="the server does not answer as it should .Client"):
        reader_of(input_files([f"http://127.0.0.1:{port}/a.root"]), Options())


def test_a_server_that_says_nothing_is_given_up() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        pytest.raises(InputFileError, match="the server does not answer as it should .*imeout"),
    ):
        reader_of(input_files([f"http://127.0.0.1:{silent.getsockname()[1]}/a.root"]), Options())


def test_root_urls_end_in_a_named_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(InputFileError, match=f"root://127.0.0.1:{port}//a.root: "):
        reader_of(input_files([f"root://127.0.0.1:{port}//a.root"]), Options())


@pytest.mark.parametrize(
    ("url", "package"), [("https://example.org/a.root", "aiohttp"), ("root://x//a.root", "xrootd")]
)
def test_a_missing_package_is_named(url: str, package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def no(name: str, *rest: Any, **options: Any) -> Any:
        if name.split(".")[0] in ("aiohttp", "fsspec_xrootd"):
            raise ModuleNotFoundError(f"No module named '{name}'", name=name)
        return original(name, *rest, **options)

    original = builtins.__import__
    monkeypatch.setattr(builtins, "__import__", no)
    monkeypatch.setattr(fsspec, "core", _Without())
    with pytest.raises(InputFileError, match=f"cannot be read .*install .*{package}"):
        RemoteFile(url).exists()


class _Without:
    def url_to_fs(self, *_: Any, **__: Any) -> Any:
        raise ImportError("Install a package to open this")
