"""A quantizer that gives every output channel its own number of bits, in one common type.

All channels have the bits before the point in common; a narrower one has fewer behind it. Its values lie on the grid of
the widest channel, so one fixed-point type holds all of them: what reads the weights of a layer by one type (lowering,
HLS) stays exact, and logic made of the integers themselves has shorter constants where a channel is narrow.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf
from qkeras.quantizers import quantized_bits


class quantized_bits_by_channel(quantized_bits):  # type: ignore[misc]
    """`quantized_bits` (alpha = 1, signed) with a number of bits for every output channel.

    Args:
        bits: of the widest channel that there may be.
        integer: bits before the point, without the sign, of all channels.
        by_channel: bits of each channel, or their text `6_4_4`; all have `bits` where nothing is said yet.
        mean_bits: what `models.quantization.channel_bits` is to choose `by_channel` by.
        axis: of the weights, along which the output channels lie.

    >>> halves = quantized_bits_by_channel(4, 0, by_channel=[4, 2])
    >>> halves(tf.constant([[0.3, 0.3], [-0.7, -0.7], [2.0, 2.0]])).numpy().tolist()
    [[0.25, 0.5], [-0.75, -0.5], [0.875, 0.5]]
    """

    def __init__(
        self,
        bits: int,
        integer: int = 0,
        by_channel: Sequence[int] | str | None = None,
        mean_bits: float | None = None,
        axis: int = -1,
    ) -> None:
        super().__init__(bits, integer, alpha=1)
        found = by_channel.split("_") if isinstance(by_channel, str) else by_channel
        self.by_channel = None if found is None else tuple(int(each) for each in found)
        self.mean_bits = mean_bits
        self.axis = axis
        if self.by_channel is not None and not 2 <= min(self.by_channel) <= max(self.by_channel) <= bits:
            raise ValueError(f"bits of channels are 2 to {bits}, not {self.by_channel}")

    def __str__(self) -> str:
        text = f"{self.bits},{self.integer},axis={self.axis}"
        if self.by_channel is not None:
            text += f",by_channel='{'_'.join(map(str, self.by_channel))}'"
        if self.mean_bits is not None:
            text += f",mean_bits={self.mean_bits}"
        return f"{type(self).__name__}({text})"

    def __call__(self, x: Any) -> Any:
        """Round half to even to the steps of the channel, saturate."""
        if self.by_channel is None:
            return super().__call__(x)
        x = tf.convert_to_tensor(x)
        quantized = rounded(x, self.by_channel, self.integer, self.axis)
        return x + tf.stop_gradient(quantized - x) if self.use_ste else tf.stop_gradient(quantized)

    def decide(self, by_channel: Sequence[int]) -> None:
        """Give the channels their bits, once and for all."""
        self.by_channel, self.mean_bits = tuple(by_channel), None

    def get_config(self) -> dict[str, Any]:
        """The arguments that the quantizer was made with, for model files."""
        names = ("bits", "integer", "by_channel", "mean_bits", "axis")
        return {name: getattr(self, name) for name in names}


def rounded(x: Any, by_channel: Sequence[int], integer: int, axis: int) -> Any:
    """The values of `quantized_bits_by_channel`.

    Raises:
        ValueError: when there are other channels along the axis than widths.
    """
    if x.shape[axis] != len(by_channel):
        raise ValueError(f"{len(by_channel)} widths for weights of {x.shape[axis]} output channels")
    shape = [1] * len(x.shape)
    shape[axis] = -1
    steps = 2.0 ** (integer + 1 - np.reshape(np.asarray(by_channel, np.float32), shape))
    ends = 2.0**integer / steps
    return tf.clip_by_value(tf.round(x / steps), -ends, ends - 1) * steps
