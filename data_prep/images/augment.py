"""Training augmentation: images turned and mirrored about their centre, at random, as if the jets had been.

Acts on finished sparse images. Turns of the lattice (by 90° on the square grid, by 60° on the hexagonal one) and
mirrors move pixels as they are; any other turn shares each lit pixel among its neighbours.
"""

from __future__ import annotations

from functools import cache
from typing import Literal, cast

import numpy as np
import numpy.typing as npt

from data_prep.grids.grid import Grid
from data_prep.grids.lattice import OUTSIDE, Matrix, moved, powers, product
from data_prep.images.batch import ImageBatch
from data_prep.settings import Settings
from data_prep.system.compiled import compiled

Float32 = npt.NDArray[np.float32]
Float64 = npt.NDArray[np.float64]
Int64 = npt.NDArray[np.int64]

_HALF_SQRT_3 = np.sqrt(3) / 2


class AugmentationSettings(Settings):
    """The section `augmentation` of train.yaml: what is done to each training image, anew in every epoch."""

    rotation: Literal["none", "lattice", "any"] = "none"
    """Turn by nothing; by turns of the lattice, which move pixels as they are; or by any angle, all equally likely."""
    flip: bool = False
    """Whether every other image, at random, is mirrored."""

    @property
    def active(self) -> bool:
        """Whether anything is done."""
        return self.rotation != "none" or self.flip


def require_turnable(grid: Grid) -> None:
    """Make sure that images on this grid can be turned about their centre.

    Raises:
        ValueError: they have none.
    """
    if grid.turn is None:
        raise ValueError("images of towers are in absolute η and φ and cannot be rotated about a centre: leave it out")


def augmented(batch: ImageBatch, grid: Grid, settings: AugmentationSettings, rng: np.random.Generator) -> Float32:
    """The images of a batch, each turned and mirrored at random, and made dense.

    Args:
        batch: the images.
        grid: their pixels.
        settings: what is done.
        rng: the source of all choices.

    Returns:
        float32 [n, rows, columns, channels].

    Raises:
        ValueError: a grid whose images cannot be turned.
    """
    mirrored = rng.integers(0, 2, len(batch)).astype(np.bool_) if settings.flip else np.zeros(len(batch), np.bool_)
    if settings.rotation == "any":
        return turned(batch, grid, rng.uniform(0, 2 * np.pi, len(batch)), mirrored)
    turns = rng.integers(0, order(grid), len(batch)) if settings.rotation == "lattice" else np.zeros(len(batch), int)
    return lattice_turned(batch, grid, turns, mirrored)


def order(grid: Grid) -> int:
    """How many turns of the lattice make a full turn.

    Raises:
        ValueError: a grid whose images cannot be turned.
    """
    return len(powers(_turn(grid)))


def _turn(grid: Grid) -> Matrix:
    require_turnable(grid)
    return cast(Matrix, grid.turn)


def lattice_turned(batch: ImageBatch, grid: Grid, turns: Int64, mirrored: npt.NDArray[np.bool_]) -> Float32:
    """Images mirrored in φ where so wanted, then turned from η to φ by so many turns of the lattice, and made dense.

    Args:
        batch: the images.
        grid: their pixels.
        turns: int64 [n], in 0 to `order` - 1.
        mirrored: bool [n].
    """
    dense = np.zeros((len(batch), *batch.shape), np.float32)
    element = np.asarray(turns, np.int64) + order(grid) * mirrored
    flat = dense.reshape(len(batch), -1)
    _permute(batch.offsets, batch.pixel, batch.value, targets(grid), element, batch.shape[2], flat)
    return dense


@cache
def targets(grid: Grid) -> Int64:
    """Where every pixel goes: int64 [2 · order, rows · columns], the turns, then the turns of the mirrored image.

    Pixels outside the hexagon go nowhere and are 0.
    """
    turns = powers(_turn(grid))
    mirrored = [product(turn, cast(Matrix, grid.mirror)) for turn in turns]
    places = np.stack([moved(matrix, grid.mask()).ravel() for matrix in (*turns, *mirrored)])
    inside = np.where(places == OUTSIDE, 0, places)
    inside.setflags(write=False)
    return inside


