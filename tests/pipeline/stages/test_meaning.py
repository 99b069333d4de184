"""What a network means on its way from training to bundle: who feeds it otherwise is refused by key, at every stage."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from qkeras import QActivation, QDense, quantized_bits, quantized_relu
from tensorflow import keras

from data_prep.images.batch import FEATURES, ImageBatch
from data_prep.store.jet_images import ImageDescription, open_dataset
from data_prep.store.jet_images_writer import DatasetWriter
from hls_projects.hls.project import HlsProject
from hls_projects.network.network import Network
from hls_projects.settings import HlsSettings
from models.files.load import save_model
from models.files.meaning import MEANING, Meaning
from pipeline.app import main
from pipeline.artefacts.manifest import manifest_path
from tests.sealed import made_again, seal

IMAGES: dict[str, Any] = {
    "classes": [{"name": "q", "label": "is_q"}, {"name": "t", "label": "is_t"}, {"name": "w", "label": "is_w"}],
    "grid": {"kind": "square", "pixels": 4, "half_width": 0.8},
    "steps": [{"step": "centre"}],
    "split": {"train": 0.6, "validation": 0.2, "test": 0.2},
}
WIDTH = {"bits": 6, "integer": 1}
MODEL = {
    "input": {"bits": 8, "integer": 0},
    "blocks": [
        {"filters": 2, "pooling": 2, "depthwise": WIDTH, "pointwise": WIDTH, "bias": WIDTH, "activation": WIDTH}
    ],
    "output": {"weights": WIDTH, "bias": WIDTH},
}
PHASE = {"epochs": 1, "learning_rate": 0.02}
TRAIN = {"seed": 1, "batch": 64, "float_training": PHASE, "quantized_training": PHASE, "trees": {"iterations": 2}}


def write_images(folder: Path, **change: Any) -> Path:
    """A dataset of three classes with one lit pixel a jet."""
    content = IMAGES | change
    names = [class_settings["name"] for class_settings in content["classes"]]
    settings = {name: content[name] for name in ("grid", "steps", "channels") if name in content}
    description = ImageDescription.model_validate(settings | {"classes": names})
    folder.mkdir()
    rng = np.random.default_rng(3)
    with DatasetWriter(folder, description) as writer:
        for split, jets in {"train": 150, "validation": 30, "test": 30}.items():
            label = (np.arange(jets) % 3).astype(np.uint8)
            batch = ImageBatch(
                description.shape,
                np.arange(jets + 1, dtype=np.int64),
                (4 * rng.integers(0, 4, jets) + label).astype(np.uint16),
                np.ones(jets, np.float32),
                label,
                np.ones(jets, np.float32),
                np.arange(jets, dtype=np.uint64),
                {name: rng.random(jets).astype(np.float32) for name in FEATURES},
            )
            writer.append(split, batch)
    return seal(folder, "images")


def write_yaml(path: Path, content: dict[str, Any]) -> Path:
    path.write_text(yaml.safe_dump(content))
    return path


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Images, a training on them, the lowered network, and an HLS project that says the same."""
    folder = tmp_path_factory.mktemp("run")
    write_images(folder / "20_images")
    files = [
        f"--{name}-config={write_yaml(folder / f'{name}.yaml', settings)}" for name, settings in (("model", MODEL),)
    ]
    files.append(f"--config={write_yaml(folder / 'train.yaml', TRAIN)}")
    assert main(["train", *files, f"{folder}/20_images", f"--out={folder}/30_model"]) == 0
    assert main(["lower", f"--model={folder}/30_model/model.h5", f"--out={folder}/40_lowered"]) == 0
    write_yaml(folder / "hardware.yaml", {"name": "small_tagger"})
    network = Network.load(folder / "40_lowered")
    (folder / "50_hls").mkdir()
    ports = {"inputs": network.graph.inputs, "outputs": network.graph.outputs}
    project = HlsProject(name="small_tagger", settings=HlsSettings(), traced=(), meaning=network.meaning, **ports)
    project.write(folder / "50_hls" / "hls.json")
    seal(folder / "50_hls", "convert")
    (folder / "60_csim.json").write_text("{}")
    seal(folder / "60_csim.json", "csim")
    return folder


