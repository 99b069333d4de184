"""Where the firmware starts, held against what the image builder takes and refuses."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from pydantic import ValidationError

from data_prep.events.settings import EventDescription, EventImagesSettings
from data_prep.images.jets import ImagesSettings
from hls_projects.before_ports import BeforePorts
from hls_projects.blocks.image_builder import ImageBuilder

CONFIGS = Path(__file__).parents[2] / "configs"


def described(run: str) -> ImagesSettings | EventImagesSettings:
    content = yaml.safe_load((CONFIGS / run / "images.yaml").read_text(encoding="utf-8"))
    return (EventImagesSettings if content.get("kind") == "events" else ImagesSettings).model_validate(content)


def before(run: str, **changes: object) -> BeforePorts:
    steps = BeforePorts.of(described(run).description.model_copy(update=changes), builder_inside=False)
    assert steps is not None
    return steps


def test_roll_and_flip_are_not_made_by_firmware() -> None:
    steps = before("demo")
    assert steps.steps == ("centre", "roll", "flip", "sum into pixels")
    assert steps.not_by_firmware == ("roll", "flip")
    assert not steps.firmware_makes_image
    assert "its 27 clocks and its size do not include making the image (centre, roll, flip, sum into pixels)" in (
        steps.sentences(27)
    )


def test_with_the_builder_inside_nothing_is_left_but_the_candidates() -> None:
    images = described("trigger").description
    steps = BeforePorts.of(images, builder_inside=True)
    assert steps == BeforePorts(builder_inside=True, candidates=16, steps=(), not_by_firmware=())
    assert steps.sentences(40).startswith("The firmware starts from 16 candidates and a seed axis: its 40 clocks")
    assert "1 clock and" in steps.sentences(1)


def test_the_network_alone_of_candidates_can_be_given_a_builder() -> None:
    images = described("trigger").description
    assert before("trigger").firmware_makes_image
    assert before("trigger").candidates == 16
    assert ImageBuilder.of_images(images) is not None  # as `convert --images` makes it
    assert "`convert --images`" in before("trigger").sentences()


def test_images_of_events_have_no_builder() -> None:
    images = described("regions").description
    assert isinstance(images, EventDescription)
    assert ImageBuilder.of_images(images) is None
    steps = before("regions")
    assert steps.not_by_firmware == steps.steps
    assert "repeat 2 columns on each side" in steps.steps


def test_other_pixels_and_channels_are_not_made_by_firmware() -> None:
    assert before("symmetries").firmware_makes_image
    counted = before("symmetries", channels=("pt", "multiplicity"))
    assert counted.not_by_firmware == ("sum into pixels by channel (pt, multiplicity)",)


@pytest.mark.parametrize(
    "step",
    [
        {"step": "roll"},
        {"step": "flip"},
        {"step": "zoom", "reference": 700},
        {"step": "normalise", "norm": "l1"},
        {"step": "normalise", "norm": "power_of_two"},
    ],
)
def test_a_step_is_refused_with_candidates_exactly_where_it_is_said_to_be_not_by_firmware(
    step: dict[str, object],
) -> None:
    content = yaml.safe_load((CONFIGS / "trigger" / "images.yaml").read_text(encoding="utf-8"))
    content["steps"] = [*content["steps"], step]
    alone = ImagesSettings.model_validate({key: value for key, value in content.items() if key != "candidates"})
    steps = BeforePorts.of(alone.description, builder_inside=False)
    assert steps is not None
    try:
        ImagesSettings.model_validate(content)
    except ValidationError:
        assert not steps.firmware_makes_image
    else:
        assert steps.firmware_makes_image


def test_of_a_network_that_was_brought_nothing_is_known() -> None:
    assert BeforePorts.of(None, builder_inside=False) is None
