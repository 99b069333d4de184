"""The stages `symmetries` and `symmetries-rtl` as a user calls them: what they leave, and how they fail."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from benchmarks.mock import mock_jets, write_mock_file
from data_prep.errors import UnsupportedModelError
from data_prep.store.jet_images import open_dataset
from models.files.meaning import Meaning
from pipeline import proven_rtl
from pipeline.app import main

WIDTH = {"bits": 5, "integer": 0}
BLOCK: dict[str, Any] = {"filters": 1, "convolution": "full", "pooling": 2, "pointwise": WIDTH, "bias": WIDTH}
BLOCK["activation"] = {"bits": 4, "integer": 6}
MODEL = {
    "input": {"bits": 6, "integer": 10},
    "pixel_scale": 50,
    "blocks": [BLOCK],
    "output": {"weights": WIDTH, "bias": WIDTH},
}
PHASE = {"epochs": 1, "learning_rate": 0.02}
TRAIN = {"seed": 1, "batch": 64, "float_training": PHASE, "quantized_training": PHASE}
IMAGES = {
    "classes": [{"name": "q", "label": "label_QCD"}, {"name": "t", "label": "label_Tbqq"}],
    "grid": {"pixels": 6, "half_width": 0.8},
    "steps": [{"step": "centre"}],
    "split": {"train": 0.5, "validation": 0.2, "test": 0.3},
}
STUDY = {
    "seeds": [3],
    "images": {
        "hexagonal": {"grid": {"kind": "hexagonal", "rings": 3, "pitch": 0.25}},
        "rolled": {"steps": [{"step": "centre"}, {"step": "roll"}, {"step": "flip"}]},
    },
    "variants": [
        {"name": "rolled", "images": "rolled"},
        {"name": "p6", "symmetry": "p6", "images": "hexagonal", "title": "turns", "width": 2},
    ],
}
RTL = {"form": "streamed", "variants": [{}], "synthesis_seconds": 0, "vhdl_vectors": 0, "trade_off": []}
HARDWARE = {"name": "turned", "csim": {"random_vectors": 20}, "rtl": RTL}


@pytest.fixture
def arguments(tmp_path: Path) -> list[str]:
    """A small study: 240 jets, one epoch."""
    for name, seed in (("q", 1), ("t", 2)):
        write_mock_file(tmp_path / f"{name}.root", mock_jets(name, 120, seed=seed))
    for name, content in (("images", IMAGES), ("model", MODEL), ("train", TRAIN), ("symmetries", STUDY)):
        (tmp_path / f"{name}.yaml").write_text(yaml.safe_dump(content))
    files = [f"--{name}-config={tmp_path}/{name}.yaml" for name in ("images", "model", "train")]
    jets = [f"{tmp_path}/q.root", f"{tmp_path}/t.root"]
    return ["symmetries", f"--config={tmp_path}/symmetries.yaml", *files, *jets, f"--out={tmp_path}/26_symmetries"]


def _change(file: Path, **change: Any) -> None:
    file.write_text(yaml.safe_dump(yaml.safe_load(file.read_text()) | change))


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("g++") is None, reason="g++ not found")
def test_it_goes_on_and_leaves_what_the_data_flow_says(
    arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A study that stops at one training trains those before it no more; its networks become proven logic."""
    from models.studies import symmetries as symmetry_study

    trained: list[tuple[str, int]] = []
    train = symmetry_study.train_variant

    def until(last_training: tuple[str, int] | None) -> Any:
        def counting(upright: Any, turned: Any, model: Any, train_settings: Any, *arguments: Any) -> Any:
            trained.append((model.symmetry, train_settings.seed))
            if trained[-1] == last_training:
                raise KeyboardInterrupt
            return train(upright, turned, model, train_settings, *arguments)

        return counting

    monkeypatch.setattr(symmetry_study, "train_variant", until(("p6", 3)))
    assert main(arguments) == 130
    assert not (tmp_path / "26_symmetries").exists()
    monkeypatch.setattr(symmetry_study, "train_variant", until(None))
    assert main(arguments) == 0
    assert trained == [("plain", 3), ("p6", 3), ("p6", 3)]
    assert "2 networks with 1 seed each" in capsys.readouterr().out
    content = json.loads((tmp_path / "26_symmetries" / "symmetries.json").read_text())
    _check(content)
    assert main([*arguments[:-1], f"--out={tmp_path}/again", "--trainings=2"]) == 0
    assert json.loads((tmp_path / "again" / "symmetries.json").read_text()) == content, "also in processes"
    assert [path.name for path in tmp_path.glob(".*")] == []
    _check_logic(tmp_path, monkeypatch)


