"""Memory offsets of the numbers that a step of the fast emulator reads: with borders of zeros, and by window."""

from __future__ import annotations

import numpy as np

from hls_projects.emulator.plan import Offsets, Tensor
from hls_projects.network.integer_ops import Zeros

Pool = tuple[tuple[int, int], tuple[int, int]]
"""Window and strides of a pooling."""
ZERO = 0
"""Offset of a number that is always zero, as wide as the widest."""


def padded(offset: Offsets, zeros: Zeros) -> Offsets:
    """Offsets with `ZERO` around them."""
    return np.pad(offset, [*zeros, (0, 0)], constant_values=ZERO)


def bordered(x: Tensor, zeros: Zeros) -> Offsets:
    """Offsets of a tensor and of the zeros around it in the arena; `ZERO` where the arena has none there."""
    around = padded(x.offset, zeros)
    if x.room is None:
        return around
    (top, bottom), (left, right) = zeros
    first = x.corner[0] - top, x.corner[1] - left
    last = x.corner[0] + x.offset.shape[0] + bottom, x.corner[1] + x.offset.shape[1] + right
    if min(first) < 0 or last[0] > x.room.shape[0] or last[1] > x.room.shape[1]:
        return around
    return x.room[first[0] : last[0], first[1] : last[1]]


def regular(windows: Offsets) -> bool:
    """Whether all windows equal the first one, shifted."""
    return bool((np.ptp(windows - windows[:1], axis=(1, 2)) == 0).all())


def windows_of(offset: Offsets, pool: Pool) -> Offsets:
    """Offsets [elements, window] of each pooled element."""
    window, strides = pool
    views = np.lib.stride_tricks.sliding_window_view(offset, window, axis=(0, 1))  # type: ignore[call-overload]
    return np.asarray(views[:: strides[0], :: strides[1]].reshape(-1, window[0] * window[1]))
