"""The stage `candidates` as a user calls it: what it leaves, that it goes on, how it fails."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from benchmarks.mock import mock_jets, write_mock_file
from pipeline.app import main
from tests.data_prep.images.test_candidates import CONFIGURATION

WIDTH = {"bits": 6, "integer": 3}
MODEL = {
    "input": {"bits": 10, "integer": 10},
    "blocks": [
        {
            "filters": 2,
            "pooling": 4,
            "convolution": "full",
            "pointwise": WIDTH,
            "bias": WIDTH,
            "activation": {"bits": 8, "integer": 8},
        }
    ],
    "output": {"weights": WIDTH, "bias": WIDTH},
}
PHASE = {"epochs": 1, "learning_rate": 0.02}
TRAIN = {"seed": 1, "batch": 64, "float_training": PHASE, "quantized_training": PHASE}
STUDY = {"numbers": [2, 4], "networks": ["float_separable"], "replicas": 20}


@pytest.fixture
def arguments(tmp_path: Path) -> list[str]:
    """A small study: 300 jets, one epoch."""
    for name, seed in (("q", 1), ("t", 2)):
        write_mock_file(tmp_path / f"{name}.root", mock_jets(name, 150, seed=seed))
    for name, content in (("images", CONFIGURATION), ("model", MODEL), ("train", TRAIN), ("candidates", STUDY)):
        (tmp_path / f"{name}.yaml").write_text(yaml.safe_dump(content))
    files = [f"--{name}-config={tmp_path}/{name}.yaml" for name in ("images", "model", "train")]
    jets = [f"{tmp_path}/q.root", f"{tmp_path}/t.root"]
    return ["candidates", f"--config={tmp_path}/candidates.yaml", *files, *jets, f"--out={tmp_path}/25_candidates"]


def _change(file: Path, **change: Any) -> None:
    file.write_text(yaml.safe_dump(yaml.safe_load(file.read_text()) | change))


def test_it_goes_on_with_what_is_done_and_leaves_what_the_data_flow_says(
    arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A study that stops at its last image set trains the others no more."""
    from models.studies import candidate_cost

    trained: list[str] = []
    train = candidate_cost.train_and_score

    def until(last_set: str | None) -> Any:
        def counting(dataset: Any, *arguments: Any) -> Any:
            number = dataset.metadata.candidates and dataset.metadata.candidates.number
            trained.append(str(number))
            if str(number) == last_set:
                raise KeyboardInterrupt
            return train(dataset, *arguments)

        return counting

    monkeypatch.setattr(candidate_cost, "train_and_score", until("4"))
    assert main(arguments) == 130
    assert not (tmp_path / "25_candidates").exists()
    monkeypatch.setattr(candidate_cost, "train_and_score", until(None))
    assert main(arguments) == 0
    assert trained == ["None", "2", "4", "4"]
    assert capsys.readouterr().out.startswith("candidates macro-AUC of 'float_separable' by candidates: float 0.")
    cost_file = json.loads((tmp_path / "25_candidates" / "cost.json").read_text())
    assert set(cost_file) == {"numbers", "classes", "networks", "test_jets", "replicas", "cost", "share"}
    assert list(cost_file["cost"]) == ["2", "4", "float"]
    assert cost_file["cost"]["float"]["float_separable"]["difference"] == {"value": 0.0, "error": 0.0}
    assert 40 < cost_file["test_jets"] < 110
    shares = [cost_file["share"][number]["pt"]["q"]["mean"] for number in ("2", "4")]
    assert 0 < shares[0] < shares[1] < 1
    assert [path.name for path in tmp_path.glob(".*")] == []


@pytest.mark.parametrize(
    ("file", "change", "message"),
    [
        ("images", {"candidates": None}, "images.yaml: has no section 'candidates' (add one"),
        (
            "candidates",
            {"networks": ["resnet"]},
            "candidates.yaml: 'networks': there is no 'resnet' (there are float_st",
        ),
        ("candidates", {"numbers": [4, 2]}, "candidates.yaml: 'file': 'numbers' must ascend from 1 on"),
        ("candidates", {"number": 4}, "unknown key 'number', known keys are numbers, networks, replicas, seed"),
    ],
)
def test_how_it_fails(
    arguments: list[str], tmp_path: Path, file: str, change: Any, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    _change(tmp_path / f"{file}.yaml", **change)
    assert main(arguments) == 1
    assert message in capsys.readouterr().err
    assert not (tmp_path / "25_candidates").exists()
