"""The networks of detection and regression, small: trained = HLS emulation = Verilog that takes an image row by row.

With them the list of jets. Panoptic segmentation goes the same way in tests/pipeline/test_event_run.py.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tensorflow import keras

from hls_projects.blocks.jet_finder import JetFinder
from hls_projects.hls.convert import convert
from hls_projects.hls.csim import Emulator, build
from hls_projects.hls.jet_finder import JETS
from hls_projects.hls.project import HlsProject
from hls_projects.lowering.lower import Lowered, lower
from hls_projects.lowering.types import prove_network
from hls_projects.network.graph import Graph
from hls_projects.network.network import Network
from hls_projects.proof.compare import compare
from hls_projects.proof.compare_jets import compare_jets
from hls_projects.proof.vectors import made_vectors
from hls_projects.rtl.clocked.machine import Pipelining
from hls_projects.rtl.forms.streamed import streamed
from hls_projects.settings import HlsSettings
from models.architectures import unet_network
from models.events.maps import heads
from models.events.settings import DetectionSettings, EventModelSettings
from models.quantization.exact import exact_inference
from models.regression.heads import networks
from models.settings import ModelSettings
from tests.hls_projects.rtl.forms.test_forms import simulate

WIDTH = {"bits": 4, "integer": 1}
JETS_OF = DetectionSettings(window=1, jets=4, threshold=0.2)


def detection(rows: int, columns: int, *widths: int) -> keras.Model:
    """A U-Net with three heads on so many towers."""
    net = {"widths": widths, "up": "transposed", "weights": WIDTH, "bias": WIDTH}
    net |= {"activation": {"bits": 4, "integer": 2}, "output": {"bits": 6, "integer": 3}}
    content = {"task": "detection", "input": {"bits": 4, "integer": 4}, "unet": net}
    return unet_network.build(
        EventModelSettings.model_validate(content), (rows, columns, 2), heads("detection"), quantized=True
    )


def regression() -> keras.Model:
    """Logits, and beside them a pT that is added to the pixels and a mass."""
    block = {"filters": 3, "kernel": 3, "stride": 2, "pooling": 1}
    block |= dict.fromkeys(("depthwise", "pointwise", "bias", "activation"), WIDTH)
    target = {"tolerance": 1.0, "edges": [1.0, 2.0]}
    targets = [
        target | {"name": "pt", "unit": 4, "residual": True, "output": {"bits": 9, "integer": 4}},
        target | {"name": "mass", "unit": 1, "output": {"bits": 7, "integer": 3}},
    ]
    content: dict[str, Any] = {"task": "regression", "input": {"bits": 6, "integer": 4}, "blocks": [block]}
    content["dense"] = [{"units": 4, "weights": WIDTH, "bias": WIDTH, "activation": WIDTH}]
    content["output"] = {"weights": WIDTH, "bias": WIDTH}
    content["regression"] = {"beside_tagger": True, "targets": targets}
    settings = ModelSettings.model_validate(content)
    return next(each for each in networks(settings) if each.quantized).build(settings, (4, 4, 1), 2)


NETWORKS: dict[str, Callable[[], keras.Model]] = {
    "jets": lambda: detection(3, 5, 2),
    "detection": lambda: detection(4, 6, 2, 2),
    "regression": regression,
}


def made(name: str, randomised: Callable[[keras.Model], keras.Model]) -> tuple[keras.Model, Lowered, Network]:
    keras.backend.clear_session()
    trained = NETWORKS[name]()
    fixed = {each.ref(): each.numpy() for each in trained.non_trainable_weights}
    randomised(trained)
    for each in trained.non_trainable_weights:
        each.assign(fixed[each.ref()])
    lowered = lower(trained)
    return exact_inference(trained), lowered, prove_network(lowered)


@pytest.mark.skipif(shutil.which("g++") is None, reason="g++ not found")
@pytest.mark.parametrize("name", ["jets", "regression"])
def test_hls_emulation(name: str, randomised: Callable[[keras.Model], keras.Model], tmp_path: Path) -> None:
    """A whole image a clock; a tower a clock: tests/pipeline/test_event_run.py, and U-Nets: test_csim.py."""
    trained, lowered, network = made(name, randomised)
    types = network.graph
    finder = JetFinder.of("detection", JETS_OF, types.outputs, wrap=1) if name == "jets" else None
    project = convert(lowered.model, types, "small", HlsSettings(), tmp_path / "hls", finder=finder)
    assert project == HlsProject.load(tmp_path / "hls")
    emulator = build(tmp_path / "hls", tmp_path)
    vectors = made_vectors([(port.shape, port.type) for port in types.inputs], 200, seed=7)
    result = compare(trained, lowered.model, types, emulator, vectors, batch=400)
    assert result.proof.status == "proven", result.proof.first_mismatch
    compared = {layer.name for layer in result.proof.layers if layer.values}
    assert {f"output {i} of the trained model" for i in range(3 if finder else 2)} <= compared
    if finder is not None:
        same_jets(trained, types, finder, emulator)


def same_jets(trained: keras.Model, types: Graph, finder: JetFinder, emulator: Emulator) -> None:
    """From image to list of jets; a finder with another threshold gives another list, which is named."""
    vectors = made_vectors([(port.shape, port.type) for port in types.inputs], 200, seed=8)
    proof = compare_jets(trained, types, finder, emulator, vectors, 300)
    assert proof.status == "proven", proof.first_mismatch
    (layer,) = proof.layers
    assert layer.values == sum(source.count for source in vectors) * finder.jets * finder.record
    other = finder.model_copy(update={"threshold": finder.maps[0].type.raw_min})
    failed = compare_jets(trained, types, other, emulator, vectors, 300)
    assert failed.first_mismatch is not None
    assert (failed.first_mismatch.layer, failed.first_mismatch.found) == (JETS, 0)


@pytest.mark.parametrize("name", ["detection", pytest.param("regression", marks=pytest.mark.slow)])
def test_simulated_row_by_row(name: str, randomised: Callable[[keras.Model], keras.Model], tmp_path: Path) -> None:
    """No layer of a U-Net waits for the whole image; flatten, and the outputs, do."""
    network = made(name, randomised)[2]
    design = streamed(network, "dut", 1, Pipelining(cutoff=6))
    timing = {"interval": design.interval, "interval_step": design.interval_step, "latency": design.latency}
    beats = network.graph.inputs[0].shape[0]
    simulate(design.machine, network, tmp_path, 400, form="streamed", beats=beats, **timing)
