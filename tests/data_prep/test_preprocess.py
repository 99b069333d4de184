"""Which orders of the steps make sense."""

from __future__ import annotations

import pytest
from pydantic import TypeAdapter, ValidationError

from data_prep.preprocess import CENTRE, FLIP, L1, PIXELS_IN_GEV, ROLL, Program, Steps

STEPS = TypeAdapter(Steps)


def steps(*names: str) -> list[dict[str, str]]:
    return [{"step": name} for name in names]


@pytest.mark.parametrize(
    ("names", "codes", "image"),
    [
        (("centre",), [CENTRE], PIXELS_IN_GEV),
        (("centre", "flip"), [CENTRE, FLIP], PIXELS_IN_GEV),
        (("centre", "roll", "flip", "normalise"), [CENTRE, ROLL, FLIP], L1),
    ],
)
def test_sensible_orders_become_a_program(names: tuple[str, ...], codes: list[int], image: int) -> None:
    program = Program.of(STEPS.validate_python(steps(*names)))
    assert program.constituents.tolist() == codes
    assert program.image == image


@pytest.mark.parametrize(
    ("names", "reason"),
    [
        ((), "first step must be 'centre'"),
        (("roll", "centre"), "first step must be 'centre'"),
        (("normalise",), "first step must be 'centre'"),
        (("centre", "flip", "roll"), "'flip' must come after 'roll'"),
        (("centre", "normalise", "roll"), "'normalise' must be the last"),
        (("centre", "roll", "roll"), "'roll' is given twice"),
        (("centre", "centre"), "'centre' is given twice"),
        (("centre", "zoom"), "'zoom'"),
    ],
)
def test_orders_that_make_no_sense_are_refused(names: tuple[str, ...], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        STEPS.validate_python(steps(*names))


def test_an_unknown_norm_is_refused() -> None:
    with pytest.raises(ValidationError, match="'l1'"):
        STEPS.validate_python([{"step": "centre"}, {"step": "normalise", "norm": "l2"}])
