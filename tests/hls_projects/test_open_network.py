"""What a user may give as a network: sources that are none are refused by name."""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest

from data_prep.errors import InputFileError
from data_prep.fixed_point import FixedType
from hls_projects.network.network import Network
from hls_projects.open_network import open_network
from tests.hls_projects.random_networks import NetworkBuilder


def _network() -> Network:
    build = NetworkBuilder(((2, 2, 1), FixedType(4, 4)))
    build.add("ReLU", ("in0",), (2, 2, 1))
    return build.network()


def test_a_network_and_its_folder(tmp_path: Path) -> None:
    network = _network()
    network.save(tmp_path)
    assert open_network(network) is network
    assert open_network(str(tmp_path)).fingerprint == network.fingerprint


@pytest.mark.parametrize("content", ["nothing", "folder", "text"])
def test_what_is_no_model_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "model"
    if content == "folder":
        path.mkdir()
    elif content == "text":
        path.write_text("no archive")
    with pytest.raises(InputFileError, match="model"):
        open_network(path)


def test_an_archive_that_is_no_bundle_is_refused(tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    _network().save(tmp_path / "own")
    with tarfile.open(tmp_path / "own.tar.gz", "w:gz") as tar:
        tar.add(tmp_path / "own", "own")
    with pytest.raises(InputFileError, match="manifest.json"):
        open_network(tmp_path / "own.tar.gz")
