"""The image builder: reference = HLS C++ with `ap_int` compiled by g++ = data_prep's compiled one, on every vector."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from data_prep.grids.square import SquareGrid
from data_prep.images.batch import densify
from data_prep.images.candidates import candidate_images
from data_prep.jets.candidates import Candidates, CandidateSettings
from hls_projects.blocks.image_builder import ImageBuilder
from hls_projects.blocks.image_builder_vectors import Raw, builder_vectors
from hls_projects.hls.csim_worker import run
from hls_projects.hls.image_builder import HlsBuilder, builder_header, loop_source

needs_compiler = pytest.mark.skipif(shutil.which("g++") is None, reason="g++ not found")

Integers = npt.NDArray[np.int64]


def builder(number: int = 16, pixels: int = 16, normalise: bool = False, **candidates: Any) -> ImageBuilder:
    settings = CandidateSettings(number=number, **candidates)
    return ImageBuilder.of(settings, SquareGrid(pixels=pixels, half_width=0.8), normalise=normalise)


FORMS: dict[str, tuple[ImageBuilder, int]] = {
    "cms": (builder(), 30_000),
    "normalised": (builder(8, 8, normalise=True), 50_000),
    "odd types": (
        builder(
            5,
            6,
            pt={"bits": 9, "integer": 9},
            per_pi=100,
            eta_bits=5,
            phi_bits=8,
            pixel={"bits": 14, "integer": 14},
        ),
        20_000,
    ),
    "one odd candidate, normalised": (
        builder(
            1,
            7,
            True,
            pt={"bits": 5, "integer": 0},
            per_pi=64,
            eta_bits=10,
            phi_bits=9,
            pixel={"bits": 4, "integer": -1},
        ),
        20_000,
    ),
}
"""Builders and how many random vectors each is given: more than 100,000 in all."""


def compiled(made: ImageBuilder, folder: Path, vectors: Raw) -> Integers:
    """The images of the C++ twin: raw integers."""
    spec = importlib.util.find_spec("hls4ml")
    assert spec is not None
    assert spec.origin is not None
    headers = Path(spec.origin).parent / "templates" / "vivado" / "ap_types"
    hls = HlsBuilder(builder=made, input_type="", outputs=())
    (folder / "trigger_candidates.h").write_text(builder_header(hls, "trigger"))
    source, library = folder / "trigger.cpp", folder / "trigger.so"
    source.write_text(loop_source(hls, "trigger"))
    flags = ["-std=c++17", "-O2", "-shared", "-fPIC", "-fno-gnu-unique", "-Wno-unknown-pragmas"]
    subprocess.run(["g++", *flags, f"-I{headers}", str(source), "-o", str(library)], check=True)
    _, (image,) = run(
        library, [np.ascontiguousarray(x) for x in vectors], [], ["image"], [int(np.prod(made.shape))], "candidates_run"
    )
    raw = np.ldexp(image, made.result.fraction)
    np.testing.assert_array_equal(raw, np.rint(raw))
    return raw.astype(np.int64).reshape(-1, *made.shape)


def from_data_prep(made: ImageBuilder, pixels: int, raw: Raw) -> Integers:
    """The images that data_prep makes of the same integers."""
    pt, eta, phi, seed_eta, seed_phi = (x.astype(np.int32) for x in raw)
    jets = Candidates(pt, eta, phi, seed_eta[:, 0].copy(), seed_phi[:, 0].copy())
    grid = SquareGrid(pixels=pixels, half_width=0.8)
    fate = np.zeros(len(jets), np.uint8)
    images = candidate_images(jets, fate, made.candidates, grid, normalise=made.normalise)
    values = np.zeros((len(jets), *made.shape))
    values[images.fate == 0] = densify(images.offsets, images.pixel, images.value, made.shape)
    return np.ldexp(values, made.result.fraction).astype(np.int64)


@needs_compiler
@pytest.mark.parametrize("name", FORMS)
def test_three_twins(name: str, tmp_path: Path) -> None:
    made, count = FORMS[name]
    vectors = builder_vectors(made, count, seed=1)
    joined = tuple(np.concatenate(parts) for parts in zip(*vectors.values(), strict=True))
    expected = made.build(*joined)
    assert (expected > 0).any()
    np.testing.assert_array_equal(expected, compiled(made, tmp_path, joined))
    np.testing.assert_array_equal(expected, from_data_prep(made, made.shape[0], joined))


def test_more_than_a_hundred_thousand_vectors() -> None:
    assert sum(count for _, count in FORMS.values()) >= 100_000
