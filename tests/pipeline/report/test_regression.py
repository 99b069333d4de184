"""The section on regressions: every method in every bin, and whether the firmware gives the same numbers."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.metrics.response import binned_response
from models.settings import ModelSettings
from pipeline.artefacts.artefact import artefact
from pipeline.artefacts.json_file import write_json
from pipeline.report.page import SECTIONS, _body
from pipeline.report.run_folder import RunFolder
from pipeline.report.sections import performance, regression
from tests.sealed import edit_manifest, made_again

WIDTH = {"bits": 8, "integer": 2}
TARGETS: list[dict[str, Any]] = [
    {"name": "pt", "unit": 128.0, "tolerance": 10, "residual": True, "edges": [500, 700, 1000]},
    {"name": "sdmass", "unit": 32.0, "tolerance": 8, "edges": [10, 90, 200]},
]


def settings(*, beside_tagger: bool) -> ModelSettings:
    """A network that is not looked at."""
    block = {"filters": 2, "convolution": "full", "pointwise": WIDTH, "bias": WIDTH, "activation": WIDTH}
    section = {"targets": [target | {"output": WIDTH} for target in TARGETS], "beside_tagger": beside_tagger}
    content = {"task": "regression", "input": WIDTH, "blocks": [block], "output": {"weights": WIDTH, "bias": WIDTH}}
    return ModelSettings.model_validate(content | {"regression": section})


def trained(run: Path, *, beside_tagger: bool = False, wrong: int = 0) -> str:
    """What the section says after a regression whose every number is 1 % too high, and of the pixels 3 %."""
    rng = np.random.default_rng(6)
    raw = np.stack([rng.integers(550, 800, 40), rng.integers(60, 500, 40)], axis=1)
    values = (raw / 2.0**7).astype(np.float32) * np.float32([128, 32])
    truth = values.astype(np.float64) / 1.01
    estimates = {"image": truth * 1.03, "model": values}
    with artefact(
        run / "30_model",
        "train",
        settings={"model": settings(beside_tagger=beside_tagger)},
        inputs={"images": run / "20_images"},
    ) as space:
        closures = {
            name: {
                target["name"]: binned_response(estimate[:, i], truth[:, i], tuple(target["edges"])).as_json()
                for i, target in enumerate(TARGETS)
            }
            for name, estimate in estimates.items()
        }
        write_json(space.path / "metrics.json", {"task": "regression", "closure": closures})
        np.savez(space.path / "values.npz", weight=np.ones(40), model=values)
    raw[:wrong] += 1
    np.savez(run / "60_csim.npz", weight=np.ones(40), raw_0=raw, fraction_0=np.int64(7))
    made_again(run / "60_csim.json")
    html = _body(regression.SECTION, RunFolder(run))
    return " ".join(re.sub(r"<svg.*?</svg>|<[^>]+>", " ", html, flags=re.DOTALL).split())


def test_every_method_stands_in_every_bin(run: Path) -> None:
    assert not regression.SECTION.shown(RunFolder(run))
    text = trained(run)
    assert regression.SECTION in SECTIONS
    assert regression.SECTION.shown(RunFolder(run))
    assert not performance.SECTION.shown(RunFolder(run))
    assert "Jet pT An output of 1 means 128 GeV; the network predicts a correction to the sum of the pixels." in text
    assert "Soft-drop mass An output of 1 means 32 GeV." in text
    assert text.count("quantized, separable convolution sum of the pixels median resolution") == 2
    for row in ("all", "500–700", "700–1000", "10–90", "90–200"):
        assert f" {row} 1.010 0.0000 1.030 0.0000" in text
    assert "The emulated design and the quantized network give equal integers for all 40 test jets" in text


def test_numbers_that_differ_are_said_so(run: Path) -> None:
    assert "The emulated design gives other numbers" in trained(run, wrong=1)


def test_what_was_not_emulated_is_said_so(run: Path) -> None:
    trained(run)
    (run / "60_csim.npz").unlink()
    assert "it is not proven" in str(_body(regression.SECTION, RunFolder(run))), "what was emulated is gone"
    edit_manifest(run / "60_csim.json", companions={})
    assert "the comparison was run without the test set" in str(_body(regression.SECTION, RunFolder(run)))


@pytest.mark.parametrize("beside_tagger", [True, False])
def test_a_tagger_beside_it_has_its_own_section(run: Path, beside_tagger: bool) -> None:
    trained(run, beside_tagger=beside_tagger)
    assert performance.SECTION.shown(RunFolder(run)) == beside_tagger
