"""A run to emulate."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.mock import mock_jets, write_mock_file
from hls_projects.lowering.lower import lower
from hls_projects.lowering.types import prove_network
from models.files.load import save_model
from pipeline.app import main
from tests.pipeline.stages.emulate.setting import (
    CLASSES,
    CONFIGURATION,
    JETS,
    meaning,
    tagger,
)


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """ROOT files, a dataset and a lowered tagger; a network that was brought without a word, as file and lowered."""
    if shutil.which("g++") is None:
        pytest.skip("g++ not found")
    folder = tmp_path_factory.mktemp("run")
    (folder / "10_root").mkdir()
    for name in CLASSES:
        write_mock_file(folder / "10_root" / f"{name}_00000.root", mock_jets(name, JETS, seed=4))
    arguments = ["--config", CONFIGURATION, folder / "10_root", "--out", folder / "20_images"]
    assert main(["images", *map(str, arguments)]) == 0
    (folder / "40_lowered").mkdir()
    (folder / "own").mkdir()
    model = tagger()
    save_model(model, folder / "own.h5")
    network = prove_network(lower(model))
    network.save(folder / "own")
    replace(network, meaning=meaning()).save(folder / "40_lowered")
    return folder
