"""A quantizer whose numbers have few signed digits: while a network is trained, plain quantizers are stored.

Its numbers are some of those of `quantized_bits`, so weights that it has rounded lie on the grid of the plain
quantizer, which changes them no further (`models.quantization.plain_quantizers`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf
from qkeras.quantizers import quantized_bits

from models.quantization.channel_quantizer import quantized_bits_by_channel
from models.quantization.signed_digits import MOST, nearest


class quantized_digits(quantized_bits_by_channel):
    """`quantized_bits` (alpha = 1, signed) with a number of signed digits that a weight has at most.

    Args:
        bits: of all weights, or of the widest channel.
        integer: bits before the point, without the sign.
        digits: signed digits at most; None for as many as there are.
        by_channel, mean_bits, axis: as of `quantized_bits_by_channel`.

    Attributes:
        limits: int [of the shape of the weights], the digits that each has at most; None for `digits` everywhere.

    >>> quantized_digits(6, 0, 2)(tf.constant([0.34375, -0.71875, 2.0])).numpy().tolist()
    [0.375, -0.75, 0.96875]
    """

    def __init__(
        self,
        bits: int,
        integer: int = 0,
        digits: int | None = None,
        by_channel: Sequence[int] | str | None = None,
        mean_bits: float | None = None,
        axis: int = -1,
    ) -> None:
        super().__init__(bits, integer, by_channel, mean_bits, axis)
        self.digits = digits
        self.limits: npt.NDArray[np.int64] | None = None

    def __str__(self) -> str:
        text = super().__str__()
        return text if self.digits is None else f"{text[:-1]},digits={self.digits})"

    def __call__(self, x: Any) -> Any:
        """Round to the nearest number of few digits, saturate; the gradient passes."""
        x = tf.convert_to_tensor(x)
        rounded = self.rounded(x)
        return x + tf.stop_gradient(rounded - x) if self.use_ste else tf.stop_gradient(rounded)

    def rounded(self, x: Any, limits: npt.NDArray[np.int64] | None = None) -> Any:
        """The numbers themselves, without a gradient.

        Args:
            x: weights.
            limits: digits that each has at most, in place of those of the quantizer.

        Raises:
            ValueError: when the weights have another shape than the limits, or other channels than there are widths.
        """
        x = tf.convert_to_tensor(x)
        limits = self.limits if limits is None else limits
        if limits is None:
            limits = np.full(x.shape, MOST if self.digits is None else self.digits)
        if limits.shape != tuple(x.shape):
            raise ValueError(f"limits of weights [{limits.shape}] for weights [{tuple(x.shape)}]")
        widths = np.broadcast_to(self._widths(len(limits.shape)), limits.shape)
        found = tf.zeros_like(x)
        for bits, digits in sorted(set(zip(widths.ravel().tolist(), limits.ravel().tolist(), strict=True))):
            chosen = (widths == bits) & (limits == digits)
            found = tf.where(chosen, nearest(x, bits, self.integer, digits), found)
        return found

    def _widths(self, axes: int) -> npt.NDArray[np.int64]:
        """Bits of each weight, to be broadcast."""
        if self.by_channel is None:
            return np.full((1,) * axes, self.bits)
        shape = [1] * axes
        shape[self.axis] = -1
        return np.reshape(np.asarray(self.by_channel), shape)

    @property
    def plain(self) -> quantized_bits:
        """The quantizer that changes no number of this one."""
        if self.by_channel is None:
            return quantized_bits(self.bits, self.integer, alpha=1)
        return quantized_bits_by_channel(self.bits, self.integer, self.by_channel, axis=self.axis)

    def get_config(self) -> dict[str, Any]:
        """The arguments that the quantizer was made with."""
        return super().get_config() | {"digits": self.digits}


def of(quantizer: quantized_bits) -> quantized_digits:
    """The quantizer with the same numbers whose digits can be limited."""
    if isinstance(quantizer, quantized_digits):
        return quantizer
    if isinstance(quantizer, quantized_bits_by_channel):
        return quantized_digits(quantizer.bits, quantizer.integer, by_channel=quantizer.by_channel, axis=quantizer.axis)
    return quantized_digits(int(quantizer.bits), int(quantizer.integer))
