"""Our fixed point against `ap_fixed` itself, compiled by g++, and against the published table of rounding modes."""

from __future__ import annotations

import importlib.util
import itertools
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_prep.fixed_point import FixedType, smallest_type

ROUNDINGS = ("TRN", "TRN_ZERO", "RND", "RND_ZERO", "RND_INF", "RND_MIN_INF", "RND_CONV")
OVERFLOWS = ("WRAP", "SAT", "SAT_ZERO", "SAT_SYM")
SHAPES = ((6, 2, True), (5, 3, False), (4, 0, False), (4, -1, True), (3, 5, True), (1, 1, False), (2, 1, True))

PROGRAM = """
#include "ap_fixed.h"
#include <cstdio>
template <class T> void show() {
    for (int i = -800; i <= 800; i++) {
        double x = i / 32.0;
        T direct = x;
        ap_fixed<20, 10> wide = x;
        T cast = wide;
        std::printf("%.10g %.10g\\n", direct.to_double(), cast.to_double());
    }
}
int main() { BODY }
"""


@pytest.mark.skipif(shutil.which("g++") is None, reason="g++ not found")
def test_every_mode_against_compiled_ap_fixed(tmp_path: Path) -> None:
    spec = importlib.util.find_spec("hls4ml")
    assert spec is not None
    assert spec.origin is not None
    headers = Path(spec.origin).parent / "templates" / "vivado" / "ap_types"
    types = [FixedType(w, i, s, r, o) for (w, i, s), r, o in itertools.product(SHAPES, ROUNDINGS, OVERFLOWS)]  # type: ignore[arg-type]
    source = tmp_path / "show.cpp"
    source.write_text(PROGRAM.replace("BODY", " ".join(f"show<{fixed_type.name}>();" for fixed_type in types)))
    program = tmp_path / "show"
    subprocess.run(["g++", "-std=c++17", "-O0", "-w", f"-I{headers}", str(source), "-o", str(program)], check=True)
    printed = subprocess.run([str(program)], capture_output=True, text=True, check=True).stdout
    table = np.array([line.split() for line in printed.splitlines()], dtype=float).reshape(len(types), -1, 2)
    x = np.arange(-800, 801) / 32.0
    for fixed_type, columns in zip(types, table, strict=True):
        np.testing.assert_array_equal(
            fixed_type.to_float(fixed_type.quantize(x)), columns[:, 0], err_msg=fixed_type.name
        )
        raw = FixedType(20, 10).quantize(x)
        np.testing.assert_array_equal(
            fixed_type.to_float(fixed_type.cast(raw, 10)), columns[:, 1], err_msg=f"cast to {fixed_type.name}"
        )


def test_published_rounding_examples() -> None:
    """UG1399, quantization modes: 1.25 and −1.25 to ap_fixed<3,2>."""
    values = {
        mode: FixedType(3, 2, True, mode, "WRAP").quantize([1.25, -1.25]) / 2  # type: ignore[arg-type]
        for mode in ROUNDINGS
    }
    assert values["RND"].tolist() == [1.5, -1.0]
    assert values["RND_ZERO"].tolist() == [1.0, -1.0]
    assert values["RND_INF"].tolist() == [1.5, -1.5]
    assert values["RND_MIN_INF"].tolist() == [1.0, -1.5]
    assert values["TRN"].tolist() == [1.0, -1.5]
    assert values["TRN_ZERO"].tolist() == [1.0, -1.0]


@given(st.integers(1, 24), st.integers(-4, 12), st.booleans(), st.lists(st.floats(-1e4, 1e4), min_size=1))
def test_quantizing_is_idempotent_monotone_and_in_range(
    width: int, integer: int, signed: bool, values: list[float]
) -> None:
    fixed_type = FixedType(width, integer, signed, "RND_CONV", "SAT")
    raw = fixed_type.quantize(sorted(values))
    assert fixed_type.raw_min <= raw.min() <= raw.max() <= fixed_type.raw_max
    assert (np.diff(raw) >= 0).all()
    np.testing.assert_array_equal(fixed_type.quantize(fixed_type.to_float(raw)), raw)


@given(st.integers(-(2**40), 2**40), st.integers(-(2**40), 2**40), st.integers(-3, 30))
def test_the_smallest_type_holds_both_ends_and_no_narrower_one_does(a: int, b: int, fraction: int) -> None:
    low, high = min(a, b), max(a, b)
    fixed_type = smallest_type(low, high, fraction)
    assert fixed_type.raw_min <= low <= high <= fixed_type.raw_max
    assert fixed_type.fraction == fraction
    if fixed_type.width > 1:
        narrow = FixedType(fixed_type.width - 1, fixed_type.integer - 1, fixed_type.signed)
        assert not narrow.raw_min <= low <= high <= narrow.raw_max


@pytest.mark.parametrize("name", ["ap_fixed<8,1,AP_RND_CONV,AP_SAT>", "ap_ufixed<6,-2,AP_TRN,AP_WRAP>"])
def test_names_are_read_back(name: str) -> None:
    assert FixedType.parse(name).name == name


@pytest.mark.parametrize("name", ["", "float", "ap_fixed<8>", "ap_fixed<0,1>", "ap_fixed<8,1,AP_UP>", "ap_fixed<99,1>"])
def test_other_names_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match="type|width|mode"):
        FixedType.parse(name)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_has_no_fixed_point_form(value: float) -> None:
    with pytest.raises(ValueError, match="NaN and infinite"):
        FixedType(8, 1).quantize([0.0, value])
