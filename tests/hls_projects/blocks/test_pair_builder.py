"""The builder of pair images: worked examples, and reference = HLS C++ compiled by g++ = data_prep's compiled one."""

from __future__ import annotations

import importlib.util
import math
import shutil
import subprocess
from itertools import combinations
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from pydantic import ValidationError

from data_prep.images.batch import densify
from data_prep.images.pairs import pair_images
from data_prep.jets.candidates import Candidates, CandidateSettings
from hls_projects.blocks.pair_builder import PairBuilder, logarithm, logarithms
from hls_projects.blocks.pair_builder_vectors import Raw, pair_vectors
from hls_projects.hls.csim_worker import run
from hls_projects.hls.pair_builder import write_alone
from tests.hls_projects.blocks.pair_builders import ODD, pair_builder

needs_compiler = pytest.mark.skipif(shutil.which("g++") is None, reason="g++ not found")

Integers = npt.NDArray[np.int64]

FORMS: dict[str, tuple[PairBuilder, int]] = {
    "16 candidates": (pair_builder(16), 40_000),
    "32 candidates, two channels": (pair_builder(32, 16, leading=(4,), bits=6), 20_000),
    "odd": (ODD, 50_000),
    "two candidates, one bit": (pair_builder(2, 5, mantissa=0, bits=1), 10_000),
}
"""Builders and how many random vectors each is given when all are run: more than 100,000."""


def joined(vectors: dict[str, Raw]) -> Raw:
    pt, eta, phi = (np.concatenate([raw[i] for raw in vectors.values()]) for i in range(3))
    return pt, eta, phi


def candidates(*rows: tuple[int, int, int], number: int = 4) -> Raw:
    """One vector of candidates (pT, η, φ), the missing ones empty."""
    full = np.array([*rows, *[(0, 0, 0)] * (number - len(rows))], np.int64)
    pt, eta, phi = full.T[:, np.newaxis]
    return pt.copy(), eta.copy(), phi.copy()


SMALL = PairBuilder(candidates=CandidateSettings(number=4), rows=(40, 80), columns=(10, 100), mantissa=3, bits=2)


def lit(builder: PairBuilder, raw: Raw) -> dict[tuple[int, ...], int]:
    """The pixels that are not 0."""
    image = builder.build(*raw)[0]
    return {tuple(map(int, place)): int(image[tuple(place)]) for place in np.argwhere(image)}


def test_distance_is_twice_the_larger_and_once_the_smaller_difference() -> None:
    """2·4 + 2 = 10 is at the first threshold, 2·4 + 1 and 2·3 + 3 are below."""
    for d_eta, d_phi, column in ((4, 2, 1), (2, -4, 1), (-4, 1, 0), (3, 3, 0), (50, 0, 2), (0, 49, 1)):
        raw = candidates((1, 0, 0), (1, d_eta, d_phi))
        assert lit(SMALL, raw) == {(0, column, 0): 1}


def test_phi_is_a_direction() -> None:
    """719 and -720 are neighbours; -720 and 720 are one direction, and 1000 is -440."""
    for one, other, column in ((719, -720, 0), (-720, 720, 0), (1000, -440, 0), (0, 720, 2), (715, -720, 1)):
        assert lit(SMALL, candidates((1, 0, one), (1, 0, other))) == {(0, column, 0): 1}


def test_product_is_a_sum_of_logarithms() -> None:
    """32 = 2^5 is 40 steps of 1/8, 30 is 4 + 7/8, or 39; 1 is 0."""
    for pt, row in (((32, 1), 1), ((30, 1), 0), ((32, 32), 2), ((32, 30), 1), ((16383, 16383), 2)):
        assert lit(SMALL, candidates((pt[0], 0, 0), (pt[1], 0, 0))) == {(row, 0, 0): 1}


