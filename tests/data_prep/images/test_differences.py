"""What differs between the images of a training and those that are given: the key, and both values."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from data_prep.events.settings import EventDescription, EventImagesSettings
from data_prep.images.differences import Difference, differences, keys_of
from data_prep.images.jets import ImagesSettings
from data_prep.readers.layouts.jetclass import JetClassReader
from data_prep.readers.layouts.l1_puppi import L1PuppiReader
from data_prep.store.jet_images import ImageDescription

CONFIGS = Path(__file__).parents[3] / "configs"


def demo(**change: Any) -> ImageDescription:
    content = yaml.safe_load((CONFIGS / "demo" / "images.yaml").read_text())
    return ImagesSettings.model_validate(content | change).description


def events(**change: Any) -> EventDescription:
    content = {"kind": "events", "split": {"train": 0.6, "validation": 0.2, "test": 0.2}}
    return EventImagesSettings.model_validate(content | change).description


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        ({}, []),
        ({"grid": {"pixels": 16, "half_width": 0.4}}, [("grid.half_width", "0.4", "0.8")]),
        ({"grid": {"pixels": 8, "half_width": 0.4}}, [("grid.pixels", "8", "16"), ("grid.half_width", "0.4", "0.8")]),
        ({"grid": {"kind": "hexagonal", "rings": 7, "pitch": 0.1}}, [("grid.kind", "hexagonal", "square")]),
        ({"channels": ["charged"]}, [("channels", "charged", "pt")]),
        ({"channels": ["pt", "multiplicity"]}, [("channels", "pt, multiplicity", "pt")]),
        (
            {"steps": [{"step": "centre", "on": "centroid"}, {"step": "roll"}, {"step": "flip"}]},
            [("steps.centre.on", "centroid", "jet_axis")],
        ),
        ({"steps": [{"step": "centre"}]}, [("steps", "centre", "centre, roll, flip")]),
        (
            {"steps": [{"step": "centre"}], "candidates": {}},
            [("steps", "centre", "centre, roll, flip"), ("candidates", "given", "not given")],
        ),
    ],
)
def test_of_jets(change: dict[str, Any], wanted: list[tuple[str, str, str]]) -> None:
    assert differences(demo(**change), demo()) == tuple(Difference(*each) for each in wanted)


def test_of_candidates_every_number_counts() -> None:
    steps = [{"step": "centre"}]
    trained, given = (demo(steps=steps, candidates={"number": number}) for number in (16, 32))
    assert differences(given, trained) == (Difference("candidates.number", "32", "16"),)
    widened = demo(steps=steps, candidates={"pt": {"bits": 15, "integer": 13}})
    assert [each.key for each in differences(widened, trained)] == ["candidates.pt.bits", "candidates.pt.integer"]


def test_what_changes_no_pixel_is_no_difference() -> None:
    """Selection, labels, split, weight and chunks are no part of a description; classes are compared by name."""
    classes = [{"name": "t", "label": "is_top"}, {"name": "q", "label": "is_quark"}]
    split = {"train": 0.1, "validation": 0.1, "test": 0.8}
    free = {"selection": {"pt_min": 20}, "weight": "w", "chunk_jets": 7, "layout": "l1_jets"}
    assert differences(demo(classes=classes, split=split, **free), demo()) == ()
    assert differences(events(jet_pt_min=30, box_min=1), events()) == ()


@pytest.mark.parametrize(
    ("given", "trained", "wanted"),
    [
        ({"puppi": "ignore"}, {}, [("puppi", "ignore", "layout")]),
        ({"cluster": {"radius": 0.8}}, {"cluster": {"radius": 0.4}}, [("cluster.radius", "0.8", "0.4")]),
        ({"cluster": {"radius": 0.8}}, {"layout": "l1_puppi"}, [("cluster.radius", "0.8", "0.4")]),
        ({"cluster": {"pt_min": 50}}, {"cluster": {"pt_min": 20}}, []),
        ({"layout": "l1_puppi"}, {"layout": "pfnano_v1"}, []),
        ({"jets": "Jet", "layout": "pfnano_v1"}, {"jets": "JetPUPPI", "layout": "delphes"}, []),
    ],
)
def test_how_files_are_read(given: dict[str, Any], trained: dict[str, Any], wanted: list[tuple[str, str, str]]) -> None:
    """PUPPI weights always count, the radius where jets are clustered, the name of a collection never."""
    assert differences(demo(**given), demo(**trained)) == tuple(Difference(*each) for each in wanted)


def test_a_layout_that_is_recognised_states_the_radius() -> None:
    content = yaml.safe_load((CONFIGS / "demo" / "images.yaml").read_text())
    settings = ImagesSettings.model_validate(content)
    assert settings.description.cluster is None
    assert settings.read_by(JetClassReader()).description.cluster is None
    clustered = settings.read_by(L1PuppiReader()).description.cluster
    assert clustered is not None and clustered.radius == 0.4


def test_of_events() -> None:
    assert differences(events(pixel_min=1), events()) == (Difference("pixel_min", "1", "0.5"),)
    assert differences(events(grid={"wrap": 0}), events()) == (Difference("grid.wrap", "0", "4"),)
    assert differences(demo(), events()) == (Difference("kind", "jets", "events"),)


def test_all_keys_in_words() -> None:
    found = keys_of(demo())
    assert found["kind"] == "jets"
    assert found["grid.half_width"] == "0.8"
    assert found["steps"] == "centre, roll, flip"
    assert found["steps.roll.method"] == "in_space"
    assert found["candidates"] == "not given"
    assert keys_of(events())["pixel_min"] == "0.5"


@pytest.mark.parametrize(
    ("change", "units"),
    [
        ({}, ("GeV",)),
        ({"channels": ["multiplicity", "charged"]}, ("constituents", "GeV")),
        (
            {"steps": [{"step": "centre"}, {"step": "normalise"}], "channels": ["pt", "multiplicity"]},
            ("1", "constituents"),
        ),
    ],
)
def test_units(change: dict[str, Any], units: tuple[str, ...]) -> None:
    assert demo(**change).units == units
    assert events().units == ("GeV", "GeV", "GeV")
