"""Images of candidates: worked examples, a float oracle, and the candidates that come back from the dataset."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from benchmarks.mock import mock_jets, write_mock_file
from data_prep.grids.square import SquareGrid
from data_prep.images.batch import FEATURES, ImageBatch, concatenate, densify
from data_prep.images.candidates import candidate_images, mark_not_finite
from data_prep.images.jets import ImagesSettings, JetChunkImages
from data_prep.jets.candidates import Candidates, CandidateSettings
from data_prep.readers.layouts.jetclass import JetClassReader
from data_prep.steps.centre import Centre
from data_prep.store.jet_images import ImageDescription, open_dataset
from data_prep.store.jet_images_writer import DatasetWriter
from data_prep.streams.chunk_bytes import from_bytes, to_bytes
from data_prep.streams.cutflow import Fate
from data_prep.streams.jet_images import JetImages
from data_prep.streams.production import make_images
from tests.data_prep.jets.test_candidates import chunk

GRID = SquareGrid(pixels=4, half_width=np.pi / 4)
"""Borders at -180, -90, 0, 90 and 180 units of π/720."""


def candidates(rows: list[list[tuple[int, int, int]]], seeds: list[tuple[int, int]], number: int = 4) -> Candidates:
    """Candidates of (pT, η, φ) in units; missing ones are empty."""
    full = [[*row, *[(0, 0, 0)] * (number - len(row))] for row in rows]
    pt, eta, phi = np.array(full, np.int32).transpose(2, 0, 1).copy()
    seed_eta, seed_phi = np.array(seeds, np.int32).T.copy()
    return Candidates(pt, eta, phi, seed_eta, seed_phi)


def dense(given_: Candidates, *, normalise: bool = False, number: int = 4) -> np.ndarray:
    """The images, all jets kept."""
    images = candidate_images(
        given_, np.zeros(len(given_), np.uint8), CandidateSettings(number=number), GRID, normalise=normalise
    )
    return densify(images.offsets, images.pixel, images.value, (4, 4, 1))[..., 0]


def test_a_pixel_holds_its_lower_border_and_not_its_upper_one() -> None:
    """dη at -180, -1, 0 and 180; the last is outside."""
    image = dense(candidates([[(4, -180, 0), (8, -1, 0), (16, 0, 89), (32, 180, 0)]], [(0, 0)]))[0]
    expected = np.zeros((4, 4))
    expected[0, 2], expected[1, 2], expected[2, 2] = 1, 2, 4
    np.testing.assert_array_equal(image, expected)


def test_phi_wraps_about_plus_and_minus_pi() -> None:
    """A seed at φ = 719 and candidates at -720 (one unit on), -600 (121 on) and 629 (90 back)."""
    image = dense(candidates([[(4, 0, -720), (8, 0, -600), (16, 0, 629)]], [(0, 719)]))[0]
    assert image[2].tolist() == [0, 4, 1, 2]


def test_phi_beyond_pi_is_wrapped_once() -> None:
    """φ = 1000 about 0 is -440 after one turn: outside; φ = 1000 about -1000 is 560: outside, not 0."""
    fate = np.zeros(2, np.uint8)
    given_ = candidates([[(4, 0, 1000)], [(4, 0, 1000)]], [(0, 0), (0, -1000)])
    images = candidate_images(given_, fate, CandidateSettings(number=4), GRID)
    assert images.fate.tolist() == [Fate.EMPTY_IMAGE] * 2


def test_sums_saturate_in_the_pixel_and_not_in_the_norm() -> None:
    """Four times 4095.75 GeV in one pixel: 1023.75 GeV, the largest; Σ = 65532 steps, so k = 15."""
    given_ = candidates([[(16383, 0, 0)] * 4], [(0, 0)])
    assert dense(given_)[0, 2, 2] == 1023.75
    assert dense(given_, normalise=True)[0, 2, 2] == 4095 / 2**15


@given(st.lists(st.integers(0, 900), min_size=4, max_size=4).filter(any))
def test_the_power_of_two_norm_leaves_a_sum_between_1_and_2(pt: list[int]) -> None:
    image = dense(candidates([[(each, 100 * i - 150, 0) for i, each in enumerate(pt)]], [(0, 0)]), normalise=True)
    assert 1 <= image.sum() < 2
    gev = dense(candidates([[(each, 100 * i - 150, 0) for i, each in enumerate(pt)]], [(0, 0)]))
    np.testing.assert_array_equal(image, gev / 2.0 ** np.floor(np.log2(gev.sum())))


def test_jets_without_a_candidate_in_the_window_are_accounted_for() -> None:
    given_ = candidates([[(4, 0, 0)], [(4, 500, 0)], [], [(4, 0, 0)]], [(0, 0)] * 4)
    fate = np.array([Fate.KEPT, Fate.KEPT, Fate.KEPT, Fate.OUTSIDE_PT], np.uint8)
    images = candidate_images(given_, fate, CandidateSettings(number=4), GRID)
    assert images.fate.tolist() == [Fate.KEPT, Fate.EMPTY_IMAGE, Fate.EMPTY_IMAGE, Fate.OUTSIDE_PT]
    assert images.offsets.tolist() == [0, 1]


def _batch(jets: int, rng: np.random.Generator) -> ImageBatch:
    shape = (jets, 5)
    return ImageBatch(
        shape=(4, 4, 1),
        offsets=np.arange(jets + 1, dtype=np.int64),
        pixel=rng.integers(0, 16, jets).astype(np.uint16),
        value=np.ones(jets, np.float32),
        label=rng.integers(0, 2, jets).astype(np.uint8),
        weight=np.ones(jets, np.float32),
        event=np.arange(jets, dtype=np.uint64),
        features={name: np.zeros(jets, np.float32) for name in FEATURES},
        candidates=Candidates(
            rng.integers(0, 1 << 14, shape).astype(np.int32),
            rng.integers(-2048, 2048, shape).astype(np.int32),
            rng.integers(-1024, 1024, shape).astype(np.int32),
            rng.integers(-2048, 2048, jets).astype(np.int32),
            rng.integers(-1024, 1024, jets).astype(np.int32),
        ),
    )


def _assert_same(found: Candidates | None, expected: Candidates | None) -> None:
    assert found is not None
    assert expected is not None
    for name, values in vars(expected).items():
        np.testing.assert_array_equal(getattr(found, name), values, err_msg=name)


def test_candidates_come_back_from_the_dataset(tmp_path: Path, rng: np.random.Generator) -> None:
    """Across row groups and files, in batches that fit neither; images are read without them."""
    description = ImageDescription(
        classes=("q", "t"), grid=GRID, steps=(Centre(),), candidates=CandidateSettings(number=5)
    )
    batch = _batch(50, rng)
    (tmp_path / "d").mkdir()
    with DatasetWriter(tmp_path / "d", description, group_rows=7, part_groups=2) as writer:
        for start in range(0, 50, 10):
            writer.append("test", batch.slice(start, start + 10))
    split = open_dataset(tmp_path / "d").split("test")
    assert split.description == description
    _assert_same(Candidates.joined(list(split.candidates(4))), batch.candidates)
    assert [len(part) for part in split.candidates(8)] == [len(part) for part in split.batches(8)]
    assert split.whole.candidates is None
    np.testing.assert_array_equal(split.whole.pixel, batch.pixel)
    assert not list(open_dataset(tmp_path / "d").split("train").candidates(4))


def test_candidates_stay_with_their_images(rng: np.random.Generator) -> None:
    batch = _batch(20, rng)
    assert batch.candidates is not None
    rows = np.array([3, 1, 19])
    _assert_same(batch.take(rows).candidates, batch.candidates.take(rows))
    _assert_same(concatenate([batch.slice(0, 4), batch.slice(4, 20)]).candidates, batch.candidates)
    masses, labelled = np.zeros(20, np.float32), np.zeros(256, np.int64)
    images = JetChunkImages(batch, np.zeros(20, np.uint8), masses, masses, labelled)
    back = from_bytes(JetChunkImages, ImageBatch, to_bytes(images, "here"))
    _assert_same(back.batch.candidates, batch.candidates)


def test_batches_with_and_without_candidates_do_not_mix(rng: np.random.Generator) -> None:
    batch = _batch(3, rng)
    without = ImageBatch(**{**vars(batch), "candidates": None})
    with pytest.raises(ValueError, match="some of these batches have candidates"):
        concatenate([batch, without])


def test_a_dataset_without_candidates_says_so(tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    with DatasetWriter(tmp_path / "d", ImageDescription(classes=("q", "t"), grid=GRID, steps=(Centre(),))):
        pass
    with pytest.raises(ValueError, match="not made of candidates"):
        next(open_dataset(tmp_path / "d").split("test").candidates(5))


CONFIGURATION: dict[str, Any] = {
    "classes": [{"name": "q", "label": "label_QCD"}, {"name": "t", "label": "label_Tbqq"}],
    "grid": {"pixels": 16, "half_width": 0.8},
    "steps": [{"step": "centre"}],
    "split": {"train": 0.5, "validation": 0.25, "test": 0.25},
    "candidates": {"number": 8},
}


def test_images_of_a_file_are_those_of_its_candidates(tmp_path: Path) -> None:
    """Every pixel against a float histogram of the stored candidates; 0, a border they meet, is the upper pixel's."""
    write_mock_file(tmp_path / "t.root", mock_jets("t", 200, seed=1))
    write_mock_file(tmp_path / "q.root", mock_jets("q", 100, seed=2))
    settings = ImagesSettings.model_validate(CONFIGURATION)
    reader = JetClassReader(settings.options)
    (tmp_path / "d").mkdir()
    counts = {tmp_path / "t.root": 200, tmp_path / "q.root": 100}
    cutflow, _ = make_images(counts, JetImages.of(reader, settings), tmp_path / "d", lambda n: None)
    assert int(cutflow.kept.sum()) == 300
    dataset = open_dataset(tmp_path / "d")
    assert dataset.metadata == settings.description
    edges = settings.grid.edges() - 1e-9
    found = 0
    for split in dataset.splits.values():
        made = Candidates.joined(list(split.candidates(50)))
        for image, *jet in zip(split.whole.dense()[..., 0], *vars(made).values(), strict=True):
            pt, eta, phi, seed_eta, seed_phi = jet
            turn = np.remainder(phi - seed_phi + 720, 1440) - 720
            angles = ((eta - seed_eta) * np.pi / 720, turn * np.pi / 720)
            expected = np.histogram2d(*angles, bins=(edges, edges), weights=pt * 0.25)[0]
            np.testing.assert_array_equal(image, expected)
            found += 1
    assert found == 300


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"steps": [{"step": "centre"}, {"step": "roll"}]}, "there is no step 'roll': firmware subtracts the seed"),
        ({"steps": [{"step": "centre"}, {"step": "flip"}]}, "there is no step 'flip'"),
        ({"steps": [{"step": "centre"}, {"step": "normalise"}]}, "use 'norm: power_of_two'"),
        ({"grid": {"pixels": 256, "half_width": 0.3}}, "narrower than the candidates' angle unit"),
        ({"steps": [{"step": "centre", "on": "centroid"}]}, "'centre' takes no options but its defaults"),
        ({"steps": [{"step": "centre"}, {"step": "zoom", "reference": 500}]}, "there is no step 'zoom'"),
        ({"grid": {"kind": "hexagonal", "rings": 5, "pitch": 0.1}}, "'kind: hexagonal' is not supported"),
        ({"grid": {"kind": "towers"}, "steps": []}, "'kind: towers' is not supported"),
        ({"channels": ["pt", "charged"]}, "have the one channel pt"),
        ({"candidates": {"number": 0}}, "greater than or equal to 1"),
    ],
)
def test_what_firmware_does_not_build_is_refused(change: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        ImagesSettings.model_validate(CONFIGURATION | change)


def test_jets_that_are_not_finite_are_dropped() -> None:
    jets = chunk([[(9, 0, 0), (np.nan, 0, 0)], [(9, 0, 0)], [], [(9, np.inf, 0)]])
    fate = np.array([Fate.KEPT, Fate.KEPT, Fate.NO_CONSTITUENTS, Fate.OUTSIDE_PT], np.uint8)
    expected = [Fate.NOT_FINITE, Fate.KEPT, Fate.NO_CONSTITUENTS, Fate.OUTSIDE_PT]
    assert mark_not_finite(jets, fate).tolist() == expected