def error_output(capsys: pytest.CaptureFixture[str]) -> str:
    return " ".join(capsys.readouterr().err.split())


def test_training_says_it_and_lowering_takes_it_along(run: Path) -> None:
    meaning = Meaning.load(run / "30_model" / MEANING)
    assert meaning is not None
    assert meaning.images == open_dataset(run / "20_images").metadata
    assert (meaning.stated_by, meaning.task, meaning.classes) == ("training", "classification", ("q", "t", "w"))
    assert Network.load(run / "40_lowered").meaning == meaning
    manifest = json.loads(manifest_path(run / "40_lowered").read_text())
    assert MEANING in manifest["outputs"]
    assert f"30_model/{MEANING}" in manifest["inputs"]


def _convert(run: Path, images: Path, out: Path) -> list[str]:
    return ["convert", f"--config={run}/hardware.yaml", f"--images={images}", f"{run}/40_lowered", f"--out={out}"]


def _csim(run: Path, images: Path, out: Path) -> list[str]:
    files = [f"--config={run}/hardware.yaml", f"--lowered={run}/40_lowered", f"--images={images}"]
    return ["csim", *files, f"{run}/50_hls", f"--out={out}"]


def _rtl(run: Path, images: Path, out: Path) -> list[str]:
    return ["rtl", f"--config={run}/hardware.yaml", f"--images={images}", f"{run}/40_lowered", f"--out={out}"]


def _export(run: Path, images: Path, out: Path) -> list[str]:
    files = [f"--config={run}/hardware.yaml", f"--lowered={run}/40_lowered", f"--csim={run}/60_csim.json"]
    return ["export", *files, f"--images={images}", f"{run}/50_hls", f"--out={out}"]


STAGES = {"convert": _convert, "csim": _csim, "rtl": _rtl, "export": _export}


