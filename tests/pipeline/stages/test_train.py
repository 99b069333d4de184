"""The train stage as a user calls it: what it leaves on disk, what it says, how it fails."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from data_prep.images.batch import FEATURES, ImageBatch
from data_prep.observables.columns import OBSERVABLES, Observables
from data_prep.registry import Registry
from data_prep.store.jet_images import ImageDescription, open_dataset
from data_prep.store.jet_images_writer import DatasetWriter
from models.files.meaning import Meaning
from models.tasks import registry
from models.tasks.task import Task
from pipeline.app import main
from pipeline.artefacts.manifest import manifest_path
from tests.examples import examples
from tests.sealed import seal

WIDTH = {"bits": 6, "integer": 1}
MODEL = {
    "architecture": "quantized_separable",
    "input": {"bits": 8, "integer": 0},
    "blocks": [
        {"filters": 3, "pooling": 2, "depthwise": WIDTH, "pointwise": WIDTH, "bias": WIDTH, "activation": WIDTH}
    ],
    "output": {"weights": WIDTH, "bias": WIDTH},
}
PHASE = {"epochs": 1, "learning_rate": 0.02}
TRAIN = {
    "seed": 1,
    "batch": 32,
    "float_training": PHASE,
    "quantized_training": PHASE,
    "trees": {"iterations": 3},
    "against": ["q"],
}


def _jets(jets: int, seed: int) -> ImageBatch:
    """One lit pixel a jet, on the left for class q and on the right for class t."""
    rng = np.random.default_rng(seed)
    label = rng.integers(0, 2, jets).astype(np.uint8)
    return ImageBatch(
        (4, 4, 1),
        np.arange(jets + 1, dtype=np.int64),
        (4 * rng.integers(0, 4, jets) + rng.integers(0, 2, jets) + 2 * label).astype(np.uint16),
        np.ones(jets, np.float32),
        label,
        np.ones(jets, np.float32),
        np.arange(jets, dtype=np.uint64),
        {name: rng.random(jets).astype(np.float32) for name in FEATURES},
        observables=Observables(*rng.random((2, jets, len(OBSERVABLES))).astype(np.float32)),
    )


@pytest.fixture
def arguments(tmp_path: Path) -> list[str]:
    """The command line of a small training, with its files."""
    grid = {"kind": "square", "pixels": 4, "half_width": 0.8}
    content = {"classes": ("q", "t"), "grid": grid, "steps": [{"step": "centre"}], "observables": True}
    description = ImageDescription.model_validate(content)
    images = tmp_path / "20_images"
    images.mkdir()
    with DatasetWriter(images, description) as writer:
        for seed, (split, jets) in enumerate({"train": 200, "validation": 40, "test": 60}.items()):
            writer.append(split, _jets(jets, seed))
    seal(images, "images")
    (tmp_path / "model.yaml").write_text(yaml.safe_dump(MODEL))
    (tmp_path / "train.yaml").write_text(yaml.safe_dump(TRAIN))
    files = ["--config", str(tmp_path / "train.yaml"), "--model-config", str(tmp_path / "model.yaml"), str(images)]
    return ["train", *files, "--out", str(tmp_path / "30_model")]


def _content(path: Path) -> Any:
    return json.loads(path.read_text())


def test_it_leaves_what_the_data_flow_says(
    arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from models.files.load import load_model
    from models.metrics.taggers import softmax

    assert main(arguments) == 0
    line = capsys.readouterr().out
    assert line.startswith("train     macro-AUC on 60 test jets: quantized separable 0.")
    out = tmp_path / "30_model"
    names = {"model.h5", "float_standard.h5", "float_separable.h5", "history.json", "metrics.json", "arithmetic.json"}
    assert {path.name for path in out.iterdir()} == names | {"meaning.json", "scores.npz"}
    meaning = Meaning.load(out / "meaning.json")
    assert meaning is not None
    assert meaning.images == open_dataset(tmp_path / "20_images").metadata
    assert meaning.classes == ("q", "t")
    metrics, history, arithmetic = (_content(out / f"{name}.json") for name in ("metrics", "history", "arithmetic"))
    assert metrics["classes"] == ["q", "t"]
    assert {"model", "float_standard", "float_separable", "trees", "trees_seen"} < set(metrics)
    assert set(metrics["beats_trees"]) == {"trees", "trees_seen"}
    difference = metrics["model"]["macro_auc"] - metrics["trees"]["macro_auc"]
    assert metrics["beats_trees"]["trees"]["value"] == pytest.approx(difference, abs=1e-9)
    assert metrics["beats_trees"]["trees"]["error"] > 0
    assert f"less trees: {difference:+.4f} ± " in line
    assert set(metrics["model"]["against"]["rejection"]["0.5"]) == {"t"}
    assert metrics["model"]["jets"] == 60
    errors = metrics["uncertainty"]
    assert set(errors["taggers"]) == {"model", "float_standard", "float_separable", "trees", "trees_seen"}
    assert errors["taggers"]["model"]["macro_auc"] > 0
    assert len(errors["differences"]) == 10
    assert (errors["seed"], errors["replicas"]) == (TRAIN["seed"], 200)
    assert len(history["model"]["val_loss"]) == 1
    assert arithmetic["model"]["total"]["multiplications"] == 16 * (9 + 3) + 2 * 2 * 3 * 2
    with np.load(out / "scores.npz") as scores:
        images = _jets(60, 2)
        np.testing.assert_array_equal(scores["label"], images.label)
        assert scores["weight"].dtype == np.float32
        model = load_model(out / "model.h5")
        np.testing.assert_allclose(scores["model"], softmax(model(images.dense()).numpy()), rtol=1e-6)
        np.testing.assert_allclose(scores["trees"].sum(axis=1), 1, rtol=1e-5)


def test_one_file_is_a_task(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The stage knows no task by name: it trains what the file says, and leaves what that gives back."""
    package = tmp_path / "tasks_in_one_file"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "count.py").write_text(examples()["models/tasks/count.py"])
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(registry, "TASKS", Registry(package.name, "TASK", Task))
    (tmp_path / "model.yaml").write_text("task: count\n")
    assert main(arguments) == 0
    output = capsys.readouterr()
    assert "train     counted" in output.out
    assert "nothing is learned" in output.err
    assert _content(tmp_path / "30_model" / "metrics.json") == {"task": "count", "jets": 60}
    assert _content(tmp_path / "30_model" / "meaning.json")["task"] == "count"


