"""Candidates to outputs: what the HLS project holds, what is refused, and several comparisons as one proof.

The comparison itself is compiled and run in tests/pipeline/stages/test_candidate_design.py.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from qkeras import QActivation, QDense, quantized_bits, quantized_relu
from tensorflow import keras

from data_prep.errors import UnsupportedModelError
from data_prep.fixed_point import FixedType
from data_prep.grids.square import SquareGrid
from data_prep.jets.candidates import CandidateSettings
from hls_projects.blocks.image_builder import ImageBuilder
from hls_projects.hls.convert import convert
from hls_projects.hls.image_builder import require_fit
from hls_projects.hls.project import HlsProject
from hls_projects.lowering.lower import lower
from hls_projects.lowering.types import prove_network
from hls_projects.network.port import Port
from hls_projects.proof.record import LayerProof, Proof, joined
from hls_projects.settings import HlsSettings

BUILDER = ImageBuilder.of(CandidateSettings(number=6), SquareGrid(pixels=8, half_width=0.8), normalise=True)


def small() -> keras.Model:
    """Little to convert: one dense layer."""
    image = keras.Input((8, 8, 1), name="image")
    x = keras.layers.Flatten()(QActivation(quantized_relu(8, 0), name="pixels")(image))
    return keras.Model(image, QDense(2, kernel_quantizer=quantized_bits(3, 0, alpha=1), use_bias=False)(x))


def _project(out: Path, builder: ImageBuilder | None) -> HlsProject:
    lowered = lower(small())
    convert(lowered.model, prove_network(lowered).graph, "trigger", HlsSettings(), out, builder)
    return HlsProject.load(out)


def test_the_same_project_every_time_and_none_without_candidates(tmp_path: Path) -> None:
    for folder in ("one", "two"):
        found = _project(tmp_path / folder, BUILDER).builder
        assert found is not None
        assert found.builder == BUILDER
    made = [file for file in (tmp_path / "one").rglob("*") if "candidates" in file.name or "builder" in file.name]
    assert {file.name for file in made} == {
        "build_candidates.tcl",
        "trigger_candidates.cpp",
        "trigger_candidates.h",
        "trigger_candidates_test.cpp",
        "trigger_image_builder.h",
    }
    for file in made:
        other = tmp_path / "two" / file.relative_to(tmp_path / "one")
        assert file.read_bytes() == other.read_bytes()
        assert str(tmp_path).encode() not in file.read_bytes()
    source = (tmp_path / "one" / "firmware" / "trigger_candidates.cpp").read_text()
    for pragma in ("INTERFACE ap_none port=candidate_pt", "ARRAY_PARTITION variable=image complete", "PIPELINE II=1"):
        assert f"#pragma HLS {pragma}" in source
    assert _project(tmp_path / "plain", None).builder is None
    assert not list((tmp_path / "plain").rglob("*candidates*"))


@pytest.mark.parametrize(
    ("shapes", "io_type", "reason"),
    [
        ([(7, 7, 2)], "io_parallel", "gives an image of 8 x 8 x 1, the network takes 7 x 7 x 2"),
        ([(8, 8, 1), (3,)], "io_parallel", "the network takes 8 x 8 x 1, 3"),
        ([(8, 8, 1)], "io_stream", "all pixels in one clock"),
    ],
)
def test_what_the_builder_does_not_fit_is_refused(shapes: list[tuple[int, ...]], io_type: str, reason: str) -> None:
    ports = [Port(name=f"input_{i}", shape=shape, type=FixedType(8, 0)) for i, shape in enumerate(shapes)]
    with pytest.raises(UnsupportedModelError, match=reason):
        require_fit(BUILDER, ports, io_type)


def test_one_proof_of_several_fails_where_one_does() -> None:
    def proof(name: str, mismatches: int) -> Proof:
        layer = LayerProof(name=name, type="ap_uint<1>", values=10, mismatches=mismatches)
        status = "failed" if mismatches else "proven"
        return Proof(status=status, reason="", vectors={name: 5}, mismatches=mismatches, layers=(layer,))

    whole = joined(proof("a", 0), proof("b", 0), proof("c", 0))
    assert (whole.status, whole.reason) == ("proven", "all 30 integers are equal")
    assert whole.vectors == {"a": 5, "b": 5, "c": 5}
    assert joined(proof("a", 0), proof("b", 2)).status == "failed"
    assert joined(proof("a", 1), proof("b", 0)).status == "failed"
