"""Trained model = lowered model = HLS emulation, every layer, every integer."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from tensorflow import keras

from data_prep.errors import PipelineError, ToolNotFoundError, UnsupportedModelError
from hls_projects.hls.convert import convert
from hls_projects.hls.csim import build
from hls_projects.hls.project import HlsProject
from hls_projects.lowering.lower import Lowered, lower
from hls_projects.lowering.types import prove_network
from hls_projects.network.graph import Graph
from hls_projects.proof.compare import compare
from hls_projects.proof.vectors import VectorSet, made_vectors
from hls_projects.settings import HlsSettings
from models.quantization.exact import exact_inference

Make = Callable[[str], keras.Model]

needs_compiler = pytest.mark.skipif(shutil.which("g++") is None, reason="g++ not found")

FORMS = [
    ("separable", "Vitis", "io_parallel"),
    pytest.param("separable", "Vivado", "io_stream", marks=pytest.mark.slow),
    pytest.param("convolutions", "Vitis", "io_parallel", marks=pytest.mark.slow),
    ("convolutions", "Vitis", "io_stream"),
    pytest.param("encoder_decoder", "Vitis", "io_stream", marks=pytest.mark.slow),
    ("encoder_decoder", "Vivado", "io_parallel"),
    ("two_inputs_two_outputs", "Vitis", "io_parallel"),
    ("two_inputs_two_outputs", "Vitis", "io_stream"),
    ("transposed_unet", "Vitis", "io_stream"),
    pytest.param("transposed_unet", "Vitis", "io_parallel", marks=pytest.mark.slow),
]


def _lowered(make: Make, name: str) -> tuple[keras.Model, Lowered, Graph]:
    trained = make(name)
    lowered = lower(trained)
    return exact_inference(trained), lowered, prove_network(lowered).graph


@needs_compiler
@pytest.mark.parametrize(("name", "backend", "io_type"), FORMS)
def test_bit_exact(make: Make, tmp_path: Path, name: str, backend: str, io_type: str) -> None:
    trained, lowered, types = _lowered(make, name)
    settings = HlsSettings(backend=backend, io_type=io_type)  # type: ignore[arg-type]
    project = convert(lowered.model, types, "zoo_model", settings, tmp_path / "hls")
    emulator = build(tmp_path / "hls", tmp_path)
    vectors = made_vectors([(port.shape, port.type) for port in types.inputs], 400, seed=7)
    result = compare(trained, lowered.model, types, emulator, vectors, batch=300)
    assert result.proof.status == "proven", result.proof.first_mismatch
    compared = {layer.name for layer in result.proof.layers if layer.values}
    computing = {layer.name for layer in types.layers if layer.kind not in ("Flatten", "Reshape")}
    assert {types.layer(name).kind for name in computing - compared} <= {"QActivation"}
    assert len(computing - compared) <= len(types.inputs)
    assert project == HlsProject.load(tmp_path / "hls")


@needs_compiler
def test_a_wrong_bit_is_found_and_named(make: Make, tmp_path: Path) -> None:
    trained, lowered, types = _lowered(make, "separable")
    convert(lowered.model, types, "zoo_model", HlsSettings(io_type="io_stream"), tmp_path / "hls")
    weights = next(path for path in (tmp_path / "hls" / "firmware" / "weights").glob("w*.txt"))
    values = weights.read_text().split(",")
    values[4] = str(float(values[4]) + 2.0**-4)
    weights.write_text(",".join(values))
    emulator = build(tmp_path / "hls", tmp_path)
    vectors = [VectorSet("data", (np.random.default_rng(1).random((64, 8, 8, 1)).astype(np.float32),))]
    result = compare(trained, lowered.model, types, emulator, vectors, batch=32)
    assert result.proof.status == "failed"
    assert result.proof.mismatches > 0
    first = result.proof.first_mismatch
    assert first is not None
    weighted = [layer.name for layer in types.layers if layer.weight]
    assert first.layer in weighted
    upstream = weighted.index(first.layer)
    counts = {layer.name: layer.mismatches for layer in result.proof.layers}
    assert all(counts[name] == 0 for name in weighted[:upstream])


@needs_compiler
def test_a_crash_in_the_emulation_is_one_clear_error(make: Make, tmp_path: Path) -> None:
    _, lowered, types = _lowered(make, "separable")
    convert(lowered.model, types, "zoo_model", HlsSettings(io_type="io_stream"), tmp_path / "hls")
    for weights in (tmp_path / "hls" / "firmware" / "weights").glob("w*.txt"):
        weights.unlink()
    emulator = build(tmp_path / "hls", tmp_path)
    with pytest.raises(PipelineError, match="emulation"):
        emulator.run([np.zeros((1, 8, 8, 1))])


def test_without_a_compiler(make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _, lowered, types = _lowered(make, "separable")
    convert(lowered.model, types, "zoo_model", HlsSettings(), tmp_path / "hls")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolNotFoundError, match=r"g\+\+ not found"):
        build(tmp_path / "hls", tmp_path)


def test_a_known_abort_is_refused(make: Make, tmp_path: Path) -> None:
    _, lowered, types = _lowered(make, "separable")
    with pytest.raises(UnsupportedModelError, match="resource in io_parallel"):
        convert(lowered.model, types, "zoo_model", HlsSettings(strategy="resource"), tmp_path / "hls")


def test_the_project_names_no_path_and_is_the_same_every_time(make: Make, tmp_path: Path) -> None:
    _, lowered, types = _lowered(make, "separable")
    for folder in ("one", "two"):
        convert(lowered.model, types, "zoo_model", HlsSettings(), tmp_path / folder)
    files = sorted(path.relative_to(tmp_path / "one") for path in (tmp_path / "one").rglob("*") if path.is_file())
    assert files == sorted(p.relative_to(tmp_path / "two") for p in (tmp_path / "two").rglob("*") if p.is_file())
    for name in files:
        content = (tmp_path / "one" / name).read_bytes()
        assert content == (tmp_path / "two" / name).read_bytes()
        assert str(tmp_path).encode() not in content
