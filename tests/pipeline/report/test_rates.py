"""The section on trigger rates: what it shows of a study, and what it says where there is none."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from data_prep.digits import between, with_error
from data_prep.images.jets import ImagesSettings
from models.rates.settings import RatesSettings
from models.rates.study import study
from models.rates.trigger_rate import TriggerJets
from pipeline.artefacts.artefact import artefact
from pipeline.artefacts.json_file import write_json
from pipeline.plots.rates import draw_rates
from pipeline.report import page as report
from pipeline.report.page import SECTIONS
from pipeline.report.run_folder import RunFolder
from pipeline.report.sections import rates
from tests.pipeline.report.browser import CHROMIUM, require_fitting
from tests.sealed import made_again

CONFIGS = Path(__file__).parents[3] / "configs"
SETTINGS = RatesSettings.model_validate(
    {"against": ["q", "g"], "signals": {"w": {"mass": [65, 105]}}, "rates": [0.1, 5], "replicas": 3, "cuts": 4}
)


def _jets(rng: np.random.Generator, signal: bool) -> TriggerJets:
    pt = rng.exponential(80, 900) + (180 if signal else 80)
    event, weight = np.arange(900).astype(np.uint64), np.full(900, 1e3)
    score = rng.integers(0, 9, 900) + 3 * signal
    return TriggerJets(event, weight, pt, pt, np.where(signal, 80.0, pt / 4), {"w": score}, pt, pt)


@pytest.fixture(scope="module")
def template_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of which nothing is there but the rates."""
    folder, rng = tmp_path_factory.mktemp("run"), np.random.default_rng(5)
    rate_study = study(_jets(rng, False), {"w": _jets(rng, True)}, SETTINGS)
    collider = {"crossings": SETTINGS.collider.crossings, "pileup": SETTINGS.collider.pileup}
    content: dict[str, Any] = {**collider, "step": 0.25, "fingerprint": "", "dropped": {}, **rate_study.as_json()}
    pictures = ImagesSettings.model_validate(yaml.safe_load((CONFIGS / "demo" / "images.yaml").read_text()))
    with artefact(folder / "67_rates", "rates", settings={"rates": SETTINGS, "images": pictures}) as space:
        write_json(space.path / "rates.json", content)
        draw_rates(rate_study, SETTINGS, space.path / "plots")
    return folder


@pytest.fixture
def run(template_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """It, to be changed, and the page of this section alone."""
    monkeypatch.setattr(report, "SECTIONS", (rates.SECTION,))
    return Path(shutil.copytree(template_run, tmp_path / "run"))


def test_what_it_shows(run: Path) -> None:
    folder = RunFolder(run)
    values = rates.values(folder)
    assert [response["name"] for response in values["responses"]] == ["ideal", "gaussian"]
    rows = values["responses"][0]["rows"]
    assert [row["trigger"] for row in rows] == ["pT", "pT and soft-drop mass", "pT and tagger"]
    low, high = rows[2]["points"]
    assert low is None  # 0.1 kHz are one event of this sample
    assert high["score"] % 0.25 == 0
    text = report.page(folder)
    assert "7.5 × 10<sup>34</sup>" in text
    assert "30.9 million crossings a second of 194 inelastic collisions" in text
    assert str(between(high["value"], high["low"], high["high"])) in text
    gain = high["gain"]
    assert gain.significant
    assert f"(+{with_error(gain.value, gain.error)})" in text
    assert text.count("<svg") == 5
    assert "Ideal: online p<sub>T</sub> = offline p<sub>T</sub>" in text
    assert "σ/p<sub>T</sub> = 1.34/√p<sub>T</sub> ⊕ 0.176" in text
    assert f"≥ {high['threshold']:.0f}<br>{round(high['effective'])} events<" in text
    assert "only efficiencies of jets that contain their resonance" in text
    assert text.count(">&lt; 10 events<") == 6
    assert "35 % of the events" in text
    assert "the largest of\nq, g" in text


@pytest.mark.skipif(CHROMIUM is None, reason="chromium not found")
def test_it_fits_the_screen(run: Path, tmp_path: Path) -> None:
    require_fitting(report.page(RunFolder(run)), tmp_path)


def test_a_run_without_rates_has_no_such_section(run: Path) -> None:
    assert rates.SECTION in SECTIONS
    assert rates.SECTION.shown(RunFolder(run))
    (run / "67_rates.manifest.json").unlink()
    assert not rates.SECTION.shown(RunFolder(run))


def test_a_damaged_study_is_said(run: Path) -> None:
    write_json(run / "67_rates" / "rates.json", {"results": {}})
    made_again(run / "67_rates")
    assert "67_rates/rates.json cannot be read (KeyError: " in report.page(RunFolder(run))
