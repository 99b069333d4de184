"""How the stage `rtl` ends: proven, refused, not run, or failed with the first difference."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import yaml
from qkeras import QActivation, QDense, quantized_bits, quantized_relu
from tensorflow import keras

from data_prep.errors import ToolNotFoundError
from hls_projects.rtl.simulation import verilator
from hls_projects.rtl.synthesis import yosys
from models.files.load import save_model
from pipeline.app import main
from pipeline.artefacts.manifest import manifest_path
from tests.sealed import made_again

pytestmark = pytest.mark.skipif(shutil.which("g++") is None, reason="g++ not found")


@pytest.fixture(scope="module")
def lowered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four pixels and two sums, lowered."""
    folder = tmp_path_factory.mktemp("lowered")
    x = image = keras.Input((2, 2, 1), name="image")
    x = keras.layers.Flatten()(QActivation(quantized_relu(4, 2), name="pixels")(x))
    weights = {"kernel_quantizer": quantized_bits(4, 0, alpha=1), "bias_quantizer": quantized_bits(4, 0, alpha=1)}
    model = keras.Model(image, QDense(2, name="sums", **weights)(x))
    kernel = np.array([[0.5, -0.25], [0.375, 0.0], [-1.0, 0.0], [0.0, 0.0]])
    model.get_layer("sums").set_weights([kernel, np.array([0.125, 0.0])])
    save_model(model, folder / "model.h5")
    assert main(["lower", "--model", str(folder / "model.h5"), "--out", str(folder / "40_lowered")]) == 0
    return folder / "40_lowered"


def _rtl(folder: Path, lowered: Path, **settings: object) -> int:
    config = folder / "hardware.yaml"
    rtl = {"variants": [{}], "synthesis_seconds": 0, "vhdl_vectors": 20, "trade_off": []} | settings
    config.write_text(yaml.safe_dump({"name": "sums", "csim": {"random_vectors": 100}, "rtl": rtl}))
    return main(["rtl", "--config", str(config), str(lowered), "--out", str(folder / "65_rtl")])


@pytest.mark.parametrize("form", [{"clocks": 4}, {"form": "streamed", "rows": 1}])
def test_proven(tmp_path: Path, lowered: Path, form: dict[str, object]) -> None:
    assert _rtl(tmp_path, lowered, synthesis_seconds=100, **form) == 0
    proof = json.loads((tmp_path / "65_rtl.json").read_text())
    assert proof["status"] == "proven"
    assert proof["interval"] == (2 if form.get("form") else 1)
    assert proof["latency"] == form.get("clocks", proof["latency"])
    # Two constant outputs would need none; these two need a few bits each.
    assert 0 < proof["variants"][0]["synthesis"]["lut"] < 100
    design = json.loads((tmp_path / "65_rtl" / "rtl.json").read_text())
    for language in ("verilog", "vhdl"):
        assert all((tmp_path / "65_rtl" / language / name).is_file() for name in design[language])


