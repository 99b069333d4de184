"""The stage `emulate`: a dataset or ROOT files in, the integers of the reference out, without TensorFlow."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from qkeras import QActivation, QDense, quantized_bits, quantized_relu
from tensorflow import keras

from data_prep.dataset import open_dataset
from data_prep.mock import mock_jets, write_mock_file
from hls_projects import integer_model
from hls_projects.lower import lower
from hls_projects.network import Network
from hls_projects.types import prove_network
from pipeline.app import main
from pipeline.manifest import manifest_path

ROOT = Path(__file__).parents[3]
CONFIGURATION = ROOT / "configs" / "demo" / "images.yaml"
CLASSES = ("q", "g", "w", "z", "t")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """ROOT files, a dataset and a lowered tagger."""
    if shutil.which("g++") is None:
        pytest.skip("g++ not found")
    folder = tmp_path_factory.mktemp("run")
    (folder / "10_root").mkdir()
    for name in CLASSES:
        write_mock_file(folder / "10_root" / f"{name}_00000.root", mock_jets(name, 60, seed=4))
    arguments = ["--config", CONFIGURATION, folder / "10_root", "--out", folder / "20_images"]
    assert main(["images", *map(str, arguments)]) == 0
    keras.utils.set_random_seed(3)
    image = keras.Input((16, 16, 1))
    x = keras.layers.Flatten()(QActivation(quantized_relu(10, 10))(image))
    dense = QDense(5, kernel_quantizer=quantized_bits(5, 0, alpha=1), bias_quantizer=quantized_bits(5, 0, alpha=1))
    (folder / "40_lowered").mkdir()
    prove_network(lower(keras.Model(image, dense(x)))).save(folder / "40_lowered")
    return folder


def emulate(*arguments: str | Path) -> int:
    return main(["emulate", *map(str, arguments)])


def test_a_dataset(run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    out = tmp_path / "scores.parquet"
    assert emulate(run / "40_lowered", run / "20_images", "--split", "test", "--out", out) == 0
    network = Network.load(run / "40_lowered")
    jets = open_dataset(run / "20_images").split("test").whole
    wanted = integer_model.outputs(network, [network.types.inputs[0].type.quantize(jets.dense())])[0]
    table = pq.read_table(out)
    np.testing.assert_array_equal(np.array(table["raw_0"].to_pylist()), wanted)
    for name in ("label", "weight", "event"):
        np.testing.assert_array_equal(table[name].to_numpy(), getattr(jets, name))
    np.testing.assert_array_equal(table["jet_sdmass"].to_numpy(), jets.features["jet_sdmass"])
    logits = np.stack([table[f"logit_{name}"].to_numpy() for name in CLASSES], axis=1)
    np.testing.assert_array_equal(logits, network.types.outputs[0].type.to_float(wanted))
    scores = np.stack([table[f"score_{name}"].to_numpy() for name in CLASSES], axis=1)
    # float32 against float64
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    np.testing.assert_allclose(scores, exponentials / exponentials.sum(axis=1, keepdims=True), rtol=1e-5, atol=1e-7)
    about = json.loads(table.schema.metadata[b"jet_scores"])
    assert about["fingerprint"] == network.fingerprint
    assert about["classes"] == list(CLASSES)
    assert about["outputs"][0]["type"] == network.types.outputs[0].type.name
    assert manifest_path(out).exists()


def test_root_files_give_what_their_dataset_gives(run: Path, tmp_path: Path) -> None:
    direct, indirect = tmp_path / "direct.parquet", tmp_path / "indirect.parquet"
    arguments = ("--images-config", CONFIGURATION, "--out", direct)
    assert emulate(run / "40_lowered", run / "10_root", *arguments) == 0
    assert emulate(run / "40_lowered", run / "20_images", "--out", indirect) == 0
    one, two = (
        pq.read_table(path).sort_by([("event", "ascending"), ("label", "ascending")]) for path in (direct, indirect)
    )
    assert one.num_rows > 100
    assert one.select(["event", "raw_0"]) == two.select(["event", "raw_0"])


def test_no_tensorflow(run: Path, tmp_path: Path) -> None:
    out = tmp_path / "scores.parquet"
    code = (
        "import sys; from pipeline.app import main; code = main(sys.argv[1:]);"
        "print(sorted({'tensorflow', 'keras', 'qkeras', 'hls4ml'} & set(sys.modules))); sys.exit(code)"
    )
    command = [sys.executable, "-c", code, "emulate", run / "40_lowered", run / "20_images", "--out", out]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["{run}/nothing", "{run}/20_images"], "no such file or folder"),
        (["{run}/20_images", "{run}/20_images"], "neither a bundle nor a lowered model"),
        (["{run}/40_lowered", "{run}/10_root"], "no dataset of jet images"),
        (["{run}/40_lowered", "{run}/10_root", "{run}/10_root"], "--images-config"),
        (["{run}/40_lowered", "{run}/20_images", "--split", "half"], "half"),
    ],
)
def test_bad_input_is_one_line(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    out = tmp_path / "scores.parquet"
    assert emulate(*(each.format(run=run) for each in arguments), "--out", out) != 0
    assert message in " ".join(capsys.readouterr().err.split())
    assert not out.exists()


def test_images_that_do_not_fit(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    image = keras.Input((8, 8, 1))
    x = keras.layers.Flatten()(QActivation(quantized_relu(10, 10))(image))
    (tmp_path / "small").mkdir()
    prove_network(lower(keras.Model(image, x))).save(tmp_path / "small")
    assert emulate(tmp_path / "small", run / "20_images", "--out", tmp_path / "scores.parquet") == 1
    assert "16 x 16 x 1, the network takes 8 x 8 x 1" in " ".join(capsys.readouterr().err.split())
    assert [path.name for path in tmp_path.iterdir()] == ["small"]
