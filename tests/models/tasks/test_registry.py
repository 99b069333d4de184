"""The words of `task`: which there are, on which images, and what each makes of the outputs and of the report."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from models.events.maps import heads
from models.events.settings import EventModelSettings
from models.settings import ModelSettings
from models.tasks.registry import TASKS, TaskChoice
from tests.models.events.conftest import event_content


def test_words_that_are_no_task_are_told_with_those_that_are(model_content: dict[str, Any]) -> None:
    known = "classification, detection, panoptic, regression, segmentation"
    with pytest.raises(ValidationError, match=f"'tracking' is unknown; known are {known}"):
        TaskChoice.model_validate({"task": "tracking"})
    with pytest.raises(ValidationError, match="must be classification or regression"):
        ModelSettings.model_validate(model_content | {"task": "detection"})
    with pytest.raises(ValidationError, match="must be detection, panoptic or segmentation"):
        EventModelSettings.model_validate(event_content("regression"))


def test_a_model_without_a_task_is_a_tagger() -> None:
    assert TASKS[TaskChoice.model_validate({"blocks": []}).task].settings is ModelSettings


def test_outputs_of_a_whole_are_those_of_its_parts() -> None:
    assert list(heads("panoptic")) == ["classes", "heat", "pt", "box"]
    assert heads("panoptic") == heads("segmentation") | heads("detection")


def test_what_a_network_has_beside_its_task() -> None:
    assert TASKS["panoptic"].also({}) == ("segmentation", "detection")
    assert TASKS["regression"].also({"regression": {"beside_tagger": True}}) == ("classification",)
    assert TASKS["regression"].also({"regression": {}}) == TASKS["detection"].also({}) == ()
