"""Networks to emulate, and a cache of their own."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from tensorflow import keras

from hls_projects.lowering.lower import lower
from hls_projects.lowering.types import prove_network
from hls_projects.network.network import Network


@pytest.fixture(autouse=True)
def needs_gxx() -> None:
    if shutil.which("g++") is None:
        pytest.skip("g++ not found")


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("emulators")


@pytest.fixture
def network(make: Callable[[str], keras.Model], zoo_name: str) -> Network:
    """Each model of the zoo, lowered."""
    return prove_network(lower(make(zoo_name)))


@pytest.fixture(scope="session")
def tagger(make: Callable[[str], keras.Model]) -> Network:
    """One network, lowered."""
    return prove_network(lower(make("separable")))
