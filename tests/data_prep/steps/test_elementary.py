"""Our float32 functions against numpy's in float64, in units in the last place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from data_prep.steps import elementary
from data_prep.system.compiled import compiled

Array = npt.NDArray[Any]
asinh, atan2, log, sin_cos, sinh_cosh = (
    elementary.asinh,
    elementary.atan2,
    elementary.log,
    elementary.sin_cos,
    elementary.sinh_cosh,
)


@compiled
def _log(x: Array, y: Array) -> None:
    for i in range(x.size):
        y[i] = log(x[i])


@compiled
def _asinh(x: Array, y: Array) -> None:
    for i in range(x.size):
        y[i] = asinh(x[i])


@compiled
def _atan2(y: Array, x: Array, angle: Array) -> None:
    for i in range(x.size):
        angle[i] = atan2(y[i], x[i])


@compiled
def _sin_cos(x: Array, s: Array, c: Array) -> None:
    for i in range(x.size):
        s[i], c[i] = sin_cos(x[i])


@compiled
def _sinh_cosh(x: Array, s: Array, c: Array) -> None:
    for i in range(x.size):
        s[i], c[i] = sinh_cosh(x[i])


def call(function: Callable[..., None], *arguments: Array, results: int = 1) -> list[Array]:
    out = [np.empty_like(arguments[0]) for _ in range(results)]
    function(*arguments, *out)
    return out


def ulps(got: Array, exact: Array) -> float:
    """The largest error in units in the last place of the exact value."""
    return float((np.abs(got.astype(np.float64) - exact) / np.spacing(np.abs(exact.astype(np.float32)))).max())


def signed(magnitude: Array, rng: np.random.Generator) -> Array:
    return (magnitude * rng.choice([-1.0, 1.0], magnitude.size)).astype(np.float32)


def test_log(rng: np.random.Generator) -> None:
    x = np.exp(rng.uniform(-87, 88, 500_000)).astype(np.float32)
    assert ulps(call(_log, x)[0], np.log(x.astype(np.float64))) < 1


def test_asinh(rng: np.random.Generator) -> None:
    x = signed(np.exp(rng.uniform(-40, 41, 500_000)), rng)
    assert ulps(call(_asinh, x)[0], np.arcsinh(x.astype(np.float64))) < 4


def test_atan2(rng: np.random.Generator) -> None:
    y, x = (signed(np.exp(rng.uniform(-30, 30, 500_000)), rng) for _ in range(2))
    assert ulps(call(_atan2, y, x)[0], np.arctan2(y.astype(np.float64), x.astype(np.float64))) < 4


def test_sin_cos(rng: np.random.Generator) -> None:
    x = rng.uniform(-100, 100, 500_000).astype(np.float32)
    s, c = call(_sin_cos, x, results=2)
    # near their zeros the sine and cosine of large angles are right to an absolute 2^-23 only
    assert np.abs(s - np.sin(x.astype(np.float64))).max() < 2**-23
    assert np.abs(c - np.cos(x.astype(np.float64))).max() < 2**-23
    x = rng.uniform(-np.pi / 2, np.pi / 2, 500_000).astype(np.float32)
    assert ulps(call(_sin_cos, x, results=2)[0], np.sin(x.astype(np.float64))) < 2


def test_sinh_cosh(rng: np.random.Generator) -> None:
    x = signed(np.exp(rng.uniform(-40, np.log(80), 500_000)), rng)
    s, c = call(_sinh_cosh, x, results=2)
    assert ulps(s, np.sinh(x.astype(np.float64))) < 2
    assert ulps(c, np.cosh(x.astype(np.float64))) < 2


@pytest.mark.parametrize(
    ("y", "x", "angle"),
    [(0, 0, 0), (0, 1, 0), (1, 0, np.pi / 2), (-1, 0, -np.pi / 2), (0, -1, np.pi), (1, 1, np.pi / 4)],
)
def test_atan2_on_the_axes(y: float, x: float, angle: float) -> None:
    got = call(_atan2, np.array([y], np.float32), np.array([x], np.float32))[0]
    np.testing.assert_array_equal(got, np.float32([angle]))


def test_infinities_and_nan() -> None:
    x = np.array([np.inf, -np.inf, np.nan, 3e38, 0], np.float32)
    np.testing.assert_array_equal(call(_asinh, x)[0], np.float32([np.inf, -np.inf, np.nan, np.inf, 0]))
    assert np.isnan(call(_atan2, x, np.full_like(x, np.nan))[0]).all()
    assert np.isnan(call(_sin_cos, x, results=2)[0][2])
    assert np.isnan(call(_sinh_cosh, x, results=2)[1][2])