def _check(content: dict[str, Any]) -> None:
    assert set(content) == {"names", "classes", "seeds", "jets", "variants"}
    assert content["names"] == ["rolled", "p6"]
    assert sum(content["jets"].values()) == 240
    p6 = content["variants"]["p6"]
    assert p6["title"] == "turns"
    training = p6["trainings"][0]["quality"]["quantized"]["turned"]["macro_auc"]
    assert p6["networks"]["quantized"]["turned"]["macro_auc"] == {"mean": training, "spread": None}
    # a lifting convolution of two filters of 7 taps; logits from 7 places of 6 elements of 2 filters
    assert p6["parameters"] == 2 * (7 + 1) + 2 * (7 * 6 * 2 + 1)
    rolled = content["variants"]["rolled"]["networks"]["quantized"]
    assert rolled["changed"]["mean"] < 0.05, "a rolled image does not depend on how the jet was turned"


def _check_logic(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The network of p6 as simulated logic; that of the plain network as if it were too large."""
    (folder / "hardware.yaml").write_text(yaml.safe_dump(HARDWARE))
    really = proven_rtl.make_rtl

    def make_or_refuse(lowered: Path, *arguments: Any) -> proven_rtl.ProvenRtl:
        if lowered.parent.name == "rolled":
            raise UnsupportedModelError("is too large")
        return really(lowered, *arguments)

    monkeypatch.setattr(proven_rtl, "make_rtl", make_or_refuse)
    study, out = folder / "26_symmetries", folder / "27_symmetries_rtl"
    for name, images in (("rolled", "rolled"), ("p6", "hexagonal")):
        meaning = Meaning.load(study / f"{name}.meaning.json")
        assert meaning is not None
        assert meaning.images == open_dataset(study / f"images_{images}").metadata
    assert main(["symmetries-rtl", f"--config={folder}/hardware.yaml", str(study), f"--out={out}"]) == 0
    records = json.loads((out / "rtl.json").read_text())
    assert records["rolled"] == {"status": "not run", "reason": "is too large"}
    assert records["p6"]["status"] == "proven"
    assert (records["p6"]["form"], records["p6"]["interval"]) == ("streamed", 7)
    assert records["p6"]["estimate"] > 0
    assert (out / "p6" / "rtl.json").exists()
    assert not (out / "rolled").exists()


@pytest.mark.parametrize(
    ("file", "change", "message"),
    [
        ("symmetries", {"seeds": [1, 1]}, "two seeds are the same"),
        ("symmetries", {"variants": []}, "at least 1 item"),
        ("symmetries", {"variants": [{"name": "p8", "symmetry": "p8"}]}, "'variants.0.symmetry'"),
        ("symmetries", {"variants": [{"name": "a", "images": "wide"}]}, "there are no images 'wide'"),
        ("symmetries", {"variants": [{"name": "a"}, {"name": "a"}]}, "two names of variants are the same"),
        ("symmetries", {"images": {"base": {}}}, "the images 'base' are those of images.yaml"),
        (
            "symmetries",
            {"images": {"hexagonal": {"grid": {"kind": "towers"}}, "rolled": {}}},
            "symmetries.yaml: 'images.hexagonal': towers are fixed in η and φ",
        ),
        (
            "symmetries",
            {"variants": [{"name": "p6", "symmetry": "p6"}]},
            "model.yaml: 'symmetry: p6' is for hexagonal pixels, these images have square ones",
        ),
        ("model", {"blocks": [BLOCK | {"kernel": 4}]}, "model.yaml: 'blocks.0' breaks 'symmetry: p6'"),
    ],
)
def test_how_it_fails(
    arguments: list[str], tmp_path: Path, file: str, change: Any, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    _change(tmp_path / f"{file}.yaml", **change)
    assert main(arguments) == 1
    assert message in capsys.readouterr().err
    assert not (tmp_path / "26_symmetries").exists()


def test_logic_without_a_study(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "hardware.yaml").write_text(yaml.safe_dump(HARDWARE))
    (tmp_path / "empty").mkdir()
    call = ["symmetries-rtl", f"--config={tmp_path}/hardware.yaml", str(tmp_path / "empty"), f"--out={tmp_path}/27"]
    assert main(call) == 1
    assert "empty: contains no study (make it with `python -m pipeline symmetries`)" in capsys.readouterr().err
