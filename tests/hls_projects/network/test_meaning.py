"""A network and what is said of it: saved and read together, refused where they do not fit."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from data_prep.errors import InputFileError
from data_prep.fixed_point import FixedType
from data_prep.grids.square import SquareGrid
from data_prep.jets.candidates import CandidateSettings
from data_prep.steps.centre import Centre
from data_prep.store.jet_images import ImageDescription
from hls_projects.blocks.compose import compose
from hls_projects.blocks.image_builder import ImageBuilder
from hls_projects.network.network import Network
from models.files.meaning import MEANING, Meaning
from tests.hls_projects.random_networks import NetworkBuilder


def images(*classes: str, pixels: int = 2, number: int | None = None) -> ImageDescription:
    candidates = None if number is None else CandidateSettings(number=number)
    grid = SquareGrid(pixels=pixels, half_width=0.8)
    return ImageDescription(classes=classes or ("q", "t", "w"), grid=grid, steps=(Centre(),), candidates=candidates)


def tagger(outputs: int = 3) -> Network:
    """2 × 2 pixels to so many numbers."""
    build = NetworkBuilder(((2, 2, 1), FixedType(10, 10, False, "RND_CONV", "SAT")))
    build.add("Flatten", ("in0",), (4,))
    kernel = np.ones((4, outputs), np.int64)
    build.add("QDense", ("layer0",), (outputs,), kernel=kernel, weight=FixedType(3, 3))
    return build.network()


def test_they_come_back_together(tmp_path: Path) -> None:
    network = replace(tagger(), meaning=Meaning.stated(images(), classes=True))
    network.save(tmp_path)
    assert (tmp_path / MEANING).exists()
    assert Network.load(tmp_path).meaning == network.meaning
    assert Network.load(tmp_path).fingerprint == tagger().fingerprint, "the numbers are the same, whatever they mean"


def test_a_network_without_a_word(tmp_path: Path) -> None:
    tagger().save(tmp_path)
    assert not (tmp_path / MEANING).exists()
    assert Network.load(tmp_path).meaning is None


@pytest.mark.parametrize(
    ("meaning", "message"),
    [
        (Meaning.stated(images("q", "t"), classes=True), r"names 2 classes \(q, t\), the network gives 3 numbers"),
        (Meaning.stated(images(pixels=3), classes=True), "takes images of 3 x 3 x 1, it takes 2 x 2 x 1"),
    ],
)
def test_of_another_network(tmp_path: Path, meaning: Meaning, message: str) -> None:
    tagger().save(tmp_path)
    meaning.save(tmp_path / MEANING)
    with pytest.raises(InputFileError, match=f"{MEANING}: .*{message}"):
        Network.load(tmp_path)


def test_two_classes_are_no_matter_where_there_are_none(tmp_path: Path) -> None:
    tagger().save(tmp_path)
    Meaning.stated(images("q", "t"), classes=False).save(tmp_path / MEANING)
    assert Network.load(tmp_path).meaning is not None


def test_from_candidates_on(tmp_path: Path) -> None:
    described = images(number=4)
    builder = ImageBuilder.of_images(described)
    assert builder is not None
    whole = compose(builder, replace(tagger(), meaning=Meaning.stated(described, classes=True)))
    whole.save(tmp_path)
    assert Network.load(tmp_path).meaning == whole.meaning
    Meaning.stated(images(number=5), classes=True).save(tmp_path / MEANING)
    with pytest.raises(InputFileError, match="other images than the network makes from its candidates"):
        Network.load(tmp_path)
