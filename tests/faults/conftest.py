"""One small run, made once, of which each test has a copy."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.app import main
from tests.small_run import commands, shrink

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def whole_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of `configs/` and `build/` through all stages."""
    if shutil.which("g++") is None:
        pytest.skip("g++ not found")
    folder = tmp_path_factory.mktemp("run")
    shutil.copytree(ROOT / "configs" / "demo", folder / "configs")
    shrink(folder / "configs")
    for stage, arguments in commands(folder).items():
        assert main([stage, *arguments]) == 0, f"{stage} failed"
    return folder


@pytest.fixture
def run(whole_run: Path, tmp_path: Path) -> Iterator[Path]:
    """A copy of it, for the test alone."""
    copy = tmp_path / "copy"
    shutil.copytree(whole_run, copy)
    yield copy
    shutil.rmtree(copy)