def test_the_same_inputs_give_the_same_bytes(
    arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, again = tmp_path / "30_model", tmp_path / "again"
    assert main(arguments) == 0
    capsys.readouterr()
    assert main(arguments) == 0
    assert "30_model: unchanged" in capsys.readouterr().out
    assert main([str(again) if argument == str(first) else argument for argument in arguments]) == 0
    manifests = [_content(manifest_path(out)) for out in (first, again)]
    assert manifests[0]["outputs"] == manifests[1]["outputs"]
    assert manifests[0]["fingerprint"] == manifests[1]["fingerprint"]


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("train.yaml", TRAIN | {"sead": 1}, "train.yaml: unknown key 'sead'"),
        ("train.yaml", TRAIN | {"batch": 0}, "train.yaml: 'batch': input should be greater than or equal to 1, not 0"),
        ("model.yaml", MODEL | {"architecture": "transformer"}, "model.yaml: 'architecture'"),
        (
            "model.yaml",
            MODEL | {"blocks": MODEL["blocks"] * 4},
            "model.yaml: a network with these blocks does not fit images of 4 x 4 pixels",
        ),
        (
            "model.yaml",
            MODEL | {"output": {"weights": {"bits": [6, 4, 4]}, "bias": WIDTH}},
            "model.yaml: 'output.weights.bits' holds 3 widths for 2 output channels",
        ),
        ("train.yaml", TRAIN | {"pruning": {"sparsity": 1}}, "train.yaml: 'pruning.sparsity': input should be less"),
        (
            "train.yaml",
            TRAIN | {"pruning": {"sparsity": 0.5, "begin": 0.8, "end": 0.2}},
            "train.yaml: 'pruning': 'begin' must be below 'end'",
        ),
        (
            "train.yaml",
            TRAIN | {"pruning": {"sparsity": 0.5, "layers": ["block2"]}},
            "train.yaml: 'pruning.layers': the network has no layer 'block2'",
        ),
    ],
)
def test_bad_configuration_is_one_line(
    arguments: list[str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    file: str,
    content: dict[str, Any],
    message: str,
) -> None:
    (tmp_path / file).write_text(yaml.safe_dump(content))
    assert main(arguments) == 1
    assert message in " ".join(capsys.readouterr().err.split())
    assert not (tmp_path / "30_model").exists()


def test_missing_images_are_one_line(arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments[arguments.index(str(tmp_path / "20_images"))] = str(tmp_path / "nowhere")
    assert main(arguments) == 1
    assert "nowhere: no such file or folder" in " ".join(capsys.readouterr().err.split())
