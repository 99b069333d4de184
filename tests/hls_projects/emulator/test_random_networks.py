"""Random small networks, of all layer kinds and odd types, give the integers of the reference."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data_prep.errors import UnsupportedModelError
from data_prep.fixed_point import FixedType
from hls_projects.emulator.fast_emulator import FastEmulator
from hls_projects.network import integer_model
from tests.hls_projects.random_networks import NetworkBuilder, built


@settings(max_examples=12, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(build=built(), seed=st.integers(0, 2**32))
def test_random_networks(build: NetworkBuilder, seed: int, cache: Path) -> None:
    network = build.network(*{build.layers[-1].name, build.layers[0].name})
    port = network.graph.inputs[0]
    rng = np.random.default_rng(seed)
    raw = rng.integers(port.type.raw_min, port.type.raw_max, (70, *port.shape), endpoint=True)
    raw[:10] = port.type.raw_min
    raw[10:20] = port.type.raw_max
    results = FastEmulator(network, cache).run(raw, raw=True)
    for wanted, given_integers in zip(integer_model.outputs(network, [raw]), results, strict=True):
        np.testing.assert_array_equal(given_integers, wanted)


def test_types_that_do_not_hold_are_refused(cache: Path) -> None:
    build = NetworkBuilder(((2, 2, 1), FixedType(8, 8, False)))
    kernel = np.full((1, 1, 1, 1), 3)
    geometry = {"window": (1, 1), "weight": FixedType(3, 3), "kernel": kernel}
    build.add("QConv2D", ("in0",), (2, 2, 1), result=FixedType(9, 9, False), **geometry)
    with pytest.raises(UnsupportedModelError, match="from 0 to 765, which ap_ufixed<9,9"):
        FastEmulator(build.network(), cache)
