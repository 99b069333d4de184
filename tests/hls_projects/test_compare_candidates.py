"""Candidates to outputs: reference and trained model = the compiled HLS top function; what does not fit is refused."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from qkeras import QActivation, QDense, quantized_bits, quantized_relu
from tensorflow import keras

from data_prep.candidates import CandidateSettings
from data_prep.errors import UnsupportedModelError
from data_prep.grid import SquareGrid
from hls_projects.compare_candidates import compare_candidates, made_candidates, with_candidates
from hls_projects.convert import convert
from hls_projects.csim import build
from hls_projects.hls_builder import IMAGE
from hls_projects.hls_project import HlsProject
from hls_projects.image_builder import ImageBuilder
from hls_projects.lower import lower
from hls_projects.network import Network
from hls_projects.proof import LayerProof, Proof
from hls_projects.settings import HlsSettings
from hls_projects.types import prove_network
from models.exact import exact_inference

Make = Callable[[str], keras.Model]

needs_compiler = pytest.mark.skipif(shutil.which("g++") is None, reason="g++ not found")

BUILDER = ImageBuilder.of(CandidateSettings(number=6), SquareGrid(pixels=8, half_width=0.8), normalise=True)


def small() -> keras.Model:
    """Little to compile: an input of steps of 1/256 that saturates below 1, and one dense layer."""
    image = keras.Input((8, 8, 1), name="image")
    x = keras.layers.Flatten()(QActivation(quantized_relu(8, 0), name="pixels")(image))
    return keras.Model(image, QDense(2, kernel_quantizer=quantized_bits(3, 0, alpha=1), use_bias=False)(x))


def _project(trained: keras.Model, settings: HlsSettings, out: Path) -> tuple[keras.Model, Network]:
    lowered = lower(trained)
    network = prove_network(lowered)
    convert(lowered.model, network.types, "trigger", settings, out, BUILDER)
    return exact_inference(trained), network


@needs_compiler
def test_bit_exact_from_candidates_and_a_wrong_border_is_named(tmp_path: Path) -> None:
    """The network's port has steps of 1/256 and saturates below 1: the builder's pixels are rounded and cut by it."""
    trained, network = _project(small(), HlsSettings(), tmp_path / "hls")
    project = HlsProject.load(tmp_path / "hls")
    assert project.builder is not None
    assert project.builder.builder == BUILDER
    vectors = made_candidates(BUILDER, 500, seed=3)
    emulator = build(tmp_path / "hls", tmp_path)
    proof = compare_candidates(trained, network.types, BUILDER, emulator, vectors, 300)
    assert proof.status == "proven", proof.first_mismatch
    counts = {layer.name: layer.values for layer in proof.layers}
    number = sum(proof.vectors.values())
    assert counts == {IMAGE: 64 * number, "output 0 from candidates": 2 * number}
    assert {"candidates, border", "candidates, wrap", "candidates, saturation"} < set(proof.vectors)

    moved = BUILDER.model_copy(update={"rows": (BUILDER.rows[0] + 1, *BUILDER.rows[1:])})
    proof = compare_candidates(trained, network.types, moved, emulator, vectors, 300)
    assert proof.status == "failed"
    assert proof.first_mismatch is not None
    assert proof.first_mismatch.layer == IMAGE
    assert proof.first_mismatch.kind == "candidates, border"


def test_what_the_builder_does_not_fit_is_refused(make: Make, tmp_path: Path) -> None:
    with pytest.raises(UnsupportedModelError, match="gives an image of 8 x 8 x 1, the network takes 7 x 7 x 2"):
        _project(make("convolutions"), HlsSettings(), tmp_path)
    with pytest.raises(UnsupportedModelError, match="the network takes 4 x 4 x 1, 3"):
        _project(make("two_inputs_two_outputs"), HlsSettings(), tmp_path)
    with pytest.raises(UnsupportedModelError, match="all pixels in one clock"):
        _project(small(), HlsSettings(io_type="io_stream"), tmp_path)


def test_one_proof_of_several_fails_where_one_does() -> None:
    def proof(name: str, mismatches: int) -> Proof:
        layer = LayerProof(name=name, type="ap_uint<1>", values=10, mismatches=mismatches)
        status = "failed" if mismatches else "proven"
        return Proof(status=status, reason="", vectors={name: 5}, mismatches=mismatches, layers=(layer,))

    joined = with_candidates(proof("a", 0), proof("b", 0), proof("c", 0))
    assert (joined.status, joined.reason) == ("proven", "all 30 integers are equal")
    assert joined.vectors == {"a": 5, "b": 5, "c": 5}
    assert with_candidates(proof("a", 0), proof("b", 2)).status == "failed"
    assert with_candidates(proof("a", 1), proof("b", 0)).status == "failed"


def test_the_same_project_every_time_and_none_without_candidates(tmp_path: Path) -> None:
    for folder in ("one", "two"):
        _project(small(), HlsSettings(), tmp_path / folder)
    made = [file for file in (tmp_path / "one").rglob("*") if "candidates" in file.name or "builder" in file.name]
    assert len(made) == 4
    for file in made:
        other = tmp_path / "two" / file.relative_to(tmp_path / "one")
        assert file.read_bytes() == other.read_bytes()
        assert str(tmp_path).encode() not in file.read_bytes()
    source = (tmp_path / "one" / "firmware" / "trigger_candidates.cpp").read_text()
    for pragma in ("INTERFACE ap_none port=candidate_pt", "ARRAY_PARTITION variable=image complete", "PIPELINE II=1"):
        assert f"#pragma HLS {pragma}" in source
    lowered = lower(small())
    convert(lowered.model, prove_network(lowered).types, "trigger", HlsSettings(), tmp_path / "plain")
    assert not list((tmp_path / "plain").rglob("*candidates*"))
    assert HlsProject.load(tmp_path / "plain").builder is None
    assert np.prod(BUILDER.shape) == 64
