"""Flattened images that are joined where images come pixel by pixel (`io_stream`)."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from qkeras import QActivation, QConv2D, QDense, quantized_bits, quantized_relu
from tensorflow import keras

from data_prep.errors import UnsupportedModelError
from hls_projects.hls.convert import convert
from hls_projects.hls.csim import build
from hls_projects.lowering.lower import lower
from hls_projects.lowering.types import prove_network
from hls_projects.proof.compare import compare
from hls_projects.proof.vectors import made_vectors
from hls_projects.settings import HlsSettings
from models.quantization.exact import exact_inference

KL = keras.layers
STREAM = HlsSettings(io_type="io_stream")


def _model(joined: Callable[[Any, Any], list[Any]]) -> keras.Model:
    """Dense layers on what is made of two images of 9 pixels."""
    weight = quantized_bits(4, 0, alpha=1)
    options = {"kernel_quantizer": weight, "bias_quantizer": weight}
    image = keras.Input((4, 4, 2), name="image")
    pixels = QActivation(quantized_relu(5, 0), name="pixels")(image)
    first, second = (QConv2D(2, 2, **options, name=name)(pixels) for name in ("first", "second"))
    return keras.Model(image, [QDense(2, **options)(x) for x in joined(first, second)])


@pytest.mark.skipif(shutil.which("g++") is None, reason="g++ not found")
def test_flat_images_side_by_side_and_sums_before_flattening(
    tmp_path: Path, randomised: Callable[[keras.Model], keras.Model]
) -> None:
    def joined(first: Any, second: Any) -> list[Any]:
        side_by_side = KL.Concatenate()([KL.Flatten()(first), KL.Flatten()(second)])
        return [side_by_side, KL.Flatten()(KL.Add()([first, second]))]

    model = randomised(_model(joined))
    lowered = lower(model)
    types = prove_network(lowered).graph
    convert(lowered.model, types, "joined", STREAM, tmp_path / "hls")
    vectors = made_vectors([(port.shape, port.type) for port in types.inputs], 200, seed=7)
    found = compare(
        exact_inference(model), lowered.model, types, build(tmp_path / "hls", tmp_path), vectors, batch=1000
    )
    assert found.proof.status == "proven", found.proof.first_mismatch


def test_a_sum_of_flat_images_is_refused(tmp_path: Path) -> None:
    """hls4ml's emulation of it ends in an assertion (`nnet_merge_stream.h`: the streams have other widths)."""
    model = _model(lambda first, second: [KL.Add(name="sum")([KL.Flatten()(first), KL.Flatten()(second)])])
    lowered = lower(model)
    with pytest.raises(UnsupportedModelError, match=r"'sum'.*no sum behind a flattened .*before the Flatten"):
        convert(lowered.model, prove_network(lowered).graph, "joined", STREAM, tmp_path / "hls")