def test_a_network_too_large_is_refused(tmp_path: Path, lowered: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _rtl(tmp_path, lowered, largest=1) == 1
    error = capsys.readouterr().err
    assert "more than the 1 that hardware.yaml allows" in error
    assert "form: streamed" in error
    assert not (tmp_path / "65_rtl").exists()


def test_without_a_simulator_nothing_is_proven(
    tmp_path: Path, lowered: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def missing() -> Path:
        raise ToolNotFoundError("verilator not found")

    monkeypatch.setattr(verilator, "verilator_root", missing)
    assert _rtl(tmp_path, lowered) == 1
    assert "verilator not found" in capsys.readouterr().err
    proof = json.loads((tmp_path / "65_rtl.json").read_text())
    assert (proof["status"], proof["reason"]) == ("not run", "verilator not found")
    manifest = json.loads((tmp_path / "65_rtl.manifest.json").read_text())
    assert (manifest["failure"], manifest["outputs"]) == ("verilator not found", {})
    assert not (tmp_path / "65_rtl").exists()


@pytest.fixture
def without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Gives a PATH on which one program is missing."""

    def remove(name: str) -> None:
        programs = tmp_path / "bin"
        programs.mkdir()
        # The first of a name is the one that is run.
        for folder in map(Path, reversed(os.get_exec_path())):
            for program in folder.iterdir() if folder.is_dir() else ():
                if program.name != name:
                    (programs / program.name).unlink(missing_ok=True)
                    (programs / program.name).symlink_to(program)
        monkeypatch.setenv("PATH", str(programs))
        assert shutil.which(name) is None

    return remove


def test_without_a_compiler_one_line_says_so(
    tmp_path: Path, lowered: Path, without: Callable[[str], None], capsys: pytest.CaptureFixture[str]
) -> None:
    without("g++")
    remedy = "(install a C++ compiler: `apt install g++`)"
    assert _rtl(tmp_path, lowered) == 1
    message = capsys.readouterr().err
    assert message == f"error g++ not found, needed to compile the simulation of the Verilog {remedy}\n"
    assert json.loads((tmp_path / "65_rtl.json").read_text())["status"] == "not run"
    assert main(["convert", f"--config={tmp_path}/hardware.yaml", str(lowered), f"--out={tmp_path}/50_hls"]) == 0
    files = [f"--config={tmp_path}/hardware.yaml", f"--lowered={lowered}"]
    capsys.readouterr()
    assert main(["csim", *files, f"{tmp_path}/50_hls", f"--out={tmp_path}/60_csim.json"]) == 1
    assert capsys.readouterr().err == f"error g++ not found, needed to compile the HLS project {remedy}\n"
    assert json.loads((tmp_path / "60_csim.json").read_text())["status"] == "not run"


def test_without_ghdl_and_yosys_it_is_said_what_is_not_done(
    tmp_path: Path,
    lowered: Path,
    without: Callable[[str], None],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    without("ghdl")
    monkeypatch.setattr(yosys.sysconfig, "get_path", lambda _: str(tmp_path))  # that of PyPI
    (tmp_path / "bin" / "yosys").unlink(missing_ok=True)
    assert _rtl(tmp_path, lowered, synthesis_seconds=10) == 0
    assert sorted(capsys.readouterr().err.splitlines()) == [
        "warning sizes are estimated: yosys not found, needed to count LUTs and flip-flops "
        "(install it again: `rm .venv/.ready; make setup`)",
        "warning the VHDL is not simulated: ghdl not found, needed to simulate the VHDL (`apt install ghdl`)",
    ]
    proof = json.loads((tmp_path / "65_rtl.json").read_text())
    assert (proof["status"], proof["vhdl"]) == ("proven", None)
    assert proof["variants"][0]["synthesis"] is None


def test_other_weights_fail_with_the_first_difference(
    tmp_path: Path, lowered: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The comparison itself must be able to fail."""
    damaged = Path(shutil.copytree(lowered, tmp_path / "40_lowered"))
    arrays = dict(np.load(damaged / "weights.npz"))
    name = next(name for name in arrays if name.endswith(".kernel"))
    arrays[name][0, 1] += 1
    np.savez(damaged / "weights.npz", **arrays)
    shutil.copyfile(manifest_path(lowered), manifest_path(damaged))
    assert _rtl(tmp_path, damaged) == 1
    assert "40_lowered: is not as it was made: 'weights.npz' was changed" in capsys.readouterr().err
    made_again(damaged)
    assert _rtl(tmp_path, damaged) == 1
    assert "model and RTL differ: layer 'output 0, fast emulator'" in capsys.readouterr().err
    proof = json.loads((tmp_path / "65_rtl.json").read_text())
    assert proof["status"] == "failed"
    differing = {layer["name"] for layer in proof["layers"] if layer["mismatches"]}
    assert {"output 0, fast emulator", "output 0, interpreter", "output 0, simulated Verilog"} <= differing
    assert proof["first_mismatch"]["position"] == [1]
    assert not (tmp_path / "65_rtl").exists()
