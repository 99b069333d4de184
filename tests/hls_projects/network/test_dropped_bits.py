"""Layers without weights, weights in steps of 2, and casts that drop every bit, through hls4ml: exact, or refused."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from qkeras import QActivation, QConv2D, QDense, quantized_bits, quantized_relu
from tensorflow import keras

from data_prep.errors import UnsupportedModelError
from data_prep.fixed_point import FixedType
from hls_projects.hls.convert import convert
from hls_projects.hls.csim import build
from hls_projects.lowering.lower import lower
from hls_projects.lowering.types import prove_network
from hls_projects.network.dropped_bits import unreadable
from hls_projects.proof.compare import compare
from hls_projects.proof.vectors import made_vectors
from hls_projects.settings import HlsSettings
from models.quantization.exact import exact_inference

KL = keras.layers


def _bits(bits: int, integer: int = 0) -> quantized_bits:
    return quantized_bits(bits, integer, alpha=1)


def _model(flat: bool = True) -> keras.Model:
    """Four branches: an empty filter, a constant cast twice, steps that no bit reaches, weights that are all even.

    With `flat` the second cast is behind a Flatten.
    """
    image = keras.Input((2, 2, 1), name="image")
    pixels = QActivation(quantized_relu(3, 1), name="pixels")(image)
    x = QConv2D(1, 1, kernel_quantizer=_bits(4), use_bias=False, name="empty")(pixels)
    x = QActivation(_bits(2), name="of_empty")(x)
    empty = QConv2D(1, 1, kernel_quantizer=_bits(4), bias_quantizer=_bits(4), name="behind_empty")(x)
    x = QConv2D(1, 1, kernel_quantizer=_bits(4), bias_quantizer=_bits(4), name="constant")(pixels)
    x = QActivation(_bits(4), name="of_constant")(x)
    moves = [KL.Flatten(name="moved"), QActivation(_bits(2), name="again")]
    for layer in moves if flat else moves[::-1]:
        x = layer(x)
    constant = QDense(1, kernel_quantizer=_bits(4, 2), bias_quantizer=_bits(4, 3), name="behind_constant")(x)
    x = QConv2D(1, 1, kernel_quantizer=_bits(4), use_bias=False, name="small")(pixels)
    x = QActivation(_bits(3, 5), name="coarse")(x)
    coarse = QConv2D(1, 1, kernel_quantizer=_bits(4), bias_quantizer=_bits(4), name="behind_coarse")(x)
    even = QConv2D(2, 1, kernel_quantizer=_bits(3, 2), bias_quantizer=_bits(3, 2), name="even")(pixels)
    model = keras.Model(image, [empty, constant, coarse, even])
    weights = {
        "empty": [[[[[0.0]]]]],
        "behind_empty": [[[[[0.5]]]], [0.25]],
        "constant": [[[[[0.0]]]], [0.125]],
        "behind_constant": [[[4.0], [-4.0], [0.0], [2.0]], [2.0]],
        "small": [[[[[0.5]]]]],
        "behind_coarse": [[[[[0.5]]]], [0.25]],
        "even": [[[[[2.0, -2.0]]]], [-2.0, 0.0]],
    }
    for name, values in weights.items():
        model.get_layer(name).set_weights([np.array(value) for value in values])
    return model


def test_types_have_the_bits_that_are_read() -> None:
    types = prove_network(lower(_model())).graph
    kinds = {layer.name: layer.result for layer in types.layers}
    assert kinds["empty"] == FixedType(2, -1, False), "one bit would hold it"
    assert kinds["of_constant"] == kinds["moved"] == FixedType(2, -1, False, "RND_CONV", "SAT")
    assert kinds["small_layer"] == FixedType(6, 3, False)
    assert types.layer("even").weight == FixedType(3, 3)
    assert types.layer("even").bias == FixedType(2, 2)
    assert unreadable(types) is None
    assert [port.type for port in types.outputs] == [kinds[port.name] for port in types.outputs]


@pytest.mark.skipif(shutil.which("g++") is None, reason="g++ not found")
@pytest.mark.parametrize("io_type", ["io_parallel", "io_stream"])
def test_they_are_exact_in_the_emulation(tmp_path: Path, io_type: str) -> None:
    model = _model(flat=io_type == "io_parallel")
    lowered = lower(model)
    types = prove_network(lowered).graph
    convert(lowered.model, types, "narrow", HlsSettings(io_type=io_type), tmp_path / "hls")  # type: ignore[arg-type]
    vectors = made_vectors([(port.shape, port.type) for port in types.inputs], 200, seed=7)
    emulator = build(tmp_path / "hls", tmp_path)
    proof = compare(exact_inference(model), lowered.model, types, emulator, vectors, batch=1000)
    assert proof.proof.status == "proven", proof.proof.first_mismatch


def test_an_activation_of_a_flat_image_is_refused_in_a_stream(tmp_path: Path) -> None:
    lowered = lower(_model())
    types = prove_network(lowered).graph
    with pytest.raises(UnsupportedModelError, match=r"layer 'again': hls4ml computes no activation behind a flattened"):
        convert(lowered.model, types, "narrow", HlsSettings(io_type="io_stream"), tmp_path / "hls")


def test_an_input_below_the_step_behind_it_is_refused(tmp_path: Path) -> None:
    image = keras.Input((3,), name="image")
    x = QActivation(quantized_relu(3, 5), name="coarse")(QActivation(quantized_relu(3, 1), name="pixels")(image))
    model = keras.Model(image, QDense(1, kernel_quantizer=_bits(4), bias_quantizer=_bits(4), name="end")(x))
    lowered = lower(model)
    types = prove_network(lowered).graph
    with pytest.raises(UnsupportedModelError, match=r"layer 'coarse': every possible input .* half of its step \(4\)"):
        convert(lowered.model, types, "narrow", HlsSettings(), tmp_path / "hls")
