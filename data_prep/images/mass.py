"""Jet masses from the pixels of an image; the formula is that of `data_prep/jets/mass.py`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from data_prep.grids.grid import Grid
from data_prep.images.channels import of_norm
from data_prep.system.compiled import compiled

Float32 = npt.NDArray[np.float32]
Float64 = npt.NDArray[np.float64]
Int64 = npt.NDArray[np.int64]


def image_mass(
    offsets: Int64,
    pixel: npt.NDArray[np.uint16],
    value: Float32,
    scale: Float32,
    grid: Grid,
    channels: Sequence[str] = ("pt",),
) -> Float32:
    """The mass of jets from their images, each pixel a massless particle at the pixel's centre.

    Args:
        offsets: int64 [images + 1].
        pixel: uint16 [lit], (row · columns + column) · channels + channel.
        value: float32 [lit], pT.
        scale: float32 [images], what the pixels were divided by.
        grid: where the centres are.
        channels: of a pixel; its pT is that of the channel `pt`, or where there is none of all channels of pT together.

    Returns:
        float32 [images], GeV.
    """
    eta, phi = (centre.ravel() / 2 for centre in grid.centres())
    table = np.stack(
        [
            2 * (np.sinh(eta) ** 2 + np.sin(phi) ** 2),
            2 * (np.cosh(eta) ** 2 - np.sin(phi) ** 2),
            np.sin(2 * phi),
            np.sinh(2 * eta),
        ]
    )
    if len(channels) > 1 or channels[0] != "pt":
        table = (table[:, :, np.newaxis] * of_norm(channels)).reshape(4, -1)
    return _image_mass(offsets, pixel, value, scale, table)


@compiled
def _image_mass(
    offsets: Int64, pixel: npt.NDArray[np.uint16], value: Float32, scale: Float32, table: Float64
) -> Float32:
    mass = np.zeros(offsets.size - 1, np.float32)
    for image in range(offsets.size - 1):
        minus = plus = y = z = 0.0
        for i in range(offsets[image], offsets[image + 1]):
            k = pixel[i]
            minus += value[i] * table[0, k]
            plus += value[i] * table[1, k]
            y += value[i] * table[2, k]
            z += value[i] * table[3, k]
        mass[image] = scale[image] * np.sqrt(max(0.0, minus * plus - y * y - z * z))
    return mass
