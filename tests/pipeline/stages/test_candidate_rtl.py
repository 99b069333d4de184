"""The stage `rtl` from candidates: parallel and serial builder are proven, and what does not go is said."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from qkeras import QActivation, QConv2D, QDense, quantized_bits, quantized_relu
from tensorflow import keras

from benchmarks.mock import mock_jets, write_mock_file
from data_prep.errors import PipelineError
from hls_projects.blocks.image_builder import PORTS
from hls_projects.export.design import RtlPart, require_proven_rtl
from hls_projects.hls.project import HlsProject
from hls_projects.network.graph import Graph
from hls_projects.rtl.design import RtlDesign
from hls_projects.rtl.record import RtlProof
from hls_projects.settings import HlsSettings
from pipeline.app import main
from pipeline.artefacts.manifest import manifest_path
from tests.data_prep.images.test_candidates import CONFIGURATION

pytestmark = pytest.mark.skipif(shutil.which("g++") is None, reason="g++ not found")

PIXELS, CANDIDATES = 4, 4


def _model() -> keras.Model:
    x = image = keras.Input((PIXELS, PIXELS, 1), name="image")
    weights = quantized_bits(3, 0, alpha=1)
    x = QActivation(quantized_relu(6, 10), name="pixels")(x)
    x = QConv2D(1, 3, padding="same", kernel_quantizer=weights, use_bias=False)(x)
    x = keras.layers.Flatten()(QActivation(quantized_relu(4, 10))(x))
    model = keras.Model(image, QDense(2, kernel_quantizer=weights, use_bias=False)(x))
    rng = np.random.default_rng(2)
    model.set_weights([rng.uniform(-1, 1, weights.shape) for weights in model.get_weights()])
    return model


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Images of four candidates, and a lowered model."""
    folder = tmp_path_factory.mktemp("run")
    for name in ("q", "t"):
        write_mock_file(folder / f"{name}.root", mock_jets(name, 60, seed=1))
    images: dict[str, Any] = CONFIGURATION | {"grid": {"kind": "square", "pixels": PIXELS, "half_width": 0.8}}
    images["candidates"] = dict(CONFIGURATION["candidates"]) | {"number": CANDIDATES}
    (folder / "images.yaml").write_text(yaml.safe_dump(images))
    jets = [f"{folder}/q.root", f"{folder}/t.root"]
    assert main(["images", f"--config={folder}/images.yaml", *jets, f"--out={folder}/20_images"]) == 0
    _model().save(folder / "model.h5")
    assert main(["lower", f"--model={folder}/model.h5", f"--out={folder}/40_lowered"]) == 0
    return folder


def _rtl(run: Path, out: Path, builder: dict[str, object], **rtl: object) -> int:
    settings = {
        "name": "trigger",
        "csim": {"random_vectors": 200},
        "rtl": {"variants": [{"ternary": False}], "synthesis_seconds": 0, "vhdl_vectors": 0, "trade_off": []} | rtl,
        "builder": builder,
    }
    out.mkdir()
    (out / "hardware.yaml").write_text(yaml.safe_dump(settings))
    options = [f"--config={out}/hardware.yaml", f"--images={run}/20_images", f"{run}/40_lowered"]
    return main(["rtl", *options, f"--out={out}/65_rtl"])


@pytest.mark.parametrize(
    ("builder", "rtl", "interval"),
    [
        pytest.param({"form": "parallel"}, {}, 1, marks=pytest.mark.slow),
        ({"form": "serial", "candidates_per_clock": 1}, {}, 4),
        ({"form": "serial", "candidates_per_clock": 2}, {"form": "streamed", "rows": 2}, 2),
    ],
    ids=["parallel", "serial", "serial, streamed"],
)
def test_proven_from_candidates(
    run: Path, tmp_path: Path, builder: dict[str, object], rtl: dict[str, object], interval: int
) -> None:
    assert _rtl(run, tmp_path / "made", builder, **rtl) == 0
    proof = RtlProof.load(tmp_path / "made" / "65_rtl.json")
    assert (proof.status, proof.interval, proof.mismatches) == ("proven", interval, 0)
    kinds = {"data", "border", "wrap", "extreme", "saturation", "outside", "single", "empty", "random"}
    assert set(proof.vectors) == {f"candidates, {kind}" for kind in kinds}
    assert proof.builder is not None
    assert proof.builder.form == builder["form"]
    # the whole is the builder and the network behind it
    assert 0 < proof.builder.estimate < proof.variants[0].estimate
    assert 0 < proof.builder.latency < (proof.latency or 0)
    other_forms = {(form.form, form.per_clock) for form in proof.builder_forms}
    assert other_forms | {(proof.builder.form, proof.builder.per_clock)} == {
        ("parallel", CANDIDATES),
        ("serial", 1),
        ("serial", 2),
    }
    design = RtlDesign.load(tmp_path / "made" / "65_rtl")
    assert [port.name for port in design.inputs] == list(PORTS)

    # it does not go into the bundle of a project that takes images
    types = Graph.load(run / "40_lowered" / "types.json")
    project = HlsProject(name="trigger", settings=HlsSettings(), inputs=types.inputs, outputs=types.outputs, traced=())
    part = RtlPart(tmp_path / "made" / "65_rtl", design, proof, tmp_path / "made" / "65_rtl.json")
    with pytest.raises(PipelineError, match="takes candidate_pt, candidate_eta, .*, the HLS project image"):
        require_proven_rtl(part, project)
    without = dataclasses.replace(part, design=design.model_copy(update={"inputs": types.inputs}))
    require_proven_rtl(without, project)


def test_a_parallel_builder_before_rows_is_refused(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _rtl(run, tmp_path / "made", {"form": "parallel"}, form="streamed") == 1
    assert "set `builder: {form: serial}` in hardware.yaml" in capsys.readouterr().err


def test_other_images_than_the_network_takes_are_refused(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = yaml.safe_load((run / "images.yaml").read_text())
    settings["grid"]["pixels"] = PIXELS + 1
    folder = tmp_path / "other"
    folder.mkdir()
    (folder / "images.yaml").write_text(yaml.safe_dump(settings))
    jets = [f"{run}/q.root", f"{run}/t.root"]
    assert main(["images", f"--config={folder}/images.yaml", *jets, f"--out={folder}/20_images"]) == 0
    shutil.copytree(run / "40_lowered", folder / "40_lowered")
    shutil.copyfile(manifest_path(run / "40_lowered"), manifest_path(folder / "40_lowered"))
    assert _rtl(folder, tmp_path / "made", {"form": "serial"}) == 1
    assert "makes images [5, 5, 1], the network takes [4, 4, 1]" in capsys.readouterr().err
