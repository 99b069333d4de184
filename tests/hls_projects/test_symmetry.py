"""Networks with a symmetry in plain layers: the same numbers, and the symmetry on the integers of the hardware."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from qkeras import QConv2D, QDense, QDepthwiseConv2D

from data_prep.errors import ToolNotFoundError
from hls_projects.hls.convert import convert
from hls_projects.hls.csim import build as build_emulator
from hls_projects.lowering.lower import Lowered, lower
from hls_projects.lowering.types import prove_network
from hls_projects.network import integer_model
from hls_projects.network.layer import LAYERS
from hls_projects.network.network import Network
from hls_projects.proof.compare import compare, compare_outputs
from hls_projects.proof.vectors import made_vectors
from hls_projects.rtl.forms.assemble import write_design
from hls_projects.rtl.simulation import verilator
from hls_projects.settings import HlsSettings, RtlSettings, VariantSettings
from models.files.load import load_model, save_model
from models.layers.filter_layer import FilterLayer
from models.quantization.exact import exact_inference
from tests.models.symmetric_settings import INVARIANT, WORDS, built, group_for, mixed, random_images, settings_of

SMALL = {"bits": 3, "integer": 0}


def _lowered(word: str, tmp_path: Path, **changes: Any) -> tuple[Any, Lowered, Network]:
    """A trained network from its file, lowered, with its types."""
    save_model(built(settings_of(word, **changes)), tmp_path / "model.h5")
    trained = load_model(tmp_path / "model.h5")
    lowered = lower(trained)
    return exact_inference(trained), lowered, prove_network(lowered)


def _small(**block: Any) -> dict[str, Any]:
    """Changes that make a network small enough to be compiled in a test."""
    one = {"filters": 1, "convolution": "full", "pointwise": SMALL, "bias": SMALL}
    return {"blocks": [one | {"activation": {"bits": 4, "integer": 5}, "pooling": 2} | block]}


@pytest.mark.parametrize("word", WORDS)
def test_the_same_numbers_and_the_same_symmetry(word: str, tmp_path: Path) -> None:
    """Trained = plain = integers on vectors of all kinds; integers of turned images are equal on a thousand of them.

    The turn and the mirror make all other elements.
    """
    trained, lowered, network = _lowered(word, tmp_path, **mixed(word), normalisation=word in INVARIANT)
    assert {type(layer).__name__ for layer in lowered.model.layers[1:]} <= {plain.kind for plain in LAYERS.values()}
    _check_filters(trained, lowered)
    port = network.graph.inputs[0]
    proof = compare_outputs(trained, lowered.model, network.graph, made_vectors([(port.shape, port.type)], 300, seed=3))
    assert proof.status == "proven", proof.first_mismatch
    raw = port.type.quantize(random_images(word, 1000))
    logits = integer_model.outputs(network, [raw])[0]
    assert len(np.unique(logits)) > 15
    if word in INVARIANT:
        group = group_for(word)
        for element in {1, group.order // 2}:
            turned = integer_model.outputs(network, [group.turn_image(raw, element)])[0]
            np.testing.assert_array_equal(turned, logits)


def _check_filters(trained: Any, lowered: Lowered) -> None:
    """No weight that the quantized base filters do not have, but the zeros outside a hexagon and between channels."""
    for layer in lowered.model.layers:
        source = trained.get_layer(lowered.sources.get(layer.name, "pixels"))
        if isinstance(source, FilterLayer) and isinstance(layer, QConv2D | QDepthwiseConv2D | QDense):
            allowed = {0.0} | {
                float(value) for kernel in source.effective_weights()[0] for value in np.asarray(kernel).reshape(-1)
            }
            assert set(layer.get_weights()[0].reshape(-1).tolist()) <= allowed


@pytest.mark.skipif(shutil.which("g++") is None, reason="g++ not found")
@pytest.mark.parametrize("word", ["p4m", *(pytest.param(word, marks=pytest.mark.slow) for word in ("views", "p6m"))])
def test_hls_emulation_is_exact(word: str, tmp_path: Path) -> None:
    """The largest group of each lattice, which has all that the smaller ones have, and the views."""
    trained, lowered, network = _lowered(word, tmp_path, **_small())
    convert(lowered.model, network.graph, "symmetric", HlsSettings(io_type="io_stream"), tmp_path / "hls")
    emulator = build_emulator(tmp_path / "hls", tmp_path)
    port = network.graph.inputs[0]
    result = compare(
        trained, lowered.model, network.graph, emulator, made_vectors([(port.shape, port.type)], 100, 7), batch=300
    )
    assert result.proof.status == "proven", result.proof.first_mismatch


@pytest.mark.slow
def test_simulated_logic_has_the_symmetry(tmp_path: Path) -> None:
    """A network as Verilog: its outputs are the integers of the model, whatever element of p4m turned the image."""
    _, _, network = _lowered("p4m", tmp_path, **_small(kernel=4, stride=2), dense=[])
    rtl = RtlSettings(delay=8)
    made = write_design(network, "turned", rtl, VariantSettings(), tmp_path / "rtl")
    assert made.logic is not None
    raw = network.graph.inputs[0].type.quantize(random_images("p4m", 300))
    group = group_for("p4m")
    turned = [group.turn_image(raw, element) for element in range(1, group.order)]
    logits = integer_model.outputs(network, [raw])[0]
    assert len(np.unique(logits)) > 5
    for images in (raw, *turned):
        np.testing.assert_array_equal(made.logic.interpret([images])[0], logits)
    try:
        verilator.verilator_root()
    except ToolNotFoundError as error:
        pytest.skip(error.problem)
    if shutil.which("g++") is None:
        pytest.skip("g++ not found")
    simulator = verilator.build(tmp_path / "rtl", tmp_path / "scratch")
    batches = list(simulator.run([images.reshape(300, -1) for images in (raw, *turned)]))
    for batch in batches:
        np.testing.assert_array_equal(batch.outputs, logits)
