"""A quantizer as logic gives what the type's own cast gives, in every corner of a small number system."""

from __future__ import annotations

from typing import Any, get_args

import numpy as np
import pytest

from data_prep.fixed_point import FixedType
from hls_projects.rtl.logic.passes import run
from hls_projects.rtl.logic.quantizer import OVERFLOWS, ROUNDINGS, Form, quantize
from hls_projects.rtl.logic.trace import logic_of
from hls_projects.rtl.logic.values import fresh, objects, variable

FRACTION = 4
"""Sources lie on steps of 1/16 and more, targets on steps of 1/4 and coarser, so that up to four bits are rounded."""
TARGETS = [(1, 0), (2, 1), (2, 4), (3, 1), (4, 3), (3, -1), (5, 3)]
STEPS = (0, 1, 2, 3, 4, 6)
INTERVALS = [(0, 0), (0, 1), (1, 1), (-1, 0), (-1, -1), (0, 7), (-5, 4), (3, 5), (-5, -2)]


def _types(rounding: str, overflow: str) -> list[FixedType]:
    kinds = [
        FixedType(width, integer, signed, rounding, overflow)  # type: ignore[arg-type]
        for width, integer in TARGETS
        for signed in (False, True)
    ]
    return [
        number_format
        for number_format in kinds
        if overflow != "SAT_SYM" or (number_format.signed and number_format.width > 1)
    ]


def _check(sources: list[tuple[Any, Any, np.ndarray]], kinds: list[FixedType], form: Form) -> None:
    """Hold the casts of some values, each made of a fresh one, to all types against the types' own.

    Args:
        sources: the fresh value; the value to cast; raw integers that it takes, `FRACTION` bits behind the point, in
            the order of those that the fresh one takes.
        kinds: types.
        form: of saturation.
    """
    inputs, outputs, expected = [], [], []
    longest = max(len(raw) for _, _, raw in sources)
    given = np.zeros((longest, len(sources)))
    for number, (source, value, raw) in enumerate(sources):
        inputs.append(source)
        given[:, number] = np.resize(np.arange(source.low, source.high + source.step, source.step), longest)
        for target in kinds:
            outputs.append(variable(quantize(value, target, form)))
            expected.append(target.to_float(target.cast(np.resize(raw, longest), FRACTION)))
    results = run([logic_of(objects(inputs), objects(outputs))], given)
    for column, wanted in enumerate(expected):
        number, target = divmod(column, len(kinds))
        np.testing.assert_array_equal(results[:, column], wanted, f"{sources[number][2]}/16 to {kinds[target]}, {form}")


@pytest.mark.parametrize("form", get_args(Form))
@pytest.mark.parametrize("overflow", OVERFLOWS)
@pytest.mark.parametrize("rounding", ROUNDINGS)
def test_every_offset_step_and_interval(rounding: str, overflow: str, form: Form) -> None:
    """Numbers of one step and one offset, each offset on the finest grid: also where all values are ties."""
    kinds = _types(rounding, overflow)
    for bits in STEPS:
        step = 1 << bits
        sources = []
        for low, high in INTERVALS:
            for offset in range(step if bits < 5 else 16):
                source = fresh(float(low), float(high), 1.0)
                value = source * np.ldexp(step, -FRACTION) + np.ldexp(offset, -FRACTION)
                sources.append((source, value, np.arange(low, high + 1) * step + offset))
        _check(sources, kinds, form)


@pytest.mark.parametrize("form", get_args(Form))
@pytest.mark.parametrize("overflow", OVERFLOWS)
@pytest.mark.parametrize("rounding", ROUNDINGS)
def test_every_constant(rounding: str, overflow: str, form: Form) -> None:
    """As of a filter without weights: all numbers from -6 to 6 in steps of 1/16."""
    sources = []
    for number in range(-96, 97):
        source = fresh(0.0, 1.0, 1.0)
        sources.append((source, variable(np.ldexp(float(number), -FRACTION)) + source * 0.0, np.array([number])))
    _check(sources, _types(rounding, overflow), form)


@pytest.mark.parametrize("overflow", OVERFLOWS)
def test_constants_far_out_of_range(overflow: str) -> None:
    for number in (2.0**80, -(2.0**80), 2.0**-80, -(2.0**-80), 2.0**80 + 2.0**40):
        target = FixedType(50, 50, True, "RND_CONV", overflow)  # type: ignore[arg-type]
        (constant,) = {quantize(variable(number), target, form).low for form in get_args(Form)}
        wrapped = 2.0**40 if number == 2.0**80 + 2.0**40 else 0.0
        clipped = min(max(float(round(number)), target.minimum), target.maximum)
        assert constant == (wrapped if overflow == "WRAP" else clipped)
