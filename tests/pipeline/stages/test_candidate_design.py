"""From candidates to scores, as a user makes it: images, convert, csim; and what does not belong together."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import yaml
from qkeras import QActivation, QDense, quantized_bits, quantized_relu
from tensorflow import keras

from benchmarks.mock import mock_jets, write_mock_file
from data_prep.store.jet_images import open_dataset
from hls_projects.blocks.image_builder import PORTS
from hls_projects.export.verify import verify
from hls_projects.hls import csim
from hls_projects.hls.image_builder import IMAGE
from hls_projects.hls.project import HlsProject
from hls_projects.network import integer_model
from hls_projects.network.graph import Graph
from hls_projects.network.network import Network
from hls_projects.proof.compare_candidates import JetCandidates, compare_candidates, made_candidates
from models.files.load import load_model
from models.quantization.exact import exact_inference
from pipeline.app import main
from tests.data_prep.images.test_candidates import CONFIGURATION

pytestmark = pytest.mark.skipif(shutil.which("g++") is None, reason="g++ not found")


def _small() -> keras.Model:
    """Pixels in steps of 2 GeV and one dense layer: little to compile."""
    image = keras.Input((16, 16, 1), name="image")
    x = keras.layers.Flatten()(QActivation(quantized_relu(7, 8), name="pixels")(image))
    model = keras.Model(image, QDense(2, kernel_quantizer=quantized_bits(3, 0, alpha=1), use_bias=False)(x))
    model.set_weights([np.random.default_rng(2).uniform(-1, 1, weights.shape) for weights in model.get_weights()])
    return model


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Images of candidates and of floats, a lowered model, hardware.yaml."""
    tmp_path = tmp_path_factory.mktemp("run")
    for name, seed in (("q", 1), ("t", 2)):
        write_mock_file(tmp_path / f"{name}.root", mock_jets(name, 150, seed=seed))
    for name, change in (("20_images", {}), ("float_images", {"candidates": None})):
        config = tmp_path / f"{name}.yaml"
        config.write_text(yaml.safe_dump(CONFIGURATION | change))
        jets = [f"{tmp_path}/q.root", f"{tmp_path}/t.root"]
        assert main(["images", f"--config={config}", *jets, f"--out={tmp_path}/{name}"]) == 0
    (tmp_path / "hardware.yaml").write_text(yaml.safe_dump({"name": "trigger", "csim": {"random_vectors": 200}}))
    _small().save(tmp_path / "model.h5")
    assert main(["lower", f"--model={tmp_path}/model.h5", f"--out={tmp_path}/40_lowered"]) == 0
    return tmp_path


def _convert(run: Path, images: str | None, out: str) -> int:
    options = [f"--images={run}/{images}"] if images else []
    return main(["convert", f"--config={run}/hardware.yaml", *options, f"{run}/40_lowered", f"--out={run}/{out}"])


def _csim(run: Path, images: str, hls: str) -> int:
    files = [f"--config={run}/hardware.yaml", f"--lowered={run}/40_lowered", f"--images={run}/{images}"]
    return main(["csim", *files, f"{run}/{hls}", f"--out={run}/60_csim.json"])


@pytest.fixture(scope="module")
def emulator(run: Path, tmp_path_factory: pytest.TempPathFactory) -> csim.Emulator:
    """The run up to its csim, and the library that was compiled there."""
    emulators: list[csim.Emulator] = []
    compile_, folder = csim.build, tmp_path_factory.mktemp("library")

    def keep(project: Path, _: Path) -> csim.Emulator:
        emulators.append(compile_(project, folder))
        return emulators[-1]

    assert _convert(run, "20_images", "50_hls") == 0
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(csim, "build", keep)
        assert _csim(run, "20_images", "50_hls") == 0
    return emulators[0]


@pytest.mark.slow
def test_candidates_to_scores_is_proven_and_a_wrong_border_is_named(run: Path, emulator: csim.Emulator) -> None:
    proof = json.loads((run / "60_csim.json").read_text())
    assert proof["status"] == "proven"
    compared = {layer["name"]: layer["values"] for layer in proof["layers"] if not layer["mismatches"]}
    jets, candidates = proof["vectors"]["data"], proof["vectors"]["candidates, data"]
    assert jets == candidates > 40
    number = sum(count for kind, count in proof["vectors"].items() if kind.startswith("candidates, "))
    assert compared["image builder"] == 256 * number
    assert compared["output 0 from candidates"] == 2 * number
    assert compared["images of the dataset"] == 256 * jets

    project = HlsProject.load(run / "50_hls")
    assert project.builder is not None
    correct = project.builder.builder
    wrong = correct.model_copy(update={"rows": (correct.rows[0] + 1, *correct.rows[1:])})
    vectors = made_candidates(correct, 100, seed=1)
    trained = exact_inference(load_model(run / "model.h5"))
    types = Graph.load(run / "40_lowered" / "types.json")
    assert compare_candidates(trained, types, correct, emulator, vectors, 300).status == "proven"
    failed = compare_candidates(trained, types, wrong, emulator, vectors, 300)
    assert failed.status == "failed"
    assert failed.first_mismatch is not None
    assert (failed.first_mismatch.layer, failed.first_mismatch.kind) == (IMAGE, "candidates, border")