def test_logarithm_is_near_the_logarithm() -> None:
    """The fraction is m - 1 instead of log2 m, and cut: from 0 to 0.0861 (Mitchell 1962) and one step below."""
    for pt in range(1, 1 << 12):
        below = math.log2(pt) - logarithm(pt, 6) / 64
        assert 0 <= below < 0.0861 + 1 / 64
    values = np.arange(1 << 14)
    assert logarithms(values, 3)[1:].tolist() == [logarithm(int(pt), 3) for pt in values[1:]]


def test_pt_zero_takes_part_in_no_pair() -> None:
    assert lit(SMALL, candidates()) == {}
    assert lit(SMALL, candidates((5, 0, 0))) == {}
    assert lit(SMALL, candidates((1, 0, 0), (0, 0, 0), (1, 0, 0))) == {(0, 0, 0): 1}


def test_counts_saturate() -> None:
    """Six pairs, 3 is the largest of two bits."""
    assert lit(SMALL, candidates(*[(1, 7, 7)] * 4)) == {(0, 0, 0): 3}


def test_channel_is_the_rank_of_the_harder() -> None:
    builder = PairBuilder(candidates=CandidateSettings(number=4), rows=(80,), columns=(9,), leading=(1, 2))
    raw = candidates(*[(1, 0, 0)] * 4)
    assert lit(builder, raw) == {(0, 0, 0): 3, (0, 0, 1): 2, (0, 0, 2): 1}


def by_hand(builder: PairBuilder, raw: Raw) -> Integers:
    """The definition pair by pair in Python's numbers, the angle by the nearest of all turns."""
    turn = 2 * builder.candidates.per_pi
    images = np.zeros((len(raw[0]), *builder.shape), np.int64)
    for image, *vector in zip(images, *(x.tolist() for x in raw), strict=True):
        jet = list(enumerate(zip(*vector, strict=True)))
        for (i, (pt_i, eta_i, phi_i)), (_, (pt_j, eta_j, phi_j)) in combinations(jet, 2):
            if pt_i and pt_j:
                d_eta = abs(eta_i - eta_j)
                d_phi = min(abs(phi_i - phi_j + k * turn) for k in range(-20, 21))
                distance = 2 * max(d_eta, d_phi) + min(d_eta, d_phi)
                logs = logarithm(pt_i, builder.mantissa) + logarithm(pt_j, builder.mantissa)
                row, column = sum(t <= logs for t in builder.rows), sum(t <= distance for t in builder.columns)
                image[row, column, sum(t <= i for t in builder.leading)] += 1
    return np.minimum(images, 2**builder.bits - 1)


