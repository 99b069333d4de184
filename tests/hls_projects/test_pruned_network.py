"""A network with bits by channel and half of its weights 0 is the same integers in every form of it."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from tensorflow import keras

from hls_projects.emulator.fast_emulator import FastEmulator
from hls_projects.hls.convert import convert
from hls_projects.hls.csim import build
from hls_projects.lowering.lower import lower
from hls_projects.lowering.types import prove_network
from hls_projects.network import integer_model
from hls_projects.proof.compare import compare
from hls_projects.proof.vectors import made_vectors
from hls_projects.rtl.clocked.machine import Pipelining
from hls_projects.rtl.clocked.write import write
from hls_projects.rtl.design import RtlDesign
from hls_projects.rtl.forms.rewrite import pool_first
from hls_projects.rtl.forms.unrolled import unrolled
from hls_projects.rtl.logic.quantizer import Form
from hls_projects.rtl.logic.trace import trace
from hls_projects.rtl.proof import prove
from hls_projects.rtl.simulation import verilator
from hls_projects.settings import HlsSettings
from models.architectures import quantized_network
from models.quantization.exact import exact_inference
from models.settings import ModelSettings
from models.training import pruning

BIAS, SUM = {"bits": 6, "integer": 2}, {"bits": 6, "integer": 3}
SETTINGS = {
    "input": {"bits": 6, "integer": 2},
    "blocks": [
        {"filters": 3, "stride": 2, "pooling": 1, "convolution": "full", "bias": BIAS, "activation": SUM}
        | {"pointwise": {"bits": [6, 4, 2]}},
        {"filters": 4, "stride": 2, "pooling": 1, "bias": BIAS, "activation": SUM}
        | {"depthwise": {"bits": [3, 5, 2]}, "pointwise": {"bits": [2, 6, 3, 5], "integer": 1}},
    ],
    "output": {"weights": {"bits": [6, 2, 4]}, "bias": BIAS},
}


@pytest.fixture
def pruned() -> keras.Model:
    """Random weights, also beyond the range, of which half of each kernel are 0."""
    model = quantized_network.build(ModelSettings.model_validate(SETTINGS), (8, 8, 1), 3)
    rng = np.random.default_rng(4)
    for weight in model.trainable_weights:
        weight.assign(rng.normal(0, 0.6, weight.shape))
    for kernels in pruning.trained_kernels(model).values():
        for kernel in kernels:
            kernel.assign(np.where(pruning.largest(kernel, 0.5), kernel, 0))
    return exact_inference(model)


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("g++") is None, reason="g++ not found")
def test_all_forms_are_the_same_integers(pruned: keras.Model, tmp_path: Path) -> None:
    lowered = lower(pruned)
    network = prove_network(lowered)
    assert all(np.mean(weights.kernel == 0) >= 0.5 for weights in network.weights.values())
    depthwise, widths = network.weights["block2_depthwise"].kernel, (3, 5, 2)
    for channel, bits in enumerate(widths):  # on the grid of the widest, in steps of its own
        assert not (depthwise[:, :, channel] % 2 ** (5 - bits)).any()

    types = network.graph
    vectors = made_vectors([(port.shape, port.type) for port in types.inputs], 600, seed=8)
    assert {each.kind for each in vectors} >= {"random", "extreme", "beyond", "tie"}
    convert(lowered.model, types, "narrow", HlsSettings(io_type="io_stream"), tmp_path / "hls")
    emulated = compare(pruned, lowered.model, types, build(tmp_path / "hls", tmp_path), vectors, batch=1000)
    assert emulated.proof.status == "proven", emulated.proof.first_mismatch

    logic = trace(network)
    machine, latency = unrolled(logic, "dut", Pipelining(cutoff=6))
    timing = {"form": "unrolled", "beats": 1, "interval": 1, "latency": latency}
    ports = {"inputs": types.inputs, "outputs": types.outputs}
    (tmp_path / "rtl").mkdir()
    write(machine, RtlDesign(name="dut", verilog=(), vhdl=(), **ports, **timing), tmp_path / "rtl")
    simulator = verilator.build(tmp_path / "rtl", tmp_path)
    forms = {"interpreter": logic.interpret, "fast emulator": lambda raw: FastEmulator(network).run(raw, raw=True)}
    found = prove(pruned, types, forms, simulator, None, 0, vectors, 1000)
    assert found.proof.status == "proven", found.proof.first_mismatch
    assert all(layer.values for layer in found.proof.layers)


NARROW, ACTIVATION = {"depthwise": {"bits": 3}, "pointwise": {"bits": 3}}, {"bits": 4, "integer": 2}
STACK = {
    "input": {"bits": 6, "integer": 2},
    "blocks": [
        {"filters": 4, "stride": 2, "pooling": 1, "bias": BIAS, "activation": ACTIVATION} | NARROW,
        {"filters": 4, "stride": 1, "pooling": 2, "bias": BIAS, "activation": ACTIVATION} | NARROW,
    ],
    "output": {"weights": {"bits": 4}, "bias": BIAS},
}


@pytest.mark.parametrize("sparsity", [0.8, 0.9])
@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("form", ["bits", "compare"])
def test_a_separable_stack_of_which_little_is_left(seed: int, sparsity: float, form: Form) -> None:
    """Filters without a weight are constants, sums of few terms lie on ties: the logic once rounded both wrongly."""
    model = quantized_network.build(ModelSettings.model_validate(STACK), (8, 8, 1), 3)
    rng = np.random.default_rng(seed)
    for weight in model.trainable_weights:
        weight.assign(rng.normal(0, 0.6, weight.shape))
    for kernels in pruning.trained_kernels(model).values():
        for kernel in kernels:
            kernel.assign(np.where(pruning.largest(kernel, sparsity), kernel, 0))
    network = prove_network(lower(exact_inference(model)))
    (port,) = network.graph.inputs
    sets = made_vectors([(port.shape, port.type)], 400, seed=6)
    raw = [np.concatenate([port.type.quantize(each.inputs[0]) for each in sets])]
    (wanted,) = integer_model.outputs(network, raw)
    for variant in (network, pool_first(network)):
        np.testing.assert_array_equal(trace(variant, form).interpret(raw, 1)[0], wanted)
