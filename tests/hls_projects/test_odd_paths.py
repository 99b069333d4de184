"""Folders may be called what the file system allows: every tool finds its files all the same."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from qkeras import QActivation, QDense, quantized_bits
from tensorflow import keras

from data_prep.fixed_point import FixedType
from hls_projects.emulator.fast_emulator import FastEmulator
from hls_projects.hls import csim
from hls_projects.hls.convert import convert
from hls_projects.lowering.lower import lower
from hls_projects.lowering.types import prove_network
from hls_projects.network import integer_model
from hls_projects.network.network import Network
from hls_projects.rtl.forms.assemble import write_design
from hls_projects.rtl.simulation import ghdl, verilator
from hls_projects.rtl.synthesis.synthesis import synthesise
from hls_projects.settings import HlsSettings, RtlSettings, VariantSettings
from tests.hls_projects.random_networks import NetworkBuilder

NAMES = ["it's $HOME #1 %s; [x] {y} (z) & ü", 'a "quoted" \\n back\\slash\nand a line', os.fsdecode(b"no \xff utf-8")]


@pytest.fixture(params=NAMES, ids=["shell", "quotes", "bytes"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A folder with a name that scripts stumble over."""
    odd = tmp_path / str(request.param)
    odd.mkdir()
    return odd


@pytest.fixture(scope="module")
def network() -> Network:
    """A dense layer."""
    building = NetworkBuilder(((6,), FixedType(4, 4)))
    kernel = np.random.default_rng(1).integers(-4, 4, (6, 2))
    building.add("QDense", ("in0",), (2,), fraction=0, kernel=kernel, weight=FixedType(3, 3))
    return building.network()


@pytest.fixture
def rtl(network: Network, folder: Path) -> Path:
    write_design(network, "dense", RtlSettings(), VariantSettings(), folder / "rtl")
    return folder / "rtl"


def _expected(network: Network) -> tuple[Any, Any]:
    raw = np.random.default_rng(2).integers(-8, 8, (20, 6))
    return raw, integer_model.outputs(network, [raw])[0]


@pytest.mark.skipif(shutil.which("g++") is None, reason="g++ not found")
def test_verilator(network: Network, rtl: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = folder / "site packages" / "verilator"
    shutil.copytree(verilator.verilator_root(), root)
    monkeypatch.setattr(verilator, "verilator_root", lambda: root)
    raw, wanted = _expected(network)
    (simulated,) = verilator.build(rtl, folder / "scratch").run([raw])
    np.testing.assert_array_equal(simulated.outputs, wanted)


@pytest.mark.skipif(shutil.which("ghdl") is None, reason="ghdl not found")
def test_ghdl(network: Network, rtl: Path, folder: Path) -> None:
    raw, wanted = _expected(network)
    (simulated,) = ghdl.build(rtl, folder / "scratch").run([raw])
    np.testing.assert_array_equal(simulated.outputs, wanted)


def test_yosys(rtl: Path, folder: Path) -> None:
    assert synthesise(rtl, folder / "scratch").lut > 0


@pytest.mark.skipif(shutil.which("g++") is None, reason="g++ not found")
def test_the_fast_emulator(network: Network, folder: Path) -> None:
    raw, wanted = _expected(network)
    np.testing.assert_array_equal(FastEmulator(network, folder / "cache").run(raw, raw=True)[0], wanted)


@pytest.mark.skipif(shutil.which("g++") is None, reason="g++ not found")
def test_the_hls_project_and_its_emulation(folder: Path) -> None:
    image = keras.Input((6,), name="image")
    x = QActivation(quantized_bits(4, 3, alpha=1))(image)
    dense = QDense(2, kernel_quantizer=quantized_bits(3, 2, alpha=1), use_bias=False, name="dense")
    model = keras.Model(image, dense(x))
    kernel = np.random.default_rng(1).integers(-4, 4, (6, 2))
    dense.set_weights([kernel])
    lowered = lower(model)
    convert(lowered.model, prove_network(lowered).graph, "dense", HlsSettings(), folder / "hls")
    raw = np.random.default_rng(2).integers(-8, 8, (20, 6))
    emulated = csim.build(folder / "hls", folder).run([raw])
    np.testing.assert_array_equal(emulated.outputs[0], raw @ kernel)
