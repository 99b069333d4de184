"""Every rounding with every overflow mode is `FixedType.cast`, which is itself tested against g++ `ap_fixed`."""

from __future__ import annotations

from itertools import cycle, product
from pathlib import Path
from typing import get_args

import numpy as np
import pytest

from data_prep.fixed_point import FixedType, Overflow, Rounding
from hls_projects.emulator.fast_emulator import FastEmulator
from tests.hls_projects.random_networks import NetworkBuilder

SOURCES = [FixedType(10, 4), FixedType(24, 9), FixedType(40, 11)]
"""Lanes of 16, 32 and 64 bits."""
TARGETS = [(1, 1, False), (2, 0, True), (5, -1, True), (6, 8, False), (16, 2, False)]
"""Width, integer bits, signed: more and fewer fraction bits than the source has, also negative ones."""


PAIRS = list(product(get_args(Rounding), get_args(Overflow)))
FEW = [*zip(get_args(Rounding), cycle(get_args(Overflow)[::-1]))]
"""Each rounding once, each overflow at least once, and RND_CONV with SAT, which ports have."""
REST = {each: [pair for pair in PAIRS if pair[0] == each and pair not in FEW] for each in get_args(Rounding)}


@pytest.mark.parametrize(
    "modes",
    [
        *(pytest.param([pair], id="-".join(pair)) for pair in FEW),
        *(pytest.param(pairs, id=f"{each}-others", marks=pytest.mark.slow) for each, pairs in REST.items()),
    ],
)
def test_all_modes(modes: list[tuple[Rounding, Overflow]], cache: Path, rng: np.random.Generator) -> None:
    width = 48
    build = NetworkBuilder(*(((width,), source_type) for source_type in SOURCES))
    cases = []
    for (i, source), (bits, integer, signed), mode in product(enumerate(SOURCES), TARGETS, modes):
        target = FixedType(bits, integer, signed, *mode)
        cases.append((i, source, target, build.add("QActivation", (f"in{i}",), (width,), result=target)))
    emulator = FastEmulator(build.network(*(name for *_, name in cases)), cache)
    raw = []
    for source_type in SOURCES:
        values = rng.integers(source_type.raw_min, source_type.raw_max, (200, width), endpoint=True)
        near = rng.integers(-1000, 1000, (200, width), endpoint=True).clip(source_type.raw_min, source_type.raw_max)
        ends = [source_type.raw_min, source_type.raw_max, source_type.raw_min + 1, source_type.raw_max - 1, 0]
        raw.append(np.vstack([values, near, np.tile(ends, 200)[: 10 * width].reshape(-1, width)]))
    results = emulator.run(raw, raw=True)
    for (i, source, target, _), given in zip(cases, results, strict=True):
        np.testing.assert_array_equal(given, target.cast(raw[i], source.fraction), f"{source} to {target}")


@pytest.mark.parametrize("signed", [True, False])
def test_real_numbers_become_the_port_type(signed: bool, cache: Path, rng: np.random.Generator) -> None:
    widths = [1, 16, 17, 24, 25, 53, 54, 62]
    integers = ((width, integer) for width in widths for integer in (width, -3))
    kinds = [FixedType(width, integer, signed, "RND_CONV", "SAT") for width, integer in integers]
    build = NetworkBuilder(*(((9,), port_type) for port_type in kinds))
    names = [
        build.add("Reshape", (f"in{i}",), (3, 3), fraction=port_type.fraction, result=port_type)
        for i, port_type in enumerate(kinds)
    ]
    emulator = FastEmulator(build.network(*names), cache)
    steps = rng.integers(-(2**20), 2**20, (50, 9)) / 4
    values = [
        np.vstack(
            [steps * port_type.step, rng.normal(0, port_type.maximum + port_type.step, (50, 9)), np.full((1, 9), 1e30)]
        )
        for port_type in kinds
    ]
    for floats in ([array.astype(np.float32) for array in values], values):
        for port_type, given, raw in zip(kinds, floats, emulator.run(floats), strict=True):
            np.testing.assert_array_equal(raw.reshape(-1, 9), port_type.quantize(given), port_type.name)