@pytest.mark.parametrize("stage", list(STAGES))
@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"grid": {"kind": "square", "pixels": 4, "half_width": 0.4}},
            "'grid.half_width' is 0.4, the network was trained with 0.8 (give images made in the same way as those",
        ),
        ({"classes": IMAGES["classes"][::-1]}, "'classes' is w, t, q, the network was trained with q, t, w"),
        ({"channels": ["charged"]}, "'channels' is charged, the network was trained with pt"),
    ],
)
def test_other_images_are_refused(
    run: Path,
    tmp_path: Path,
    stage: str,
    change: dict[str, Any],
    message: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    other_images = write_images(tmp_path / "other_images", **change)
    command: Callable[[Path, Path, Path], list[str]] = STAGES[stage]
    assert main(command(run, other_images, tmp_path / "out")) == 1
    assert f"other_images: {message}" in error_output(capsys)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("stage", ["csim", "export"])
def test_a_project_of_another_network_is_refused(
    run: Path, tmp_path: Path, stage: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two networks of one shape: the project was converted from one with another order of the classes."""
    for name in ("40_lowered", "50_hls", "60_csim.json"):
        (shutil.copytree if (run / name).is_dir() else shutil.copy)(run / name, tmp_path / name)
        shutil.copy(manifest_path(run / name), tmp_path)
    shutil.copy(run / "hardware.yaml", tmp_path)
    project = HlsProject.load(tmp_path / "50_hls")
    assert project.meaning is not None
    backwards = project.meaning.images.model_copy(update={"classes": ("w", "t", "q")})
    meaning = project.meaning.model_copy(update={"images": backwards, "classes": ("w", "t", "q")})
    for other_meaning in (meaning, None):
        project.model_copy(update={"meaning": other_meaning}).write(tmp_path / "50_hls" / "hls.json")
        made_again(tmp_path / "50_hls")
        assert main(STAGES[stage](tmp_path, run / "20_images", tmp_path / "out")) == 1
        assert "hls.json: says something else about the network's inputs and outputs" in error_output(capsys)


def own_model(path: Path) -> Path:
    """A network of three numbers that was not trained here."""
    image = keras.Input((4, 4, 1))
    x = keras.layers.Flatten()(QActivation(quantized_relu(8, 0))(image))
    save_model(keras.Model(image, QDense(3, kernel_quantizer=quantized_bits(4, 0, alpha=1), use_bias=False)(x)), path)
    return path


def test_a_model_of_ones_own_means_nothing_until_it_is_stated(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = own_model(tmp_path / "own.h5")
    assert main(["lower", f"--model={model}", f"--out={tmp_path}/plain"]) == 0
    assert Network.load(tmp_path / "plain").meaning is None
    config = write_yaml(tmp_path / "images.yaml", IMAGES)
    stated = ["lower", f"--model={model}", f"--images-config={config}"]
    assert main([*stated, f"--out={tmp_path}/stated"]) == 0
    meaning = Network.load(tmp_path / "stated").meaning
    assert meaning is not None
    assert (meaning.stated_by, meaning.task, meaning.classes) == ("user", None, ("q", "t", "w"))
    assert json.loads(manifest_path(tmp_path / "stated").read_text())["configuration"].keys() == {"images"}
    assert main([*stated, "--no-classes", f"--out={tmp_path}/numbers"]) == 0
    numbers = Network.load(tmp_path / "numbers").meaning
    assert numbers is not None
    assert numbers.classes == ()
    other_images = write_images(tmp_path / "other", grid={"kind": "square", "pixels": 4, "half_width": 0.4})
    call = ["convert", f"--config={run}/hardware.yaml", f"--images={other_images}", f"{tmp_path}/stated"]
    assert main([*call, f"--out={tmp_path}/50_hls"]) == 1
    assert "other: 'grid.half_width' is 0.4, for the network was stated 0.8" in error_output(capsys)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"classes": IMAGES["classes"][:2]}, "images.yaml: names 2 classes (q, t), the network gives 3 numbers"),
        (
            {"grid": {"kind": "square", "pixels": 5, "half_width": 0.8}},
            "images.yaml: says that the network takes images of 5 x 5 x 1, it takes 4 x 4 x 1 (describe the images",
        ),
    ],
)
def test_a_statement_that_cannot_be(
    tmp_path: Path, change: dict[str, Any], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    model = own_model(tmp_path / "own.h5")
    config = write_yaml(tmp_path / "images.yaml", IMAGES | change)
    assert main(["lower", f"--model={model}", f"--images-config={config}", f"--out={tmp_path}/out"]) == 1
    assert message in error_output(capsys)
    assert not (tmp_path / "out").exists()


def test_a_statement_does_not_overrule_the_training(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call = ["lower", f"--model={run}/30_model/model.h5", f"--out={tmp_path}/out"]
    narrow = write_yaml(tmp_path / "narrow.yaml", IMAGES | {"grid": {"pixels": 4, "half_width": 0.4}})
    assert main([*call, f"--images-config={narrow}"]) == 1
    assert "narrow.yaml: 'grid.half_width' is 0.4, the network was trained with 0.8" in error_output(capsys)
    backwards = write_yaml(tmp_path / "backwards.yaml", IMAGES | {"classes": IMAGES["classes"][::-1]})
    assert main([*call, f"--images-config={backwards}"]) == 1
    assert "backwards.yaml: 'classes' is w, t, q, the network was trained with q, t, w" in error_output(capsys)
    equal_images = write_yaml(tmp_path / "same.yaml", IMAGES | {"selection": {"pt_min": 1}})
    assert main([*call, f"--images-config={equal_images}"]) == 0
    meaning = Network.load(tmp_path / "out").meaning
    assert meaning is not None
    assert meaning.stated_by == "training"


def test_a_network_with_a_word_and_one_without_are_the_same_numbers(run: Path) -> None:
    network = Network.load(run / "40_lowered")
    assert replace(network, meaning=None).fingerprint == network.fingerprint
