"""`benchmarks.seeds` trains as `train` does, keeps every seed that is done, and gets mean and spread right."""

from __future__ import annotations

import json
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
import yaml

from benchmarks import seeds
from data_prep.errors import ConfigurationError
from data_prep.store.jet_images import ImageDataset
from models.settings import ModelSettings, TrainSettings
from models.training import taggers

HARDWARE: dict[str, Any] = {"name": "tagger", "rtl": {"form": "unrolled", "variants": [{"ternary": False}]}}


@pytest.fixture
def config(tmp_path: Path, model_content: dict[str, Any], train_content: dict[str, Any]) -> Path:
    """A folder of configuration files."""
    folder = tmp_path / "configs"
    folder.mkdir()
    files = {"model": model_content, "train": train_content, "hardware": HARDWARE}
    for name, content in files.items():
        (folder / f"{name}.yaml").write_text(yaml.safe_dump(content))
    return folder


def test_mean_spread_and_error() -> None:
    """Student's hours of sleep gained by a drug (Biometrika 6 (1908) 1): mean 0.75, error 1.789 / √10."""
    hours = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0]
    summary = seeds.summary([{"values": {"hours": value, "none": None}} for value in hours])
    assert list(summary) == ["hours"]
    rounded = {key: None if value is None else round(value, 3) for key, value in summary["hours"].items()}
    assert rounded == {"mean": 0.75, "spread": 1.789, "error": 0.566}
    assert "| hours | 0.8 | 1.8 | 0.6 |" in seeds.table(summary)


def test_one_training_has_no_spread() -> None:
    summary = seeds.summary([{"values": {"LUT": 55_397}}])
    assert summary == {"LUT": {"mean": 55_397, "spread": None, "error": None}}
    assert "| LUT | 55,397 | – | – |" in seeds.table(summary)


@pytest.mark.slow
def test_trained_as_the_stage_does(
    dataset: ImageDataset, config: Path, model_settings: ModelSettings, train_settings: TrainSettings, tmp_path: Path
) -> None:
    """Seed 8 in place of the 7 of train.yaml: the networks of `train` with `seed: 8`."""
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    run = seeds.Run.read(config, dataset.folder)
    values = seeds.measure(run, 8, tmp_path / "one")["values"]

    def silent(title: str, jets: int) -> Any:
        return nullcontext(lambda done: None)

    settings = train_settings.model_copy(update={"seed": 8})
    trained = taggers.train_networks(dataset, model_settings, settings, tmp_path / "two", silent, only={"model"})
    expected = taggers.compare(dataset, trained, settings, silent)
    for name in ("float_separable", "model", "trees"):
        assert values[f"macro-AUC, {name}"] == expected.macro_auc(name)
    assert values["LUT, estimate"] > 0 < values["clocks"]
    assert values["clocks from image to image"] == 1


def test_a_seed_that_is_done_is_kept(
    dataset: ImageDataset, config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A training that is stopped: the seeds before it are not trained again, and none of other settings is taken."""
    calls: list[int] = []

    def measure(run: seeds.Run, seed: int, work: Path) -> dict[str, Any]:
        calls.append(seed)
        if calls == [7, 8]:
            raise KeyboardInterrupt
        return {"seed": seed, "made_of": run.made_of, "values": {"macro-AUC, model": seed / 10}}

    monkeypatch.setattr(seeds, "measure", measure)
    run, out = seeds.Run.read(config, dataset.folder), tmp_path / "out"
    with pytest.raises(KeyboardInterrupt):
        seeds.measure_all(run, 3, out)
    measured = seeds.measure_all(run, 3, out)
    assert calls == [7, 8, 8, 9]
    assert measured == json.loads((out / "seeds.json").read_text())
    assert measured["seeds"] == [7, 8, 9]
    assert measured["results"]["macro-AUC, model"]["mean"] == pytest.approx(0.8)
    (config / "train.yaml").write_text((config / "train.yaml").read_text().replace("batch: 64", "batch: 32"))
    with pytest.raises(ConfigurationError, match=r"seed_7\.json: was measured with something else: train .*--out"):
        seeds.measure_all(seeds.Run.read(config, dataset.folder), 3, out)


def test_initial_networks_are_never_shared(dataset: ImageDataset, config: Path) -> None:
    """A training with `starts` takes that many seeds from its own on."""
    content = yaml.safe_load((config / "train.yaml").read_text())
    content["float_training"]["starts"] = 20
    (config / "train.yaml").write_text(yaml.safe_dump(content))
    assert seeds.Run.read(config, dataset.folder).seeds(3) == [7, 27, 47]


def test_events_have_no_tagger(dataset: ImageDataset, config: Path) -> None:
    (config / "model.yaml").write_text("task: detection\n")
    with pytest.raises(ConfigurationError, match=r"model\.yaml: 'task' is not classification"):
        seeds.Run.read(config, dataset.folder)
