"""The cache only saves time: where it cannot be, or holds damaged files, everything is made anew."""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from data_prep.fixed_point import FixedType
from hls_projects import cache
from hls_projects.network import integer_model
from hls_projects.network.network import Network
from hls_projects.rtl.forms.assemble import write_design
from hls_projects.rtl.simulation import verilator
from hls_projects.rtl.synthesis import yosys
from hls_projects.settings import RtlSettings, VariantSettings
from tests.hls_projects.random_networks import NetworkBuilder


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    """What a process remembers of its cache is forgotten before and after."""
    cache._usable.cache_clear()
    yield
    cache._usable.cache_clear()


def test_the_cache_of_the_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "own"))
    assert cache.cache_folder("part") == tmp_path / "own" / "jet-image-trigger" / "part"
    assert cache.cache_folder("part").is_dir()
    monkeypatch.setenv("HOME", str(tmp_path))
    for unset in ("", "relative"):
        monkeypatch.setenv("XDG_CACHE_HOME", unset)
        assert cache.cache_folder("part") == tmp_path / ".cache" / "jet-image-trigger" / "part"


@pytest.mark.parametrize("fault", ["a file", "below a file", "read-only", "no home"])
def test_without_a_cache_a_temporary_folder_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, fault: str
) -> None:
    place = tmp_path / "place"
    monkeypatch.setenv("XDG_CACHE_HOME", str(place))
    if fault == "a file":
        place.write_text("")
    elif fault == "below a file":
        place.mkdir()
        (place / "jet-image-trigger").write_text("")
    elif fault == "read-only":
        if os.geteuid() == 0:
            monkeypatch.setenv("XDG_CACHE_HOME", "/proc")
        else:
            place.mkdir(mode=0o500)
    else:
        monkeypatch.delenv("XDG_CACHE_HOME")

        def nobody() -> Path:
            raise RuntimeError("Could not determine home directory.")

        monkeypatch.setattr(Path, "home", nobody)
    with caplog.at_level(logging.WARNING):
        folder = cache.cache_folder("part")
        assert cache.cache_folder("part") == folder
    (folder / "file").write_text("")
    assert not folder.is_relative_to(place)
    (record,) = caplog.records
    assert record.getMessage().startswith("compiled code is not kept for later commands: ")
    assert "\n" not in record.getMessage()


def _network() -> Network:
    building = NetworkBuilder(((4,), FixedType(4, 4)))
    kernel = np.random.default_rng(1).integers(-4, 4, (4, 2))
    building.add("QDense", ("in0",), (2,), fraction=0, kernel=kernel, weight=FixedType(3, 3))
    return building.network()


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("g++") is None, reason="g++ not found")
def test_a_damaged_object_of_verilator_is_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    network = _network()
    write_design(network, "dense", RtlSettings(), VariantSettings(), tmp_path / "rtl")
    raw = np.random.default_rng(2).integers(-8, 8, (20, 4))
    objects: dict[Path, bytes] = {}
    for round_ in ("new", "damaged"):
        (simulated,) = verilator.build(tmp_path / "rtl", tmp_path / round_).run([raw])
        np.testing.assert_array_equal(simulated.outputs, integer_model.outputs(network, [raw])[0])
        kept = {file: file.read_bytes() for file in sorted((tmp_path / "cache").rglob("*.o"))}
        assert kept
        assert kept == (objects or kept)
        objects = kept
        first, *others = kept
        first.write_bytes(kept[first][: len(kept[first]) // 2])
        for other in others:
            content = bytearray(kept[other])
            content[len(content) // 2] ^= 1
            other.write_bytes(content)


def test_a_damaged_translation_of_yosys_is_removed(tmp_path: Path) -> None:
    whole, damaged, unknown = (tmp_path / name / "module" for name in ("whole", "damaged", "unknown"))
    for file in (whole, damaged, unknown):
        file.parent.mkdir()
        file.write_bytes(b"machine code")
    unknown.rename(tmp_path / "aside")
    yosys._remember(tmp_path)
    (tmp_path / "aside").rename(unknown)
    damaged.write_bytes(b"machine bode")
    yosys._remove_damaged(tmp_path)
    assert (whole.exists(), damaged.exists(), unknown.exists()) == (True, False, False)
    yosys._remove_damaged(tmp_path)
    assert whole.exists()
