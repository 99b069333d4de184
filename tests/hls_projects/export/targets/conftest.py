"""Two versions of an emulator package, built once for all tests of targets."""

from __future__ import annotations

import dataclasses
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from tensorflow import keras

from hls_projects.export.design import Design
from hls_projects.export.reference_vectors import reference_vectors
from hls_projects.export.targets import cmssw
from hls_projects.export.targets import vectors as text_vectors
from hls_projects.hls.convert import convert
from hls_projects.lowering.lower import lower
from hls_projects.lowering.types import prove_network
from hls_projects.proof.vectors import VectorSet
from hls_projects.settings import HlsSettings
from models.quantization.exact import exact_inference
from tests.hls_projects.export.targets.cmssw_builds import FLAGS


@pytest.fixture(scope="session")
def two_versions(
    design: Design, make: Callable[[str], keras.Model], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Design, Design]:
    """Packages of two versions of one model that differ in their weights, with their vectors, built."""
    root = tmp_path_factory.mktemp("versions")
    retrained = make("two_inputs_two_outputs")
    retrained.set_weights([-weight for weight in retrained.get_weights()])
    lowered = lower(retrained)
    types = prove_network(lowered).graph
    hls = root / "50_hls"
    project = convert(lowered.model, types, "zoo_model", HlsSettings(io_type="io_stream"), hls)
    blocks = [
        VectorSet(
            "again", tuple(port.type.to_float(x) for port, x in zip(types.inputs, design.vectors.inputs, strict=True))
        )
    ]
    vectors = reference_vectors(exact_inference(lowered.model), types, blocks)
    second = dataclasses.replace(design, project=project, graph=types, hls=hls, vectors=vectors, version="2_0")
    for version in (design, second):
        bundle = root / f"v{version.version}"
        bundle.mkdir()
        cmssw.write(version, bundle)
        text_vectors.write(version, bundle)
        subprocess.run(["make", "-s", "-C", bundle / "cmssw", f"CXXFLAGS={FLAGS}", "all", "programs"], check=True)
    return root, design, second
