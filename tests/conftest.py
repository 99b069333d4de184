"""What all tests share."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
if "PYTEST_XDIST_WORKER" in os.environ:
    # Each core has a worker: the threads of OpenMP (interpreter, trees) would wait for each other, and spin meanwhile.
    os.environ.setdefault("OMP_NUM_THREADS", "1")


def pytest_collect_file(file_path: Path) -> None:
    """TensorFlow's threads can be set only before its first use, and `train` sets them: all tests share two."""
    if {"models", "hls_projects", "pipeline"} & set(file_path.parent.parts):
        from tensorflow import config

        if config.threading.get_intra_op_parallelism_threads() != 2:
            config.threading.set_intra_op_parallelism_threads(2)
            config.threading.set_inter_op_parallelism_threads(2)


@pytest.fixture
def rng() -> np.random.Generator:
    """The one source of random numbers, always the same."""
    return np.random.default_rng(20261122)
