"""Random small networks, of all layer kinds and odd types, as logic."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from data_prep.errors import UnsupportedModelError
from data_prep.fixed_point import FixedType
from hls_projects.network import integer_model
from hls_projects.rtl.clocked.machine import Pipelining
from hls_projects.rtl.forms.streamed import streamed
from hls_projects.rtl.logic.quantizer import OVERFLOWS, ROUNDINGS, Form
from hls_projects.rtl.logic.trace import trace
from hls_projects.rtl.synthesis.estimate import check_size, estimate_luts
from tests.hls_projects.random_networks import NetworkBuilder, built


@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(build=built(ROUNDINGS, OVERFLOWS), seed=st.integers(0, 2**32), form=st.sampled_from(["bits", "compare"]))
def test_logic_of_random_networks(build: NetworkBuilder, seed: int, form: Form) -> None:
    """One bit and 16 bits, negative and fractional integer bits, weights that are zero, channels that are constant."""
    network = build.network(*{build.layers[-1].name, build.layers[0].name})
    # The interpreter gives float64.
    assume(all(layer.result.width <= 50 for layer in network.graph.layers))
    port = network.graph.inputs[0]
    rng = np.random.default_rng(seed)
    raw = rng.integers(port.type.raw_min, port.type.raw_max, (70, *port.shape), endpoint=True)
    raw[:10] = port.type.raw_min
    raw[10:20] = port.type.raw_max
    logic = trace(network, form)
    for expected, results in zip(integer_model.outputs(network, [raw]), logic.interpret([raw]), strict=True):
        np.testing.assert_array_equal(results, expected)


def _wide(pixels: int) -> NetworkBuilder:
    build = NetworkBuilder(((pixels, pixels, 1), FixedType(8, 8, False)))
    kernel = np.random.default_rng(3).integers(-8, 8, (3, 3, 1, 4))
    columns = pixels - 2
    build.add(
        "QConv2D", ("in0",), (columns, columns, 4), fraction=0, kernel=kernel, weight=FixedType(4, 4), window=(3, 3)
    )  # fmt: skip
    return build


def test_the_estimate_is_near_the_traced_cost() -> None:
    network = _wide(12).network()
    ratio = estimate_luts(network) / trace(network).estimate
    assert 0.9 < ratio < 1.3, "sharing between pixels is all that the estimate leaves out"


def test_a_network_too_large_to_unroll_is_refused_before_it_is_traced() -> None:
    network = _wide(200).network()
    with pytest.raises(UnsupportedModelError, match="unrolled, this network takes about .* LUTs.*form: streamed"):
        check_size(network, 300_000)
    check_size(_wide(12).network(), 300_000)


@pytest.mark.parametrize(
    ("rows", "why"), [(5, "5 rows a clock do not divide an image of 12 rows"), (4, "makes 10 rows of 12 with a stride")]
)
def test_rows_that_do_not_go_are_refused(rows: int, why: str) -> None:
    with pytest.raises(UnsupportedModelError, match=why):
        streamed(_wide(12).network(), "dut", rows, Pipelining(cutoff=4))


def test_a_quantizer_that_no_lowered_model_has_is_refused() -> None:
    build = NetworkBuilder(((2, 2, 1), FixedType(8, 8)))
    build.add("QActivation", ("in0",), (2, 2, 1), result=FixedType(4, 6, True, "RND_ZERO", "SAT"))
    with pytest.raises(UnsupportedModelError, match="rounds or overflows in a way that the RTL does not support"):
        trace(build.network())