def turned(batch: ImageBatch, grid: Grid, angle: Float64, mirrored: npt.NDArray[np.bool_]) -> Float32:
    """Images mirrored in φ where so wanted, then turned from η to φ by any angle, and made dense.

    The value of a pixel is shared among the pixels whose centres enclose the place where its own centre comes to lie,
    four on the square grid (bilinear), three on the hexagonal one (linear), so that their sum stays. What would fall
    outside is given to those inside. A pixel that comes to lie outside the grid is lost, as of a jet that was turned.

    Args:
        batch: the images.
        grid: their pixels.
        angle: float64 [n], rad.
        mirrored: bool [n].
    """
    require_turnable(grid)
    dense = np.zeros((len(batch), *batch.shape), np.float32)
    flat = dense.reshape(len(batch), -1)
    _share(
        batch.offsets,
        batch.pixel,
        batch.value,
        np.cos(angle),
        np.sin(angle),
        mirrored,
        order(grid) == 6,
        grid.mask(),
        batch.shape[2],
        flat,
    )
    return dense


@compiled
def _permute(
    offsets: Int64,
    pixel: npt.NDArray[np.uint16],
    value: Float32,
    target: Int64,
    element: Int64,
    channels: int,
    dense: Float32,
) -> None:
    for image in range(offsets.size - 1):
        for k in range(offsets[image], offsets[image + 1]):
            at, channel = pixel[k] // channels, pixel[k] % channels
            dense[image, target[element[image], at] * channels + channel] = value[k]


@compiled
def _share(
    offsets: Int64,
    pixel: npt.NDArray[np.uint16],
    value: Float32,
    cosine: Float64,
    sine: Float64,
    mirrored: npt.NDArray[np.bool_],
    hexagonal: bool,
    mask: npt.NDArray[np.bool_],
    channels: int,
    dense: Float32,
) -> None:
    rows, columns = mask.shape
    middle = (rows - 1) / 2
    weight = np.empty((2, 2), np.float64)
    for image in range(offsets.size - 1):
        c, s = cosine[image], sine[image]
        for k in range(offsets[image], offsets[image + 1]):
            at, channel = divmod(int(pixel[k]), channels)
            x, y = at // columns - middle, at % columns - middle
            if hexagonal:
                x, y = x + y / 2, y * _HALF_SQRT_3
            if mirrored[image]:
                y = -y
            x, y = c * x - s * y, s * x + c * y
            if hexagonal:
                y /= _HALF_SQRT_3
                x -= y / 2
            row, column = int(np.floor(x + middle)), int(np.floor(y + middle))
            f, g = x + middle - row, y + middle - column
            if not hexagonal:
                weight[0, 0], weight[0, 1], weight[1, 0], weight[1, 1] = (
                    (1 - f) * (1 - g),
                    (1 - f) * g,
                    f * (1 - g),
                    f * g,
                )
            elif f + g <= 1:
                weight[0, 0], weight[0, 1], weight[1, 0], weight[1, 1] = 1 - f - g, g, f, 0
            else:
                weight[0, 0], weight[0, 1], weight[1, 0], weight[1, 1] = 0, 1 - f, 1 - g, f + g - 1
            total = best = 0.0
            most = 0.0
            for i in range(2):
                for j in range(2):
                    most = max(most, weight[i, j])
                    if 0 <= row + i < rows and 0 <= column + j < columns and mask[row + i, column + j]:
                        total += weight[i, j]
                        best = max(best, weight[i, j])
                    else:
                        weight[i, j] = 0
            if best < most:
                continue  # the nearest pixel lies outside
            for i in range(2):
                for j in range(2):
                    if weight[i, j] > 0:
                        to = ((row + i) * columns + column + j) * channels + channel
                        dense[image, to] += np.float32(value[k] * (weight[i, j] / total))
