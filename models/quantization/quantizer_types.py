"""What a QKeras quantizer is as a fixed-point type.

QKeras counts integer bits without the sign, `ap_fixed` with it; QKeras rounds half to even (`AP_RND_CONV`) and
saturates (`AP_SAT`, or `AP_SAT_SYM` where it is symmetric).
"""

from __future__ import annotations

from typing import Any

from qkeras.quantizers import BaseQuantizer, bernoulli, quantized_bits, quantized_relu

from data_prep.fixed_point import MAX_WIDTH, FixedType

_INTEGER_BITS = 31
"""QKeras raises 2 to `integer`, and `quantized_relu` to `bits`, in signed integers of 32 bits."""


class NoFixedTypeError(ValueError):
    """A quantizer whose values are not those of one fixed-point type; the message says why.

    Args:
        reason: why.
        remedy: what to do about it, where that is known.
    """

    def __init__(self, reason: str, remedy: str | None = None) -> None:
        super().__init__(reason)
        self.remedy = remedy


def require_computable(quantizer: BaseQuantizer) -> None:
    """Make sure that QKeras computes the values which a quantizer of weights or activations says it has.

    >>> require_computable(quantized_bits(4, -1, alpha=1))  # doctest: +IGNORE_EXCEPTION_DETAIL
    Traceback (most recent call last):
    NoFixedTypeError: QKeras fails on quantized_bits(4,-1,0,alpha=1): integer is negative

    Raises:
        NoFixedTypeError: when it fails on the number of bits, gives infinite values or NaN, or draws at random.
    """
    if type(quantizer) is bernoulli:
        raise NoFixedTypeError("bernoulli draws its values at random, in inference too", "train with binary(alpha=1)")
    if not isinstance(quantizer, quantized_bits | quantized_relu) or getattr(quantizer, "by_channel", None) is not None:
        return
    bits, integer = int(_number(quantizer.bits)), int(_number(quantizer.integer))
    if integer < 0:
        remedy = f"train with bits={bits - integer} and integer=0, whose steps are the same"
        raise NoFixedTypeError(f"QKeras fails on {quantizer}: integer is negative", remedy)
    power = max(integer, bits) if isinstance(quantizer, quantized_relu) else integer
    if power >= _INTEGER_BITS:
        what = f"QKeras computes 2**{power} of {quantizer} in integers of 32 bits, which do not hold it"
        raise NoFixedTypeError(what, "use no more than 30 bits, and no more than 30 before the point")
    if bits < 1:
        raise NoFixedTypeError(f"{quantizer} has no bits", "give it some")
    if bits > MAX_WIDTH:
        raise NoFixedTypeError(f"{quantizer} has more than {MAX_WIDTH} bits", "use fewer bits")


def activation_type(quantizer: BaseQuantizer) -> FixedType:
    """The type whose `quantize` gives, for every input, the same value as this activation quantizer.

    Args:
        quantizer: `quantized_bits` or `quantized_relu` of QKeras.

    Raises:
        NoFixedTypeError: for any other quantizer, one that QKeras cannot compute, or one with a scale, noise, slope or
            bound that no type has.
    """
    name = type(quantizer).__name__
    if type(quantizer) not in (quantized_bits, quantized_relu):
        raise NoFixedTypeError(f"{name} rounds to values that are not fixed-point numbers")
    require_computable(quantizer)
    if getattr(quantizer, "use_stochastic_rounding", False):
        raise NoFixedTypeError(f"{name} rounds at random")
    if float(_number(getattr(quantizer, "qnoise_factor", 1.0))) != 1.0:
        raise NoFixedTypeError(f"{name} mixes quantized and float values (qnoise_factor is not 1)")
    bits, integer = int(_number(quantizer.bits)), int(_number(quantizer.integer))
    if isinstance(quantizer, quantized_relu):
        return _relu_type(quantizer, bits, integer)
    alpha = quantizer.alpha
    if alpha is not None and (isinstance(alpha, str) or float(_number(alpha)) != 1.0):
        raise NoFixedTypeError(f"{name} scales its output by alpha={alpha!r}, hardware needs alpha=1")
    signed = bool(quantizer.keep_negative)
    if bits - signed < 1:
        raise NoFixedTypeError(f"{name} with {bits} bit and a sign is a sign function")
    overflow = "SAT_SYM" if signed and bool(quantizer.symmetric) else "SAT"
    return FixedType(bits, integer + signed, signed, "RND_CONV", overflow)  # type: ignore[arg-type]


def _relu_type(quantizer: quantized_relu, bits: int, integer: int) -> FixedType:
    if quantizer.use_sigmoid:
        raise NoFixedTypeError("quantized_relu with use_sigmoid is not a rectifier")
    if float(quantizer.negative_slope) != 0.0:
        raise NoFixedTypeError(f"quantized_relu with negative_slope={quantizer.negative_slope} has two step sizes")
    found = FixedType(bits, integer, signed=False, rounding="RND_CONV", overflow="SAT")
    bound = quantizer.relu_upper_bound
    if bound is not None and not quantizer.is_quantized_clip and float(bound) < found.maximum:
        raise NoFixedTypeError(f"quantized_relu is cut at {bound}, below the largest value of its {bits} bits")
    return found


def _number(value: Any) -> Any:
    """Quantizers hold their parameters as numbers or as one-element tensors."""
    return value.numpy().item() if hasattr(value, "numpy") else value
