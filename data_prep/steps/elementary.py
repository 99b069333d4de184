"""Elementary functions in float32, branch-free, so that a loop over them becomes vector instructions.

The C library's functions are called one number at a time and differ in the last bit between its versions. These are
plain arithmetic: tens of times faster in a loop and the same bits on every machine. Each is right to a few units in
the last place on the stated domain (tests/data_prep/steps/test_elementary.py); NaN gives NaN.

Source of the polynomials: S. L. Moshier, Cephes Mathematical Library, single precision (`logf`, `asinhf`, `atanf`,
`sinf`, `cosf`, `expf`, `sinhf`).
"""

from __future__ import annotations

import numpy as np

from data_prep.system.compiled import inlined

_f = np.float32
_ONE, _HALF, _TWO = _f(1), _f(0.5), _f(2)
_SQRT_2 = _f(np.sqrt(2))
_PI, _HALF_PI, _QUARTER_PI = _f(np.pi), _f(np.pi / 2), _f(np.pi / 4)
_TWO_OVER_PI = _f(2 / np.pi)
_LOG2_E = _f(1 / np.log(2))
_TAN_PI_8 = _f(np.tan(np.pi / 8))

# ln 2 and pi/2 as sums of parts whose products with small integers are exact
_LN2_HIGH, _LN2_LOW = _f(0.693359375), _f(-2.12194440e-4)
_HALF_PI_A, _HALF_PI_B, _HALF_PI_C = _f(1.5703125), _f(4.837512969970703125e-4), _f(7.54978995489188216e-8)

_EXPONENT_BIAS, _MANTISSA_BITS = np.int32(127), np.int32(23)
_MANTISSA_MASK, _ONE_BITS = np.int32(0x007FFFFF), np.int32(0x3F800000)

_LOG = tuple(
    _f(c)
    for c in (
        7.0376836292e-2,
        -1.1514610310e-1,
        1.1676998740e-1,
        -1.2420140846e-1,
        1.4249322787e-1,
        -1.6668057665e-1,
        2.0000714765e-1,
        -2.4999993993e-1,
        3.3333331174e-1,
    )
)
_ASINH = tuple(_f(c) for c in (2.0122003309e-2, -4.2699340972e-2, 7.4847586088e-2, -1.6666288134e-1))
_ATAN = tuple(_f(c) for c in (8.05374449538e-2, -1.38776856032e-1, 1.99777106478e-1, -3.33329491539e-1))
_SIN = tuple(_f(c) for c in (-1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1))
_COS = tuple(_f(c) for c in (2.443315711809948e-5, -1.388731625493765e-3, 4.166664568298827e-2))
_EXP = tuple(
    _f(c)
    for c in (1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1)
)
_SINH = tuple(_f(c) for c in (2.03721912945e-4, 8.33028376239e-3, 1.66667160211e-1))


@inlined
def log(x: np.float32) -> np.float32:
    """Natural logarithm of a positive normal number."""
    bits = np.float32(x).view(np.int32)
    exponent = np.int32((bits >> _MANTISSA_BITS) - _EXPONENT_BIAS)
    mantissa = np.int32((bits & _MANTISSA_MASK) | _ONE_BITS).view(np.float32)
    large = mantissa > _SQRT_2
    power = _f(exponent) + (_ONE if large else _f(0))
    f = (mantissa * _HALF if large else mantissa) - _ONE
    z = f * f
    y = _LOG[0] * f + _LOG[1]
    y = y * f + _LOG[2]
    y = y * f + _LOG[3]
    y = y * f + _LOG[4]
    y = y * f + _LOG[5]
    y = y * f + _LOG[6]
    y = y * f + _LOG[7]
    y = y * f + _LOG[8]
    y = y * f * z + _LN2_LOW * power - _HALF * z
    return f + y + _LN2_HIGH * power


@inlined
def asinh(x: np.float32) -> np.float32:
    """Inverse hyperbolic sine for |x| < 10^18; infinite beyond."""
    a = abs(x)
    far = log(a + np.sqrt(a * a + _ONE))
    z = a * a
    y = _ASINH[0] * z + _ASINH[1]
    y = y * z + _ASINH[2]
    y = y * z + _ASINH[3]
    near = y * z * a + a
    r = near if a < _HALF else far
    r = _f(np.inf) if a > _f(1e18) else r
    r = r if a == a else a
    return -r if x < 0 else r


@inlined
def atan2(y: np.float32, x: np.float32) -> np.float32:
    """Angle of the vector (x, y) in [-π, π]; 0 for the null vector."""
    a, b = abs(x), abs(y)
    small, large = (a, b) if a < b else (b, a)
    t = small / (large if large != 0 else _ONE)
    steep = t > _TAN_PI_8
    u = (t - _ONE) / (t + _ONE) if steep else t
    z = u * u
    p = _ATAN[0] * z + _ATAN[1]
    p = p * z + _ATAN[2]
    p = p * z + _ATAN[3]
    r = p * z * u + u + (_QUARTER_PI if steep else _f(0))
    r = _HALF_PI - r if a < b else r
    r = _PI - r if x < 0 else r
    return -r if y < 0 else r


@inlined
def sin_cos(x: np.float32) -> tuple[np.float32, np.float32]:
    """Sine and cosine for |x| < 100."""
    quarter = np.rint(x * _TWO_OVER_PI)
    q = np.int32(quarter)
    r = x - quarter * _HALF_PI_A - quarter * _HALF_PI_B - quarter * _HALF_PI_C
    z = r * r
    s = _SIN[0] * z + _SIN[1]
    s = s * z + _SIN[2]
    s = s * z * r + r
    c = _COS[0] * z + _COS[1]
    c = c * z + _COS[2]
    c = c * z * z - _HALF * z + _ONE
    swap = (q & np.int32(1)) == 1
    sine, cosine = (c, s) if swap else (s, c)
    sine = -sine if (q & np.int32(2)) == 2 else sine
    cosine = -cosine if ((q + np.int32(1)) & np.int32(2)) == 2 else cosine
    return sine, cosine


@inlined
def sinh_cosh(x: np.float32) -> tuple[np.float32, np.float32]:
    """Hyperbolic sine and cosine for |x| < 80; wrong but finite or infinite beyond."""
    a = abs(x)
    n = np.rint(a * _LOG2_E)
    n = n if n < _f(127) else _f(127)
    r = a - n * _LN2_HIGH - n * _LN2_LOW
    z = r * r
    e = _EXP[0] * r + _EXP[1]
    e = e * r + _EXP[2]
    e = e * r + _EXP[3]
    e = e * r + _EXP[4]
    e = e * r + _EXP[5]
    e = e * z + r + _ONE
    scale = np.int32((np.int32(n) + _EXPONENT_BIAS) << _MANTISSA_BITS).view(np.float32)
    e = e * scale
    inverse = _ONE / e
    w = a * a
    s = _SINH[0] * w + _SINH[1]
    s = s * w + _SINH[2]
    s = s * w * a + a
    s = s if a < _ONE else _HALF * (e - inverse)
    return (-s if x < 0 else s), _HALF * (e + inverse)
