"""A stage is one module; what it declares is what names of artefacts mean everywhere."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline import stages
from pipeline.artefacts.code_version import ROOT
from pipeline.commands import STAGES
from pipeline.report import run_folder
from tests.examples import examples

DECLARED = sorted(STAGES.values(), key=lambda stage: stage.place)
ARTEFACTS = {stage.artefact for stage in DECLARED if stage.artefact}
SHOWN = set(re.findall(r'artefact="(\w+)"', examples()["pipeline/stages/multiplicity.py"]))
"""That of the example in docs/extending.md."""
COMPANIONS = {"60_csim.npz", "65_rtl.json"}
"""Files that stand beside an artefact."""


def test_every_module_is_a_stage() -> None:
    assert set(STAGES) == {file.stem for file in Path(stages.__file__).parent.glob("[a-z]*.py")}
    assert len({stage.place for stage in DECLARED}) == len(DECLARED)


def test_the_flow_goes_one_way() -> None:
    places = {stage.name: stage.place for stage in DECLARED}
    for stage in DECLARED:
        assert all(places[name] < stage.place for name in stage.inputs)
    numbers = [stage.artefact[:2] for stage in DECLARED if stage.artefact]
    assert numbers == sorted(numbers)


def test_the_report_expects_what_every_run_has() -> None:
    declared = {stage.artefact: stage.name for stage in DECLARED if stage.in_every_run}
    assert declared.pop("80_report") == "report"
    assert declared == run_folder.STAGES


@pytest.mark.parametrize(
    "place", ["data_prep", "models", "hls_projects", "pipeline", "docs", "README.md", "benchmarks"]
)
def test_artefacts_have_the_names_that_stages_declare(place: str) -> None:
    folder = ROOT / place
    files = [folder] if folder.is_file() else [*folder.rglob("*.py"), *folder.rglob("*.md"), *folder.rglob("*.j2")]
    for file in files:
        names = set(re.findall(r"(?<![\w.])[1-9]\d_[a-z][a-z_]*(?:\.(?:json|npz)\b)?", file.read_text("utf-8")))
        assert names <= ARTEFACTS | SHOWN | COMPANIONS | {"80_report"}, file


def test_the_list_of_commands_needs_no_large_library() -> None:
    large = ("tensorflow", "qkeras", "hls4ml", "alkaid", "numba", "scipy", "pyarrow", "awkward", "uproot", "matplotlib")
    ask = f"import sys\nfrom pipeline.app import main\nmain(['-h'])\nassert not sys.modules.keys() & set({large})"
    process = subprocess.run([sys.executable, "-c", ask], cwd=ROOT, capture_output=True, text=True, check=False)
    assert process.returncode == 0, process.stderr
