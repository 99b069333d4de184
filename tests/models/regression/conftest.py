"""Settings of small regressions."""

from __future__ import annotations

from typing import Any

import pytest

from models.settings import ModelSettings

TARGETS = [
    {"name": "pt", "unit": 2.0, "tolerance": 0.2, "output": {"bits": 8, "integer": 1}, "edges": [1.0, 1.5, 2.0]},
    {"name": "mass", "unit": 1.0, "tolerance": 0.2, "output": {"bits": 9, "integer": 2}, "edges": [1.0, 2.0]},
]


@pytest.fixture
def regression_settings(model_content: dict[str, Any]) -> ModelSettings:
    """Two targets, no tagger."""
    return ModelSettings.model_validate(model_content | {"task": "regression", "regression": {"targets": TARGETS}})


@pytest.fixture
def beside_tagger(model_content: dict[str, Any]) -> ModelSettings:
    """Two targets beside the tagger."""
    section = {"targets": TARGETS, "beside_tagger": True, "weight": 0.5}
    return ModelSettings.model_validate(model_content | {"task": "regression", "regression": section})
