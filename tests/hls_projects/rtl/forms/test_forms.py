"""Both forms of every plain layer, simulated clock by clock, give the network's integers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from tensorflow import keras

from hls_projects.lowering.lower import lower
from hls_projects.lowering.types import prove_network
from hls_projects.network import integer_model
from hls_projects.network.network import Network
from hls_projects.proof.vectors import made_vectors
from hls_projects.rtl.clocked.machine import Machine, Pipelining
from hls_projects.rtl.clocked.write import write
from hls_projects.rtl.design import RtlDesign
from hls_projects.rtl.forms.rewrite import fold_padding, pool_first, row_by_row
from hls_projects.rtl.forms.streamed import streamed
from hls_projects.rtl.forms.unrolled import unrolled
from hls_projects.rtl.logic.trace import trace
from hls_projects.rtl.simulation import verilator


def raw_vectors(network: Network, count: int) -> list[np.ndarray]:
    """Random, extreme, out of range and tie vectors as raw integers: [vectors, …] an input."""
    ports = network.graph.inputs
    sets = made_vectors([(port.shape, port.type) for port in ports], count, seed=6)
    return [np.concatenate([p.type.quantize(vector_set.inputs[i]) for vector_set in sets]) for i, p in enumerate(ports)]


def simulate(machine: Machine, network: Network, folder: Path, count: int, **timing: int | str) -> None:
    """Write, simulate, compare."""
    (folder / "rtl").mkdir()
    ports = {"inputs": network.graph.inputs, "outputs": network.graph.outputs}
    write(machine, RtlDesign(name="dut", verilog=(), vhdl=(), **ports, **timing), folder / "rtl")  # type: ignore[arg-type]
    raw = raw_vectors(network, count)
    flat = np.concatenate([x.reshape(len(x), -1) for x in raw], axis=1)
    outputs = np.concatenate([batch.outputs for batch in verilator.build(folder / "rtl", folder).run([flat])])
    wanted = [y.reshape(len(y), -1) for y in integer_model.outputs(network, raw)]
    np.testing.assert_array_equal(outputs, np.concatenate(wanted, axis=1))


@pytest.mark.parametrize(
    "zoo_name",
    [
        "two_inputs_two_outputs",
        *(
            pytest.param(name, marks=pytest.mark.slow)
            for name in ("separable", "convolutions", "encoder_decoder", "transposed_unet")
        ),
    ],
)
def test_unrolled(make: Callable[[str], keras.Model], zoo_name: str, tmp_path: Path) -> None:
    network = prove_network(lower(make(zoo_name)))
    machine, latency = unrolled(trace(network), "dut", Pipelining(cutoff=6))
    simulate(machine, network, tmp_path, 10_000, form="unrolled", beats=1, interval=1, latency=latency)


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        *(("separable", 1), ("separable", 2), ("convolutions", 1)),
        *(pytest.param("encoder_decoder", rows, marks=pytest.mark.slow) for rows in (1, 2)),
    ],
)
def test_streamed(make: Callable[[str], keras.Model], tmp_path: Path, name: str, rows: int) -> None:
    network = prove_network(lower(make(name)))
    design = streamed(network, "dut", rows, Pipelining(cutoff=6))
    timing = {"interval": design.interval, "interval_step": design.interval_step, "latency": design.latency}
    beats = network.graph.inputs[0].shape[0] // rows
    simulate(design.machine, network, tmp_path, 500, form="streamed", beats=beats, **timing)


@pytest.mark.parametrize("rewrite", [row_by_row, pool_first])
def test_a_rewritten_network_is_the_same(
    make: Callable[[str], keras.Model], zoo_name: str, rewrite: Callable[[Network], Network]
) -> None:
    network = prove_network(lower(make(zoo_name)))
    raw = raw_vectors(network, 300)
    for results, expected in zip(
        integer_model.outputs(rewrite(network), raw), integer_model.outputs(network, raw), strict=True
    ):
        np.testing.assert_array_equal(results, expected)


def test_rewriting_changes_what_it_should(make: Callable[[str], keras.Model]) -> None:
    padded = prove_network(lower(make("encoder_decoder")))
    assert "ZeroPadding2D" in {layer.kind for layer in padded.graph.layers}
    assert "ZeroPadding2D" not in {layer.kind for layer in fold_padding(padded).graph.layers}
    transposed = prove_network(lower(make("transposed_unet")))
    kinds = [layer.kind for layer in row_by_row(transposed).graph.layers]
    assert "Reshape" in {layer.kind for layer in transposed.graph.layers}
    assert not {"Reshape", "ZeroPadding2D"} & set(kinds)
    strides = [layer.window for layer in row_by_row(transposed).graph.layers if layer.kind == "Spread"]
    assert sorted(strides) == [(1, 3), (2, 2), (4, 2)]
    pooled = [layer.kind for layer in pool_first(prove_network(lower(make("separable")))).graph.layers]
    assert pooled.index("MaxPooling2D") == pooled.index("QActivation", 1) - 1
