"""What a QKeras quantizer is as a fixed-point type.

QKeras counts integer bits without the sign, `ap_fixed` with it; QKeras rounds half to even (`AP_RND_CONV`) and
saturates (`AP_SAT`, or `AP_SAT_SYM` where it is symmetric).
"""

from __future__ import annotations

from typing import Any

from qkeras.quantizers import BaseQuantizer, quantized_bits, quantized_relu

from data_prep.fixed_point import FixedType


class NoFixedTypeError(ValueError):
    """A quantizer whose values are not those of one fixed-point type; the message says why."""


def activation_type(quantizer: BaseQuantizer) -> FixedType:
    """The type whose `quantize` gives, for every input, the same value as this activation quantizer.

    Args:
        quantizer: `quantized_bits` or `quantized_relu` of QKeras.

    Raises:
        NoFixedTypeError: for any other quantizer, or one with a scale, noise, slope or bound that no type has.
    """
    name = type(quantizer).__name__
    if type(quantizer) not in (quantized_bits, quantized_relu):
        raise NoFixedTypeError(f"{name} rounds to values that are not fixed-point numbers")
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
