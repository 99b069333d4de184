"""The one door to QKeras' quantizers: fixed-point numbers in training, always with alpha = 1.

QKeras counts integer bits without the sign; `ap_fixed` counts it in. QKeras rounds half to even and saturates. Its
quantizers fail on negative integer bits (they raise 2 to an integer power in integer arithmetic), so these are refused
here by name.
"""

from __future__ import annotations

from typing import Any

from qkeras.quantizers import BaseQuantizer, quantized_bits, quantized_relu
from qkeras.utils import _add_supported_quantized_objects

from data_prep.errors import ConfigurationError
from data_prep.fixed_point import FixedType
from models.layers.symmetric_layers import SYMMETRIC
from models.layers.transposed import QuantizedConv2DTranspose
from models.quantization.channel_quantizer import quantized_bits_by_channel
from models.quantization.digit_quantizer import quantized_digits
from models.quantization.number_settings import WeightSettings
from models.quantization.quantizer_types import require_computable
from models.settings import QuantizerSettings


def signed(settings: QuantizerSettings) -> quantized_bits:
    """A quantizer for biases and signed activations: values from -2**integer to 2**integer - step.

    >>> str(signed(QuantizerSettings(bits=6, integer=1)))
    'quantized_bits(6,1,0,alpha=1)'
    """
    return quantized_bits(settings.bits, settings.integer, alpha=1)


def weights(settings: WeightSettings, key: str, channels: int, axis: int = -1) -> quantized_bits:
    """A quantizer for the weights of a layer, with one width for all or with bits by channel.

    Args:
        settings: one width for all channels, a list, or a mean; signed digits at most.
        key: where they stand in `model.yaml`, for the message.
        channels: output channels of the kernel.
        axis: of the kernel along which they lie.

    Raises:
        ConfigurationError: a list of another length.
    """
    if isinstance(settings.bits, tuple):
        if len(settings.bits) != channels:
            what = f"'{key}.bits' holds {len(settings.bits)} widths for {channels} output channels"
            raise ConfigurationError(what, remedy="give one for each")
        widest, by_channel = max(settings.bits), settings.bits
    else:
        widest, by_channel = settings.bits, None
    if settings.digits is not None:
        return quantized_digits(widest, settings.integer, settings.digits, by_channel, settings.mean_bits, axis)
    if by_channel or settings.mean_bits is not None:
        return quantized_bits_by_channel(widest, settings.integer, by_channel, settings.mean_bits, axis)
    return quantized_bits(widest, settings.integer, alpha=1)


def unsigned(settings: QuantizerSettings) -> quantized_relu:
    """A quantizer that is a rectifier too: values from 0 to 2**integer - step.

    >>> str(unsigned(QuantizerSettings(bits=6, integer=2)))
    'quantized_relu(6,2)'
    """
    return quantized_relu(settings.bits, settings.integer)


def from_type(kind: FixedType) -> BaseQuantizer:
    """The quantizer whose values are those of a fixed-point type.

    >>> str(from_type(FixedType(6, 2, True, "RND_CONV", "SAT")))
    'quantized_bits(6,1,0,alpha=1)'
    >>> str(from_type(FixedType(8, 0, False, "RND_CONV", "SAT")))
    'quantized_relu(8,0)'

    Raises:
        ValueError: for a type that no QKeras quantizer has: other than `AP_RND_CONV` and `AP_SAT` (or `AP_SAT_SYM` with
            a sign), one bit with a sign, negative integer bits, or so many bits that QKeras does not compute it.
    """
    integer = kind.integer - int(kind.signed)
    symmetric = kind.overflow == "SAT_SYM"
    if kind.rounding != "RND_CONV" or kind.overflow not in ("SAT", "SAT_SYM") or (symmetric and not kind.signed):
        raise ValueError(f"QKeras rounds half to even and saturates, {kind.name} does not")
    if integer < 0 or kind.width - int(kind.signed) < 1:
        raise ValueError(f"QKeras has no quantizer with the bits of {kind.name}")
    if kind.signed:
        found = quantized_bits(kind.width, integer, symmetric=int(symmetric), alpha=1)
    else:
        found = quantized_relu(kind.width, integer)
    require_computable(found)
    return found


def custom_objects() -> dict[str, Any]:
    """The classes of QKeras and of this project by the names under which model files mention them."""
    found: dict[str, Any] = {}
    _add_supported_quantized_objects(found)
    own = {each.__name__: each for each in (QuantizedConv2DTranspose, quantized_bits_by_channel)}
    return found | own | SYMMETRIC
