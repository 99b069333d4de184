"""A small proven design, compiled and compared once for all tests of the export."""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from tensorflow import keras

from hls_projects.export.bundle import write_bundle
from hls_projects.export.design import Design, RtlPart
from hls_projects.export.file_hashes import hash_files
from hls_projects.export.manifest import Provenance
from hls_projects.export.reference_vectors import reference_vectors
from hls_projects.hls.convert import convert
from hls_projects.hls.csim import build
from hls_projects.lowering.lower import lower
from hls_projects.lowering.types import prove_network
from hls_projects.network.network import Network
from hls_projects.proof.compare import compare
from hls_projects.proof.record import LayerProof
from hls_projects.proof.vectors import VectorSet, made_vectors
from hls_projects.rtl.design import RtlDesign
from hls_projects.rtl.forms.assemble import write_design
from hls_projects.rtl.record import RtlProof
from hls_projects.settings import HlsSettings, RtlSettings, VariantSettings
from models.quantization.exact import exact_inference


@pytest.fixture(scope="session")
def design(make: Callable[[str], keras.Model], tmp_path_factory: pytest.TempPathFactory) -> Design:
    """Two inputs, two outputs: everything a port can be."""
    if shutil.which("g++") is None:
        pytest.skip("g++ not found")
    folder = tmp_path_factory.mktemp("design")
    trained = make("two_inputs_two_outputs")
    lowered = lower(trained)
    network = prove_network(lowered)
    types = network.graph
    (folder / "40_lowered").mkdir()
    network.save(folder / "40_lowered")
    project = convert(lowered.model, types, "zoo_model", HlsSettings(), folder / "50_hls")
    ports = [(port.shape, port.type) for port in types.inputs]
    emulator = build(folder / "50_hls", folder)
    proof = compare(exact_inference(trained), lowered.model, types, emulator, made_vectors(ports, 200, 1), 500).proof
    assert proof.status == "proven"
    proof_file = folder / "60_csim.json"
    proof_file.write_text(proof.model_dump_json(indent=1))
    corners = [
        VectorSet(vector_set.kind, tuple(x[:40] for x in vector_set.inputs)) for vector_set in made_vectors(ports, 0, 1)
    ]
    vectors = reference_vectors(exact_inference(lowered.model), types, corners)
    return Design(project, types, proof, vectors, folder / "50_hls", folder / "40_lowered", proof_file)


@pytest.fixture(scope="session")
def provenance() -> Provenance:
    """Made up."""
    return Provenance(configuration={}, sources={}, versions={"python": "3.11"}, git="unknown", metrics=None)


@pytest.fixture(scope="session")
def with_rtl(design: Design, provenance: Provenance, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Design]:
    """A bundle with RTL, and what it was made of; the proof is made up."""
    folder = tmp_path_factory.mktemp("rtl")
    write_design(Network.load(design.lowered), "zoo_model", RtlSettings(), VariantSettings(), folder / "65_rtl")
    layer = LayerProof(name="logits", type="ap_fixed<9,1>", values=3, mismatches=0)
    proof = RtlProof(
        status="proven", reason="made up", vectors={"data": 1}, layers=(layer,), files=hash_files(folder / "65_rtl")
    )
    proof.write(folder / "65_rtl.json")
    part = RtlPart(folder / "65_rtl", RtlDesign.load(folder / "65_rtl"), proof, folder / "65_rtl.json")
    whole = dataclasses.replace(design, rtl=part)
    (folder / "70_export").mkdir()
    write_bundle(whole, provenance, folder / "70_export", checks=())
    return folder / "70_export" / "zoo_model", whole


@pytest.fixture
def copy(with_rtl: tuple[Path, Design], tmp_path: Path) -> Path:
    """An unpacked bundle to change."""
    return Path(shutil.copytree(with_rtl[0], tmp_path / "zoo_model"))
