"""Steps as the compiled kernel takes them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pydantic import TypeAdapter

from data_prep.steps.normalise import L1, L2, POWER_OF_TWO
from data_prep.steps.order import Steps
from data_prep.steps.program import CODES, Program

STEPS = TypeAdapter(Steps)
OPTIONS: dict[str, dict[str, Any]] = {"zoom": {"reference": 600}}


def steps(*names: str) -> list[dict[str, Any]]:
    return [{"step": name} | OPTIONS.get(name, {}) for name in names]


@pytest.mark.parametrize(
    ("names", "moving", "image"),
    [
        ((), [], 0),
        (("normalise",), [], L1),
        (("centre",), ["centre"], 0),
        (("centre", "flip"), ["centre", "flip"], 0),
        (("centre", "zoom", "flip"), ["centre", "zoom", "flip"], 0),
        (("centre", "roll", "flip", "normalise"), ["centre", "roll", "flip"], L1),
        (("centre", "roll", "flip", "zoom", "normalise"), ["centre", "roll", "flip", "zoom"], L1),
    ],
)
def test_sensible_orders_become_a_program(names: tuple[str, ...], moving: list[str], image: int) -> None:
    program = Program.of(STEPS.validate_python(steps(*names)))
    assert program.constituents.tolist() == [CODES[name] for name in moving]
    assert program.image == image


def test_options_become_numbers() -> None:
    program = Program.of(
        STEPS.validate_python(
            [
                {"step": "centre", "on": "leading_subjet", "radius": 0.5, "keep": "energy"},
                {"step": "roll", "method": "in_plane"},
                {"step": "zoom", "reference": 500},
                {"step": "normalise", "norm": "power_of_two"},
            ]
        ),
        ("charged", "multiplicity"),
    )
    assert program.constituents.tolist() == [CODES[name] for name in ("centre", "roll", "zoom")]
    np.testing.assert_array_equal(program.parameters, np.float32([[3, 1, 0.25], [1, 0, 0], [0.002, 0, 0]]))
    assert program.image == POWER_OF_TWO
    assert program.counts.tolist() == [True, False]
    assert Program.of(STEPS.validate_python([{"step": "normalise", "norm": "l2"}])).image == L2
