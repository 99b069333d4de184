"""The section on the jet mass: there where its artefact is, with the numbers of that artefact."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml

from benchmarks.mock import mock_jets, write_mock_file
from pipeline.app import main
from pipeline.report import page as report
from pipeline.report.page import page
from pipeline.report.run_folder import RunFolder
from pipeline.report.sections import mass_closure
from tests.pipeline.report.browser import CHROMIUM, require_fitting

CONFIGURATION = Path(__file__).parents[3] / "configs" / "demo" / "images.yaml"


@pytest.fixture(scope="module")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with nothing but the mass closure of a few mock jets, the tops listed before the Ws."""
    run = tmp_path_factory.mktemp("run")
    for name in ("w", "t"):
        write_mock_file(run / f"{name}.root", mock_jets(name, 20, seed=4))
    settings = yaml.safe_load(CONFIGURATION.read_text())
    settings["classes"] = sorted(settings["classes"], key=lambda class_settings: class_settings["name"] != "t")
    (run / "images.yaml").write_text(yaml.safe_dump(settings))
    inputs = [str(run / "w.root"), str(run / "t.root"), "--out", str(run / "25_mass_closure")]
    assert main(["mass-closure", "--config", str(run / "images.yaml"), *inputs]) == 0
    return run


def test_the_numbers_are_those_of_the_artefact(run_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report, "SECTIONS", (mass_closure.SECTION,))
    text = page(RunFolder(run_folder))
    assert "Not shown" not in text
    assert text.count("<svg") == 3
    assert "39 jets" in text  # one is outside the selection
    content = json.loads((run_folder / "25_mass_closure" / "mass_closure.json").read_text())
    rows = re.findall(r'<tr[^>]*><th scope="row">(.*?)</th>(.*?)</tr>', text)
    shown = {name: re.findall(r"<td[^>]*>(.*?)</td>", cells) for name, cells in rows}
    for variant in content["variants"]:
        if variant["exact"]:
            assert variant["name"] in text.split("<figure>")[0]
            continue
        for cell, label in zip(shown[variant["name"]], ("t", "w"), strict=False):
            shift = variant["by_class"][label]
            expected = f"{shift['mean']:+.2f} ± {shift['mean_error']:.2f}, {shift['rms']:.2f}"
            assert cell == expected.replace("-", "−"), variant["name"]
    assert shown["l2"][0].split(", ")[0] == f"{content['norms']['l2']['t']['with_mass']:.3f}"


def test_the_tables_by_bin_are_those_of_the_artefact(run_folder: Path) -> None:
    folder = run_folder / "25_mass_closure"
    content = json.loads((folder / "mass_closure.json").read_text())
    last_variant = content["variants"][-1]
    rows = [line for line in (folder / "mass_closure.md").read_text().splitlines() if "| as configured |" in line]
    rows = [row for row in rows if row.startswith("| t |")]
    for row, by_bin in zip(rows, (last_variant["by_abs_eta"]["t"], last_variant["by_delta_r"]["t"]), strict=True):
        means = [f"{shift['mean']:+.2f} ±" for shift in by_bin if shift["mean"] is not None]
        assert re.findall(r"[+-]\d+\.\d\d ±", row) == means


@pytest.mark.skipif(CHROMIUM is None, reason="chromium not found")
def test_it_fits_the_screen(run_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report, "SECTIONS", (mass_closure.SECTION,))
    require_fitting(page(RunFolder(run_folder)), tmp_path)


def test_a_run_without_it_has_no_such_section(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report, "SECTIONS", (mass_closure.SECTION,))
    assert "The jet mass" not in page(RunFolder(tmp_path))
