"""Quantizers as text, as the layers of this project keep them in model files."""

from __future__ import annotations

from qkeras.quantizers import BaseQuantizer, get_quantizer
from qkeras.safe_eval import safe_eval

from models.quantization.channel_quantizer import quantized_bits_by_channel
from models.quantization.digit_quantizer import quantized_digits

_OWN = {each.__name__: each for each in (quantized_bits_by_channel, quantized_digits)}


def quantizer_of(text: str) -> BaseQuantizer:
    """The quantizer that a text stands for, one of QKeras' or of this project.

    >>> str(quantizer_of("quantized_bits_by_channel(6,0,axis=-1,by_channel='6_4_4')"))
    "quantized_bits_by_channel(6,0,axis=-1,by_channel='6_4_4')"
    >>> str(quantizer_of("quantized_digits(6,0,axis=-1,digits=2)"))
    'quantized_digits(6,0,axis=-1,digits=2)'
    """
    return safe_eval(text, dict(_OWN)) if text.partition("(")[0] in _OWN else get_quantizer(text)
