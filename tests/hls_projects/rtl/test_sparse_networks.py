"""Random sparse models through every step but synthesis: Keras = reference = emulator = logic = streamed logic."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

import numpy as np
import numpy.typing as npt
import pytest

from data_prep.errors import UnsupportedModelError
from hls_projects.emulator.fast_emulator import FastEmulator
from hls_projects.lowering.lower import lower
from hls_projects.lowering.types import prove_network
from hls_projects.network import integer_model
from hls_projects.network.network import Network
from hls_projects.rtl.clocked.machine import Pipelining
from hls_projects.rtl.forms.rewrite import pool_first
from hls_projects.rtl.forms.streamed import Streamed, streamed
from hls_projects.rtl.forms.unrolled import unrolled
from hls_projects.rtl.logic.passes import vectors
from hls_projects.rtl.logic.quantizer import Form
from hls_projects.rtl.logic.trace import trace
from models.quantization.exact import exact_inference
from tests.hls_projects.rtl.clocked import images
from tests.hls_projects.sparse_models import sparse_model

Integers = npt.NDArray[np.int64]
STREAMS, IMAGES = 100, 3


def raw_vectors(network: Network) -> Integers:
    """Raw integers of the one input, as programs are tried: random, extreme, coarse, sparse."""
    (port,) = network.graph.inputs
    count = int(np.prod(port.shape))
    raw = np.ldexp(vectors([(port.type.minimum, port.type.maximum, port.type.step)] * count), port.type.fraction)
    picked = np.random.default_rng(2).permutation(len(raw))[: STREAMS * IMAGES]
    return np.resize(raw[picked].astype(np.int64), (STREAMS * IMAGES, *port.shape))


def clocked(network: Network, raw: Integers, design: Streamed) -> Integers:
    """The raw outputs [vectors, …] of a machine that is run clock by clock, images without a gap and with one."""
    (port,), (result,) = network.graph.inputs, network.graph.outputs
    values = port.type.to_float(raw).reshape(STREAMS, IMAGES, design.beats, -1)
    begins = [0, design.interval, 2 * design.interval + design.interval_step]
    outputs = images(design.machine, values, begins, design.latency)
    return np.ldexp(outputs, result.type.fraction).astype(np.int64).reshape(len(raw), *result.shape)


def check(seed: int, cache: Path | None, forms: Sequence[Form] = get_args(Form)) -> None:
    """All forms of one network."""
    model = sparse_model(seed)
    lowered = lower(model)
    network = prove_network(lowered)
    raw = raw_vectors(network)
    (wanted,) = integer_model.outputs(network, [raw])
    (port,), (result,) = network.graph.inputs, network.graph.outputs
    for keras_model in (exact_inference(model), lowered.model):
        outputs = np.asarray(keras_model(port.type.to_float(raw).astype(np.float32)), dtype=np.float64)
        np.testing.assert_array_equal(outputs, result.type.to_float(wanted), "Keras")
    if cache is not None:
        np.testing.assert_array_equal(FastEmulator(network, cache).run(raw, raw=True)[0], wanted, "emulator")
    pipelining = Pipelining(cutoff=4, ternary=bool(seed % 2))
    for form in forms:
        for variant in (network, pool_first(network)):
            logic = trace(variant, form)
            np.testing.assert_array_equal(logic.interpret([raw], 1)[0], wanted, f"logic, {form}")
        machine, latency = unrolled(logic, "dut", pipelining)
        np.testing.assert_array_equal(
            clocked(network, raw, Streamed(machine, 1, 1, 1, latency)), wanted, f"unrolled, {form}"
        )
        try:
            design = streamed(network, "dut", 1, pipelining, form)
        except UnsupportedModelError:
            continue
        np.testing.assert_array_equal(clocked(network, raw, design), wanted, f"streamed, {form}")


@pytest.fixture
def cache(tmp_path: Path) -> Path | None:
    """A folder for compiled emulators, where there is a compiler."""
    return None if shutil.which("g++") is None else tmp_path


@pytest.mark.parametrize(
    "seeds",
    [
        *(pytest.param([seed], id=str(seed)) for seed in range(20)),
        pytest.param(range(20, 40), id="20 to 39", marks=pytest.mark.slow),
    ],
)
def test_sparse_networks(seeds: Sequence[int], cache: Path | None) -> None:
    for seed in seeds:
        check(seed, cache if seed % 4 == 0 else None)


@pytest.mark.more
def test_many_sparse_networks(cache: Path | None) -> None:
    """New ones every time; the seed of one that fails is in the message."""
    first = secrets.randbelow(2**40)
    for seed in range(first, first + 2000):
        try:
            check(seed, cache if seed % 20 == 0 else None, [get_args(Form)[seed // 2 % 2]])
        except Exception as error:
            raise AssertionError(f"sparse_model({seed})") from error
