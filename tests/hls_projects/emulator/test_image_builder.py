"""The fast emulator builds the images of the reference."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from data_prep.fixed_point import FixedType
from data_prep.grids.square import SquareGrid
from data_prep.jets.candidates import CandidateSettings
from hls_projects.blocks.compose import builder_alone
from hls_projects.blocks.image_builder import ImageBuilder
from hls_projects.blocks.image_builder_vectors import builder_vectors
from hls_projects.emulator.fast_emulator import FastEmulator
from hls_projects.network import integer_model
from hls_projects.network.port import Port

WIDEST = {"pt": {"bits": 16, "integer": 14}, "eta_bits": 16, "phi_bits": 16, "per_pi": 32768}


@pytest.mark.parametrize(
    ("settings", "pixels", "normalise", "pixel_type"),
    [
        (CandidateSettings(), 16, False, FixedType(10, 10, False, "RND_CONV", "SAT")),
        (CandidateSettings(number=7), 5, True, FixedType(9, 1, False, "RND_CONV", "SAT")),
        (CandidateSettings.model_validate({"number": 128} | WIDEST), 3, True, FixedType(8, 2, True, "TRN", "SAT_SYM")),
        (CandidateSettings(number=1), 4, False, FixedType(12, 10, False, "RND_CONV", "SAT")),
    ],
    ids=["cms", "normalised", "widest", "one"],
)
def test_images(settings: CandidateSettings, pixels: int, normalise: bool, pixel_type: FixedType, cache: Path) -> None:
    builder = ImageBuilder.of(settings, SquareGrid(pixels=pixels, half_width=0.8), normalise=normalise)
    network = builder_alone(builder, Port(name="image", shape=builder.shape, type=pixel_type))
    emulator = FastEmulator(network, cache)
    for name, raw in builder_vectors(builder, 20_000, seed=4).items():
        (wanted,) = integer_model.outputs(network, list(raw))
        values = [port.type.to_float(x) for port, x in zip(builder.ports, raw, strict=True)]
        np.testing.assert_array_equal(emulator.run(list(raw), raw=True)[0], wanted, name)
        np.testing.assert_array_equal(emulator.run(values)[0], wanted, name)