def test_candidates_are_the_integers_of_the_files_and_values_are_refused(run: Path, emulator: csim.Emulator) -> None:
    columns = ["candidate_pt", "candidate_eta", "candidate_phi", "seed_eta", "seed_phi"]
    stored = pq.read_table(run / "20_images" / "test", columns=columns)
    (inputs,) = JetCandidates(open_dataset(run / "20_images").split("test")).batches(1000)
    for name, raw in zip(columns, inputs, strict=True):
        assert raw.dtype == np.int64
        assert np.squeeze(raw).tolist() == stored[name].to_pylist()
    with pytest.raises(TypeError, match="Cannot cast"):
        emulator.from_candidates().run([raw.astype(np.float64) for raw in inputs])


@pytest.fixture(scope="module")
def bundle(run: Path, emulator: csim.Emulator) -> Path:
    """The unpacked bundle of the run."""
    assert emulator.project.builder is not None
    files = [f"--lowered={run}/40_lowered", f"--csim={run}/60_csim.json", f"--images={run}/20_images"]
    assert main(["export", f"--config={run}/hardware.yaml", *files, f"{run}/50_hls", f"--out={run}/70_export"]) == 0
    return run / "70_export" / "trigger"


@pytest.mark.slow
def test_the_bundle_starts_from_candidates(run: Path, bundle: Path) -> None:
    manifest = verify(bundle.with_name("trigger.tar.gz"))
    assert [port.name for port in manifest.inputs] == list(PORTS)
    assert "one port of 14 bits an element" in manifest.inputs[0].packing
    blocks = {block.kind: (block.first, block.count) for block in manifest.vectors}
    assert list(blocks)[:2] == ["data", "border"]
    lines = [(bundle / port.vectors).read_text().splitlines() for port in manifest.inputs]
    raw = [np.array([line.split() for line in port_lines], dtype=np.int64) for port_lines in lines]
    jets = next(open_dataset(run / "20_images").split("test").candidates(10_000))
    np.testing.assert_array_equal(raw[0][: len(jets)], jets.pt)
    np.testing.assert_array_equal(raw[4][: len(jets), 0], jets.seed_phi)
    # the network of the bundle is that of its ports: what another form of it gives for the vectors is what they say
    outputs = np.array([line.split() for line in (bundle / "vectors/output_0.txt").read_text().splitlines()], np.int64)
    np.testing.assert_array_equal(integer_model.outputs(Network.load(bundle), raw)[0], outputs)
    with np.load(run / "60_csim.npz") as emulated:
        np.testing.assert_array_equal(outputs[: len(jets)], emulated["raw_0"])


@pytest.mark.slow
def test_the_bundle_is_emulated_from_candidates(
    run: Path, bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """From a dataset and from ROOT files; what the HLS emulation gave for the test set."""
    inputs = [f"{run}/20_images", "--split=test"]
    assert main(["emulate", str(bundle), *inputs, f"--out={tmp_path}/scores.parquet"]) == 0
    test_rows = pq.read_table(tmp_path / "scores.parquet")["raw_0"].to_pylist()
    with np.load(run / "60_csim.npz") as emulated:
        np.testing.assert_array_equal(test_rows, emulated["raw_0"])
    inputs = [f"{run}/q.root", f"{run}/t.root", f"--images-config={run}/20_images.yaml"]
    assert main(["emulate", str(bundle), *inputs, f"--out={tmp_path}/all.parquet"]) == 0
    all_rows = pq.read_table(tmp_path / "all.parquet")["raw_0"].to_pylist()
    assert {tuple(row) for row in test_rows} <= {tuple(row) for row in all_rows if row is not None}
    assert main(["emulate", str(bundle), f"{run}/float_images", f"--out={tmp_path}/float.parquet"]) == 1
    assert "the network starts from candidates" in capsys.readouterr().err


@pytest.mark.slow
def test_the_test_bench_of_the_bundle_starts_from_candidates(bundle: Path, tmp_path: Path) -> None:
    command = next(line for line in (bundle / "README.md").read_text().splitlines() if line.startswith("g++"))
    work = Path(shutil.copytree(bundle / "hls", tmp_path / "hls"))
    assert "trigger_candidates_test.cpp" in command
    subprocess.run(command, shell=True, cwd=work, check=True)  # noqa: S602 - the README's own line
    process = subprocess.run(["./testbench"], cwd=work, check=True, capture_output=True, text=True)
    vectors = (work / "tb_data" / "tb_candidates.dat").read_text().splitlines()
    assert f"{len(vectors)} of {len(vectors)} vectors give" in process.stdout
    expected = work / "tb_data" / "tb_output_predictions.dat"
    lines = expected.read_text().splitlines()
    lines[7] = f"{float(lines[7].split()[0]) + 1} {lines[7].split()[1]}"
    expected.write_text("\n".join(lines) + "\n")
    process = subprocess.run(["./testbench"], cwd=work, check=False, capture_output=True, text=True)
    assert (process.returncode, process.stderr) == (1, "vector 7 is the first that differs\n")
    expected.unlink()
    process = subprocess.run(["./testbench"], cwd=work, check=False, capture_output=True, text=True)
    assert process.returncode == 1
    assert "tb_data/ is missing" in process.stderr


def test_what_does_not_belong_together_is_refused(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _convert(run, None, "plain") == 0
    assert _convert(run, "float_images", "float") == 0
    assert HlsProject.load(run / "plain").builder is None
    assert HlsProject.load(run / "float").builder is None
    assert _csim(run, "20_images", "plain") == 1
    message = capsys.readouterr().err
    assert "plain: holds no image builder (its images are made of candidates: run `convert` with `--images`)" in message
    assert _convert(run, "20_images", "again") == 0
    assert _csim(run, "float_images", "again") == 1
    assert "again: builds other images than the dataset holds (run `convert` again)" in capsys.readouterr().err
