"""What a network means: as its training leaves it, as a user states it, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from data_prep.errors import ConfigurationError, InputFileError
from data_prep.events.batch import TOWER_CLASSES
from data_prep.events.settings import EventDescription, EventImagesSettings
from data_prep.images.jets import ImagesSettings
from data_prep.store.jet_images import ImageDescription
from models.events.settings import EventModelSettings
from models.files.meaning import MEANING, Meaning, meaning_beside
from models.settings import ModelSettings

CONFIGS = Path(__file__).parents[3] / "configs"
FILE = Path("images.yaml")


def content(run: str, name: str) -> dict[str, Any]:
    settings: dict[str, Any] = yaml.safe_load((CONFIGS / run / name).read_text())
    return settings


def images(run: str = "demo", **change: Any) -> ImageDescription:
    return ImagesSettings.model_validate(content(run, "images.yaml") | change).description


def towers(**change: Any) -> EventDescription:
    return EventImagesSettings.model_validate(content("segmentation", "images.yaml") | change).description


def tagger(**change: Any) -> Meaning:
    return Meaning.of_training(images(**change), ModelSettings.model_validate(content("demo", "model.yaml")))


def of_events(run: str) -> Meaning:
    settings = EventImagesSettings.model_validate(content("segmentation", "images.yaml"))
    return Meaning.of_training(settings.description, EventModelSettings.model_validate(content(run, "model.yaml")))


def test_of_a_tagger() -> None:
    meaning = tagger()
    assert (meaning.task, meaning.stated_by) == ("classification", "training")
    assert meaning.classes == ("q", "g", "w", "z", "t")
    assert meaning.units == ("GeV",)
    assert meaning.image_shape == (16, 16, 1)
    assert meaning.without_scores == ""


def test_of_a_regression() -> None:
    network = ModelSettings.model_validate(content("regression", "model.yaml"))
    assert network.regression is not None
    meaning = Meaning.of_training(images("regression"), network)
    assert meaning.regression == network.regression
    assert meaning.classes == (images("regression").classes if network.regression.beside_tagger else ())
    alone = network.model_copy(update={"regression": network.regression.model_copy(update={"beside_tagger": False})})
    without = Meaning.of_training(images("regression"), alone)
    assert without.classes == ()
    names = ", ".join(target.name for target in network.regression.targets)
    assert without.without_scores == f"it estimates {names} of a jet (GeV)"


@pytest.mark.parametrize(
    ("run", "classes", "parts"),
    [
        ("segmentation", TOWER_CLASSES, {"segmentation"}),
        ("detection", (), {"detection"}),
        ("panoptic", TOWER_CLASSES, {"segmentation", "detection"}),
    ],
)
def test_of_events(run: str, classes: tuple[str, ...], parts: set[str]) -> None:
    meaning = of_events(run)
    assert meaning.task == run
    assert meaning.classes == classes
    assert {name for name in ("segmentation", "detection") if getattr(meaning, name) is not None} == parts
    assert meaning.image_shape == (56, 80, 3)
    assert meaning.units == ("GeV", "GeV", "GeV")
    assert "made for events" in meaning.without_scores


def test_tasks_and_images_belong_together() -> None:
    with pytest.raises(ValueError, match="is for images of jets"):
        Meaning.of_training(towers(), ModelSettings.model_validate(content("demo", "model.yaml")))
    with pytest.raises(ValueError, match="is for images of events"):
        Meaning.of_training(images(), EventModelSettings.model_validate(content("detection", "model.yaml")))


@pytest.mark.parametrize("meaning", [tagger(), of_events("panoptic"), Meaning.stated(images("trigger"), classes=True)])
def test_on_disk(tmp_path: Path, meaning: Meaning) -> None:
    assert Meaning.load(tmp_path / MEANING) is None
    meaning.save(tmp_path / MEANING)
    assert Meaning.load(tmp_path / MEANING) == meaning


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"units": ["MeV"]}, "'units' of these images are GeV"),
        ({"classes": ["t", "z", "w", "g", "q"]}, "'classes' of these images are q, g, w, z, t"),
        ({"surprise": 1}, "'surprise'"),
        ({"format": 2}, "'format'"),
    ],
)
def test_what_contradicts_itself_is_refused(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    text = json.dumps(json.loads(tagger().model_dump_json()) | change)
    with pytest.raises(ValidationError):
        Meaning.model_validate_json(text)
    (tmp_path / MEANING).write_text(text)
    with pytest.raises(InputFileError, match=f"meaning.json: does not say .*{message}"):
        Meaning.load(tmp_path / MEANING)


def test_a_damaged_file(tmp_path: Path) -> None:
    (tmp_path / MEANING).write_bytes(b"\xff{")
    with pytest.raises(InputFileError, match="does not say what the inputs of the network are"):
        Meaning.load(tmp_path / MEANING)


def test_every_key_that_differs_is_named() -> None:
    different = images(grid={"pixels": 16, "half_width": 0.4}, steps=[{"step": "centre"}])
    expected = (
        "images.yaml: 'grid.half_width' is 0.4, the network was trained with 0.8; 'steps' is centre, not centre, roll, "
        "flip (give images made in the same way as those it was trained on)"
    )
    with pytest.raises(ConfigurationError) as caught:
        tagger().require_same_images(different, FILE, configuration=True)
    assert str(caught.value) == expected
    with pytest.raises(InputFileError) as caught_of_stated:
        Meaning.stated(images(), classes=True).require_same_images(different, FILE)
    assert "'grid.half_width' is 0.4, for the network was stated 0.8" in str(caught_of_stated.value)
    tagger().require_same_images(images(), FILE)


def test_classes_are_compared_in_their_order() -> None:
    backwards = images(classes=content("demo", "images.yaml")["classes"][::-1])
    tagger().require_same_images(backwards, FILE)
    with pytest.raises(InputFileError, match="'classes' is t, z, w, g, q, the network was trained with q, g, w, z, t"):
        tagger().require_same_classes(backwards, FILE)
    Meaning.stated(images(), classes=False).require_same_classes(backwards, FILE)
    of_events("segmentation").require_same_classes(towers(), FILE)


def test_the_truth_of_events_may_differ_and_their_towers_may_not() -> None:
    meaning = of_events("detection")
    meaning.require_same_images(towers(jet_pt_min=50), FILE)
    with pytest.raises(InputFileError, match="'pixel_min' is 2, the network was trained with"):
        meaning.require_same_images(towers(pixel_min=2), FILE)
    with pytest.raises(InputFileError, match="'kind' is jets, the network was trained with events"):
        meaning.require_same_images(images(), FILE)


def test_stated_by_the_user() -> None:
    meaning = Meaning.stated(images(), classes=True)
    assert (meaning.stated_by, meaning.task, meaning.classes) == ("user", None, images().classes)
    assert Meaning.stated(images(), classes=False).without_scores == "its outputs are not classes (--no-classes)"
    assert Meaning.stated(towers(), classes=True).classes == ()


def test_where_it_stands(tmp_path: Path) -> None:
    assert meaning_beside(tmp_path / "p4.h5") == tmp_path / "meaning.json"
    (tmp_path / "p4.meaning.json").touch()
    assert meaning_beside(tmp_path / "p4.h5") == tmp_path / "p4.meaning.json"
    assert meaning_beside(tmp_path / "plain.h5") == tmp_path / "meaning.json"
