"""What `emulate` refuses: other images, damaged or foreign files; in one line, and nothing is written."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from qkeras import QActivation, quantized_relu
from tensorflow import keras

from hls_projects.lowering.lower import lower
from hls_projects.lowering.types import prove_network
from models.files.meaning import MEANING
from pipeline.app import main
from tests.pipeline.stages.emulate.setting import (
    CONFIGURATION,
    ROOT,
    config,
    emulate,
    error_output,
    meaning,
)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"grid": {"pixels": 16, "half_width": 0.4}},
            "images.yaml: 'grid.half_width' is 0.4, the network was trained with 0.8",
        ),
        (
            {"steps": [{"step": "centre"}], "grid": {"pixels": 16, "half_width": 0.4}},
            "images.yaml: 'grid.half_width' is 0.4, the network was trained with 0.8; "
            "'steps' is centre, not centre, roll, flip",
        ),
        ({"channels": ["charged"]}, "images.yaml: 'channels' is charged, the network was trained with pt"),
    ],
)
def test_other_images_are_refused_by_key(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], change: dict[str, Any], message: str
) -> None:
    out = tmp_path / "scores.parquet"
    pictures = config(tmp_path, **change)
    assert emulate(run / "40_lowered", run / "10_root", "--images-config", pictures, "--out", out) == 1
    assert message in error_output(capsys)
    dataset = tmp_path / "20_images"
    assert main(["images", "--config", str(pictures), f"{run}/10_root", "--out", str(dataset)]) == 0
    assert emulate(run / "40_lowered", dataset, "--out", out) == 1
    assert message.replace("images.yaml", "20_images") in error_output(capsys)
    assert not out.exists()


def test_a_damaged_file_is_no_file_without_labels(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "broken.root").write_bytes((run / "10_root" / "t_00000.root").read_bytes()[:2000])
    arguments = ["--images-config", CONFIGURATION, "--out", tmp_path / "scores.parquet"]
    assert emulate(run / "40_lowered", tmp_path / "broken.root", *arguments) == 1
    assert "broken.root" in error_output(capsys)


def test_five_outputs_are_not_two_classes(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "scores.parquet"
    two = config(tmp_path, classes=[{"name": "q", "label": "label_QCD"}, {"name": "t", "label": "label_Tbqq"}])
    assert emulate(run / "own", run / "10_root", "--images-config", two, "--out", out) == 1
    heard = error_output(capsys)
    assert "images.yaml: names 2 classes (q, t), the network gives 5 numbers" in heard
    assert "or give --no-classes" in heard
    assert not out.exists()
    assert emulate(run / "own", run / "10_root", "--images-config", two, "--no-classes", "--out", out) == 0
    assert "no scores: its outputs are not classes (--no-classes)" in error_output(capsys)
    assert not [name for name in pq.read_table(out).column_names if name.startswith("score_")]
    arguments = ["--images-config", CONFIGURATION, "--no-classes", "--out", out]
    assert emulate(run / "40_lowered", run / "10_root", *arguments) == 1
    assert "the network has the classes q, g, w, z, t (leave out --no-classes)" in error_output(capsys)


def test_a_meaning_of_another_network(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copytree(run / "own", tmp_path / "lowered")
    said_of = json.loads(meaning().model_dump_json())
    said_of["classes"] = said_of["images"]["classes"] = ["q", "t"]
    (tmp_path / "lowered" / MEANING).write_text(json.dumps(said_of))
    assert emulate(tmp_path / "lowered", run / "20_images", "--out", tmp_path / "scores.parquet") == 1
    assert "meaning.json: names 2 classes (q, t), the network gives 5 numbers" in error_output(capsys)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["{run}/nothing", "{run}/20_images"], "no such file or folder"),
        (["{run}/20_images", "{run}/20_images"], "neither a bundle nor a lowered model"),
        (["{run}/40_lowered", "{run}/10_root"], "not a dataset of jet images"),
        (["{run}/40_lowered", "{run}/10_root", "{run}/10_root"], "--images-config"),
        (["{run}/40_lowered", "{run}/20_images", "--split", "half"], "half"),
        (
            ["{run}/40_lowered", "{run}/20_images", "--no-labels"],
            "--no-labels is for files; a folder made by `images` has labels",
        ),
        (["{run}/40_lowered", "{run}/20_images", "--no-classes"], "--no-classes needs --images-config"),
        (
            ["{run}/40_lowered", "{run}/10_root", "--images-config", f"{ROOT}/configs/segmentation/images.yaml"],
            "'kind: events' is for images of events, which have no scores of jets",
        ),
    ],
)
def test_bad_input_is_one_line(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    out = tmp_path / "scores.parquet"
    assert emulate(*(argument.format(run=run) for argument in arguments), "--out", out) != 0
    assert message in error_output(capsys)
    assert not out.exists()


@pytest.mark.parametrize("name", ["scores.csv", "scores", "scores.h5"])
def test_formats_that_are_none(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    assert emulate(run / "40_lowered", run / "20_images", "--out", tmp_path / name) == 1
    assert "end the name of --out with .parquet or .root" in error_output(capsys)
    assert list(tmp_path.iterdir()) == []


def test_images_that_do_not_fit(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    image = keras.Input((8, 8, 1))
    x = keras.layers.Flatten()(QActivation(quantized_relu(10, 10))(image))
    (tmp_path / "small").mkdir()
    prove_network(lower(keras.Model(image, x))).save(tmp_path / "small")
    assert emulate(tmp_path / "small", run / "20_images", "--out", tmp_path / "scores.parquet") == 1
    assert "16 x 16 x 1, the network takes 8 x 8 x 1" in error_output(capsys)
    assert [path.name for path in tmp_path.iterdir()] == ["small"]
