"""The section on symmetries: there where its study is, with its numbers; and what such networks are called."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from pipeline.artefacts.artefact import UpToDate, artefact
from pipeline.artefacts.json_file import write_json
from pipeline.artefacts.manifest import manifest_path
from pipeline.report import page as report
from pipeline.report.page import page
from pipeline.report.results import TITLES, titles, titles_of
from pipeline.report.run_folder import RunFolder
from pipeline.report.sections import symmetries


def _over(mean: float | None, spread: float | None = None) -> dict[str, float | None]:
    return {"mean": mean, "spread": spread}


def _variant(title: str, auc: float) -> dict[str, Any]:
    jets = {"macro_auc": _over(auc, 0.0012), "rejection": {"q": _over(12.34, 0.56), "t": _over(None)}}
    network = {"as they are": jets, "turned": jets | {"macro_auc": _over(auc - 0.01, 0.0034)}, "changed": _over(0.218)}
    networks = {"float": network, "quantized": network}
    return {"title": title, "parameters": 2701, "multiplications": 28_016, "networks": networks}


def content() -> dict[str, Any]:
    """A study of two networks of three trainings."""
    return {
        "names": ["plain", "p4"],
        "classes": ["q", "t"],
        "seeds": [1, 2, 3],
        "jets": {"train": 21_000, "validation": 3_000, "test": 6_000},
        "variants": {"p4": _variant("turns", 0.8811), "plain": _variant("nothing", 0.8611)},
    }


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """The page with this section alone."""
    monkeypatch.setattr(report, "SECTIONS", (symmetries.SECTION,))


def _with(run: Path, study: dict[str, Any], logic: dict[str, Any] | None = None) -> str:
    for name, stage, file, content in (
        ("26_symmetries", "symmetries", "symmetries", study),
        ("27_symmetries_rtl", "symmetries-rtl", "rtl", logic),
    ):
        if content is not None:
            with suppress(UpToDate), artefact(run / name, stage, options=content) as space:
                write_json(space.path / f"{file}.json", content)
    return page(RunFolder(run))


def test_it_is_there_where_its_study_is(run: Path) -> None:
    assert "Networks with built-in symmetry" not in page(RunFolder(run))
    text = _with(run, content())
    assert "Networks with built-in symmetry" in text
    assert "21,000 training and 6,000 test jets, 3 trainings each" in text
    assert "0.8711 ± 0.0034" in text
    assert "12.3 ± 0.6, –" in text
    assert text.index("nothing</th>") < text.index("turns</th>"), "in the order of the study"
    assert ">LUT</th>" not in text


def test_logic_stands_beside_it(run: Path) -> None:
    proven = {"status": "proven", "reason": "", "latency": 39, "estimate": 81_114, "synthesis": {"lut": 70_001}}
    text = _with(run, content(), {"p4": proven, "plain": {"status": "not run", "reason": "too large a design"}})
    assert "70,001</td>" in text
    assert "39 clocks" in text
    assert "too large a design" in text
    assert "≈ 81,114" in _with(run, content(), {"p4": proven | {"synthesis": None}})


def test_a_damaged_one_is_said(run: Path) -> None:
    damaged = content()
    del damaged["variants"]["p4"]["networks"]["quantized"]
    assert "26_symmetries/symmetries.json cannot be read" in _with(run, damaged)


def test_a_network_with_a_symmetry_is_called_so(run: Path) -> None:
    assert titles(RunFolder(run))["model"] == TITLES["model"] == "quantized, separable convolution"
    path = manifest_path(run / "30_model")
    manifest = json.loads(path.read_text())
    manifest["configuration"]["model"] = {"symmetry": "p4m"}
    path.write_text(json.dumps(manifest))
    names = titles(RunFolder(run))
    assert names["model"] == "quantized, symmetric under rotations by 90° and reflections (p4m)"
    assert names["float_symmetric"] == "float, symmetric under rotations by 90° and reflections (p4m)"
    assert titles_of({"task": "detection"})["model"] == "quantized U-Net"
