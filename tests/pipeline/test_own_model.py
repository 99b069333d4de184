"""A model that this project did not build: lowered, converted and proven, or refused before anything in it runs."""

from __future__ import annotations

import json
import shutil
import warnings
from pathlib import Path

import numpy as np
import pytest
from qkeras import QActivation, QConv2D, QDense, quantized_bits, quantized_po2, quantized_relu
from tensorflow import keras

from pipeline.app import main

ROOT = Path(__file__).parents[2]
HARDWARE = ROOT / "configs" / "demo" / "hardware.yaml"


def _dense_network(path: Path, activation: str = "linear") -> Path:
    """A jet tagger on 16 high-level features, as in Duarte et al. 2018 (arXiv:1804.06913), quantized."""
    weight = quantized_bits(6, 0, alpha=1)
    model = keras.Sequential([keras.Input((16,), name="features")])
    for units in (16, 8):
        model.add(QDense(units, kernel_quantizer=weight, bias_quantizer=weight))
        model.add(QActivation(quantized_relu(6, 1)))
    model.add(QDense(5, kernel_quantizer=weight, bias_quantizer=weight, activation=activation))
    rng = np.random.default_rng(4)
    model.set_weights([rng.normal(0, 0.5, weight.shape) for weight in model.get_weights()])
    model.save(path)
    return path


@pytest.mark.skipif(shutil.which("g++") is None, reason="g++ not found")
def test_from_a_model_file_to_a_proof(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    model = _dense_network(tmp_path / "own.h5", activation="softmax")
    lowered, hls, proof = (str(tmp_path / name) for name in ("40_lowered", "50_hls", "60_csim.json"))
    options = ["--input-type", "ap_fixed<10,4>", "--logits"]
    assert main(["lower", "--model", str(model), *options, "--out", lowered]) == 0
    assert main(["convert", "--config", str(HARDWARE), lowered, "--out", hls]) == 0
    assert main(["csim", "--config", str(HARDWARE), "--lowered", lowered, hls, "--out", proof]) == 0
    content = json.loads(Path(proof).read_text())
    assert content["status"] == "proven"
    assert content["mismatches"] == 0
    assert content["vectors"]["random"] == 6000
    assert any(layer["name"] == "output 0 of the trained model" for layer in content["layers"])
    assert "integers are equal" in capfd.readouterr().out


@pytest.mark.skipif(shutil.which("g++") is None, reason="g++ not found")
def test_odd_outputs_and_a_model_in_a_model(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """A dictionary of logits, their softmax and the quantized input; weights of powers of two, of which Keras warns."""
    features = keras.Input((6,), name="features")
    x = QActivation(quantized_bits(6, 1, alpha=1), name="port")(features)
    inner = keras.Sequential([QDense(4, kernel_quantizer=quantized_po2(4), use_bias=False)], name="inner")
    inner.add(QActivation(quantized_relu(5, 2)))
    weight = quantized_bits(5, 0, alpha=1)
    logits = QDense(3, kernel_quantizer=weight, bias_quantizer=weight, name="logits")(inner(x))
    chances = keras.layers.Softmax(name="chances")(logits)
    model = keras.Model(features, {"scores": logits, "chances": chances, "features": x})
    rng = np.random.default_rng(5)
    model.set_weights([rng.normal(0, 0.5, weight.shape) for weight in model.get_weights()])
    model.save(tmp_path / "own.h5")
    capfd.readouterr()
    lowered, hls, proof = (str(tmp_path / name) for name in ("40_lowered", "50_hls", "60_csim.json"))
    commands = (
        ["lower", "--model", str(tmp_path / "own.h5"), "--logits", "--out", lowered],
        ["convert", "--config", str(HARDWARE), lowered, "--out", hls],
        ["csim", "--config", str(HARDWARE), "--lowered", lowered, hls, "--out", proof],
    )
    with warnings.catch_warnings(record=True) as shown:
        warnings.simplefilter("always")
        assert [main(each) for each in commands] == [0, 0, 0]
    content = json.loads(Path(proof).read_text())
    assert (content["status"], content["mismatches"]) == ("proven", 0)
    ports = json.loads(Path(lowered, "types.json").read_text())["outputs"]
    assert [(port["shape"], port["left_out"]) for port in ports] == [([3], "softmax"), ([6], None), ([3], None)]
    assert not [each.message for each in shown if each.category is UserWarning]
    assert not capfd.readouterr().err.strip()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([], "'features' does not meet a quantizer first"),
        (["--input-type", "float"], "--input-type: 'float' is not a fixed-point"),
    ],
)
def test_what_is_missing_is_said(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], options: list[str], message: str
) -> None:
    model = _dense_network(tmp_path / "own.h5")
    assert main(["lower", "--model", str(model), *options, "--out", str(tmp_path / "out")]) == 1
    error = capfd.readouterr().err
    assert message in error
    assert "Traceback" not in error
    assert not (tmp_path / "out").exists()


def test_foreign_code_is_refused_before_it_runs(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    trap = tmp_path / "trap"
    code = f"__import__('pathlib').Path({str(trap)!r}).touch()"
    model = keras.Sequential([keras.Input((4,)), keras.layers.Lambda(eval(f"lambda x: ({code}, x)[1]"), name="sly")])  # noqa: S307
    trap.unlink(missing_ok=True)
    model.save(tmp_path / "lambda.h5")
    trap.unlink(missing_ok=True)
    assert main(["lower", "--model", str(tmp_path / "lambda.h5"), "--out", str(tmp_path / "out")]) == 1
    error = capfd.readouterr().err
    assert "sly" in error
    assert "Lambda" in error
    assert not trap.exists()


@pytest.mark.parametrize("content", [b"", b"no model", b"\x89HDF\r\n\x1a\n" + b"\0" * 40])
def test_a_file_that_is_no_model(tmp_path: Path, capfd: pytest.CaptureFixture[str], content: bytes) -> None:
    path = tmp_path / "broken.h5"
    path.write_bytes(content)
    assert main(["lower", "--model", str(path), "--out", str(tmp_path / "out")]) == 1
    error = capfd.readouterr().err
    assert "broken.h5" in error
    assert len(error.strip().splitlines()) == 1


def test_an_unsupported_layer_is_named(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    weight = quantized_bits(6, 0, alpha=1)
    image = keras.Input((8, 8, 1))
    x = QActivation(quantized_relu(6, 0))(image)
    x = QConv2D(4, 3, kernel_quantizer=weight, bias_quantizer=weight)(x)
    x = keras.layers.BatchNormalization(name="norm_of_mine")(x)
    keras.Model(image, x).save(tmp_path / "own.h5")
    assert main(["lower", "--model", str(tmp_path / "own.h5"), "--out", str(tmp_path / "out")]) == 1
    assert "layer 'norm_of_mine'" in capfd.readouterr().err
