"""A JetClass file of mock jets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from benchmarks.mock import mock_jets, write_mock_file
from data_prep.jets.labels import ClassSettings, Condition
from data_prep.readers import Options
from data_prep.readers.layouts.jetclass import JetClassReader


@pytest.fixture(scope="session")
def branches() -> dict[str, Any]:
    """200 top jets."""
    return mock_jets("t", 200, seed=5)


@pytest.fixture(scope="session")
def jetclass_file(branches: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """They, written by uproot."""
    path = tmp_path_factory.mktemp("jetclass") / "t.root"
    write_mock_file(path, branches)
    return path


@pytest.fixture(scope="session")
def reader() -> JetClassReader:
    """A reader of gluon and top jets."""
    gluon = ClassSettings(name="g", label="label_QCD", where=Condition(branch="aux_genpart_pid", absolute=(21,)))
    return JetClassReader(Options(classes=(gluon, ClassSettings(name="t", label="label_Tbqq"))))