@pytest.mark.parametrize("name", FORMS)
def test_reference_is_the_definition(name: str) -> None:
    made, _ = FORMS[name]
    raw = joined(pair_vectors(made, 60, seed=3))
    step = max(len(raw[0]) // 50, 1)
    few = (raw[0][::step], raw[1][::step], raw[2][::step])
    np.testing.assert_array_equal(made.build(*few), by_hand(made, few))


@pytest.mark.parametrize("name", FORMS)
def test_vectors_reach_what_they_are_for(name: str) -> None:
    made, _ = FORMS[name]
    raw = joined(pair_vectors(made, 3000, seed=2))
    images = made.build(*raw)
    assert images.any(axis=(0, 3)).all(), "every pixel, in some channel"
    assert images.any(axis=(0, 1, 2)).all(), "every channel"
    assert (images == made.result.raw_max).any(axis=0).sum() >= min(made.shape[0], 2)
    assert (raw[0] == 0).all(axis=1).any()
    for port, values in zip(made.ports, raw, strict=True):
        assert {port.type.raw_min, port.type.raw_max} <= set(np.unique(values).tolist())


def test_every_threshold_is_met_and_missed_by_one() -> None:
    made = pair_builder(16)
    pt, eta, phi = pair_vectors(made, 0, seed=1)["distance"]
    d_eta, d_phi = np.abs(eta - eta[:, :1]), np.abs((phi - phi[:, :1] + 720) % 1440 - 720)
    distances = set((2 * np.maximum(d_eta, d_phi) + np.minimum(d_eta, d_phi)).ravel().tolist())
    assert {t + d for t in made.columns for d in (-1, 0, 1)} <= distances
    pt, _, _ = pair_vectors(made, 0, seed=1)["product"]
    logs = logarithms(pt, made.mantissa)
    sums = set((logs[:, :1] + logs[:, 1:]).ravel().tolist())
    assert {t + d for t in made.rows for d in (-1, 0, 1)} <= sums


def compiled(made: PairBuilder, folder: Path, raw: Raw) -> Integers:
    """The images of the C++ twin."""
    spec = importlib.util.find_spec("hls4ml")
    assert spec is not None
    assert spec.origin is not None
    headers = Path(spec.origin).parent / "templates" / "vivado" / "ap_types"
    source, library = write_alone(made, "trigger", folder), folder / "trigger.so"
    flags = ["-std=c++17", "-O2", "-shared", "-fPIC", "-fno-gnu-unique", "-Wno-unknown-pragmas"]
    subprocess.run(["g++", *flags, f"-I{headers}", str(source), "-o", str(library)], check=True)
    inputs = [np.ascontiguousarray(x) for x in raw]
    _, (image,) = run(library, inputs, [], ["image"], [int(np.prod(made.shape))], "candidates_run")
    np.testing.assert_array_equal(image, np.rint(image))
    return image.astype(np.int64).reshape(-1, *made.shape)


def from_data_prep(made: PairBuilder, raw: Raw) -> Integers:
    """The images that data_prep makes of the same integers."""
    pt, eta, phi = (x.astype(np.int32) for x in raw)
    none = np.zeros(len(pt), np.int32)
    jets = Candidates(pt, eta, phi, none, none)
    images = pair_images(
        jets,
        np.zeros(len(jets), np.uint8),
        made.candidates,
        made.rows,
        made.columns,
        mantissa=made.mantissa,
        bits=made.bits,
        leading=made.leading,
    )
    values = np.zeros((len(jets), *made.shape))
    values[images.fate == 0] = densify(images.offsets, images.pixel, images.value, made.shape)
    return values.astype(np.int64)


def twins_are_equal(name: str, share: float, folder: Path) -> None:
    made, count = FORMS[name]
    raw = joined(pair_vectors(made, round(count * share), seed=1))
    expected = made.build(*raw)
    np.testing.assert_array_equal(expected, from_data_prep(made, raw))
    np.testing.assert_array_equal(expected, compiled(made, folder, raw))


@needs_compiler
@pytest.mark.parametrize("name", FORMS)
def test_three_twins(name: str, tmp_path: Path) -> None:
    twins_are_equal(name, 0.02, tmp_path)


@needs_compiler
@pytest.mark.more
@pytest.mark.parametrize("name", FORMS)
def test_three_twins_on_a_hundred_thousand_vectors(name: str, tmp_path: Path) -> None:
    assert sum(count for _, count in FORMS.values()) >= 100_000
    twins_are_equal(name, 1, tmp_path)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"rows": (40, 40)}, "'rows' must ascend"),
        ({"columns": (100, 10)}, "'columns' must ascend"),
        ({"columns": ()}, "at least 1 item"),
        ({"columns": (0, 10)}, "'columns' must lie in 1 to 8910"),
        ({"columns": (10, 8911)}, "'columns' must lie in 1 to 8910"),
        ({"rows": (40, 223)}, "'rows' must lie in 1 to 222"),
        ({"leading": (3,)}, "'leading' must lie in 1 to 2"),
        ({"leading": (2, 1)}, "'leading' must ascend"),
        ({"candidates": CandidateSettings(number=1)}, "pairs need two candidates"),
    ],
)
def test_images_with_empty_pixels_are_refused(change: dict[str, object], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        PairBuilder.model_validate(SMALL.model_dump() | change)


def test_values_outside_the_port_are_refused() -> None:
    with pytest.raises(ValueError, match="candidate_eta holds values outside -2048 to 2047"):
        SMALL.build(*candidates((1, 2048, 0)))
    with pytest.raises(ValueError, match=r"candidate_pt must be int64 \[vectors, 4\]"):
        SMALL.build(*candidates((1, 0, 0), number=3))
