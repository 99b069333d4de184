"""The section on candidates: there where its artefact is, with the numbers of that artefact."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from data_prep.grids.square import SquareGrid
from data_prep.jets.candidates import CandidateSettings
from hls_projects.blocks.image_builder import ImageBuilder
from hls_projects.hls.image_builder import HlsBuilder
from hls_projects.hls.project import HlsProject
from pipeline.artefacts.artefact import artefact
from pipeline.artefacts.json_file import write_json
from pipeline.report import page as report
from pipeline.report.page import page
from pipeline.report.run_folder import RunFolder
from pipeline.report.sections import candidates, hardware, rtl
from tests.sealed import made_again


def _value_with_error(value: float, error: float) -> dict[str, float]:
    return {"value": value, "error": error}


def content() -> dict[str, Any]:
    """A study of two networks at 8 and 16 candidates of two classes."""
    values = {"float": 0.9, "8": 0.81, "16": 0.8567}
    cost = {
        name: {
            network: {"macro_auc": _value_with_error(v - d, 0.0021), "difference": _value_with_error(v - 0.9, 0.0013)}
            for network, d in (("float_separable", 0.0), ("model", 0.01))
        }
        for name, v in values.items()
    }
    share = {
        number: {
            quantity: {name: {"mean": mean, "low": 0.1, "median": 0.2, "high": 0.3} for name in ("q", "t")}
            for quantity, mean in (("pt", 0.7), ("mass", 0.5))
        }
        for number in ("8", "16")
    }
    return {
        "numbers": [8, 16],
        "classes": ["q", "t"],
        "networks": ["float_separable", "model"],
        "test_jets": 1234,
        "replicas": 200,
        "cost": cost,
        "share": share,
    }


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """The page with few figures: those of other sections take their time."""
    monkeypatch.setattr(report, "SECTIONS", (candidates.SECTION, hardware.SECTION))
    monkeypatch.setattr(rtl, "values", lambda run: {"proven": False, "record": None, "kept": None})


def _with(run: Path, content: dict[str, Any]) -> str:
    with artefact(run / "25_candidates", "candidates") as space:
        write_json(space.path / "cost.json", content)
    return page(RunFolder(run))


def test_it_is_there_where_its_artefact_is(run: Path) -> None:
    assert "Loss from using only N candidates" not in page(RunFolder(run))
    text = _with(run, content())
    assert "Loss from using only N candidates" in text
    assert 'aria-label="Macro-AUC and the fraction of jet pT and mass' in text
    assert "0.8467 ± 0.0021" in text
    assert "0.0433 ± 0.0013" in text
    assert "1,234 test jets" in text
    assert "16 candidates" in text
    assert "0.70, 0.70" in text


def test_a_damaged_one_is_said(run: Path) -> None:
    damaged = content()
    del damaged["cost"]["8"]["model"]
    text = _with(run, damaged)
    assert "25_candidates/cost.json cannot be read" in text


def test_a_design_from_candidates_says_so(run: Path) -> None:
    """Its ports and its vectors stand beside those of the network."""
    file = run / "50_hls" / "hls.json"
    project = HlsProject.load(run / "50_hls")
    image_builder = ImageBuilder.of(CandidateSettings(number=12), SquareGrid(pixels=6, half_width=0.8))
    builder = HlsBuilder(builder=image_builder, input_type="input_t", outputs=())
    before = page(RunFolder(run))
    assert "candidate_pt" not in before
    file.write_text(project.model_copy(update={"builder": builder}).model_dump_json())
    made_again(run / "50_hls")
    text = page(RunFolder(run))
    assert "starts from 12 integer candidates" not in text, "its proof is of another project and leaves the builder out"
    assert "made from another 50_hls" in text
    assert "candidate_pt" in text
    assert "seed_phi" in text
