"""Faults in configuration files are one line with file, key and reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from data_prep.errors import ConfigurationError
from data_prep.events.settings import EventImagesSettings
from data_prep.generate.rate_settings import RateSettings
from data_prep.generate.settings import EventSettings, GenerateSettings
from data_prep.images.jets import ImagesSettings
from hls_projects.settings import HardwareSettings
from models.events.settings import EventModelSettings
from models.settings import TrainSettings
from models.tasks.registry import TASKS, TaskChoice
from pipeline.configuration import load, load_kind

CONFIGS = Path(__file__).parents[2] / "configs"

FAULTS = {
    "nme: x": "unknown key 'nme', known keys are name, hls, csim; the key 'name' is missing|'name' is missing.*unknown",
    "name: tagger\nhls: {clock_period: 0.1}": "'hls.clock_period': input should be greater than 0.5, not 0.1",
    "name: tagger\nhls: {backend: Quartus}": "'hls.backend'.*Vitis.*not 'Quartus'",
    "name: 2tagger": "'name'",
    "name: entity-1": "'name': must be lower-case letters.*entity_1 is possible",
    "name: signal": "'name': must not be a reserved word .of VHDL; signal_tagger is possible., not 'signal'",
    "name: ../out": "'name': must be lower-case letters",
    "name: tagger\nexport: {version: v2}": "'export.version'.*not 'v2'",
    "name: tagger\nname: other": "line 2.*'name' is given twice",
    "name: [unclosed": "not valid YAML in line",
    "- a list": "keys and values",
    "name: tagger\nhls: {reuse_factor: .nan}": "'hls.reuse_factor'",
    "name: !!python/object/apply:os.system ['true']": "not valid YAML",
}


@pytest.mark.parametrize("text", FAULTS)
def test_faults_name_file_key_and_reason(tmp_path: Path, text: str) -> None:
    path = tmp_path / "hardware.yaml"
    path.write_text(text)
    with pytest.raises(ConfigurationError, match=FAULTS[text]) as caught:
        load(path, HardwareSettings)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("run", sorted({folder.name for folder in CONFIGS.iterdir()} - {"rates"}))
def test_every_run_has_what_its_stages_need(run: str) -> None:
    folder = CONFIGS / run
    sample = (folder / "sample").read_text().strip() if (folder / "sample").exists() else run
    load_kind(CONFIGS / sample / "generate.yaml", {"jets": GenerateSettings, "events": EventSettings})
    images = load_kind(folder / "images.yaml", {"jets": ImagesSettings, "events": EventImagesSettings})
    model = load(folder / "model.yaml", TASKS[load(folder / "model.yaml", TaskChoice).task].settings)
    load(folder / "train.yaml", TrainSettings)
    load(folder / "hardware.yaml", HardwareSettings)
    assert isinstance(images, EventImagesSettings) == isinstance(model, EventModelSettings)
    if isinstance(images, EventImagesSettings) and isinstance(model, EventModelSettings):
        step = 2 ** (len(model.unet.widths) - 1)
        assert images.grid.rows % step == (images.grid.columns + 2 * images.grid.wrap) % step == 0


def test_the_sample_of_rates_is_no_run() -> None:
    assert [file.name for file in (CONFIGS / "rates").iterdir()] == ["generate.yaml"]
    assert load_kind(CONFIGS / "rates" / "generate.yaml", {"rates": RateSettings}).sizes["qcd"] >= 1000


def test_no_such_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no such configuration file"):
        load(tmp_path / "absent.yaml", HardwareSettings)


def test_no_text(tmp_path: Path) -> None:
    path = tmp_path / "hardware.yaml"
    path.write_bytes(b"\xff\xfe\x00name")
    with pytest.raises(ConfigurationError, match="is not UTF-8 text"):
        load(path, HardwareSettings)


def test_a_good_file_is_frozen(tmp_path: Path) -> None:
    path = tmp_path / "hardware.yaml"
    path.write_text("name: tagger\nhls: {io_type: io_stream}")
    settings = load(path, HardwareSettings)
    assert settings.hls.io_type == "io_stream"
    with pytest.raises(ValueError, match="frozen"):
        settings.hls.io_type = "io_parallel"  # type: ignore[misc]
