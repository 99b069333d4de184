"""Which kernels, strides and pooling windows keep a symmetry: those whose positions are turned into each other.

A layer computes its output at a set of places of its input. Turning the input turns the output only if the group turns
this set into itself about the centre of the image; otherwise the turned image is sampled at other places.
"""

from __future__ import annotations

from models.layers import hexagonal_pooling
from models.layers.window_geometry import Padding, output_size, padding_before
from models.symmetry.groups import Group


class BrokenSymmetryError(ValueError):
    """A layer that would break the symmetry; the message says why, and what would keep it."""


def convolved(group: Group, size: int, kernel: int, stride: int, padding: Padding, *, first: bool) -> int:
    """Rows (and columns) of the map behind a convolution.

    Args:
        group: the symmetry that must be kept.
        size: rows of the map before it.
        kernel: rows of the kernel.
        stride: along both axes.
        padding: `valid` or `same`.
        first: whether its input is the image, which is zero outside the hexagon.

    Raises:
        BrokenSymmetryError: when the symmetry would be lost.
        ValueError: when the kernel does not fit.

    >>> from models.symmetry.groups import GROUPS
    >>> convolved(GROUPS["p4"], 16, 3, 1, "same", first=True), convolved(GROUPS["p6"], 17, 3, 2, "same", first=True)
    (16, 9)
    """
    hexagonal = group.lattice == "hexagonal"
    if hexagonal and kernel % 2 == 0:
        raise BrokenSymmetryError(f"a hexagonal kernel has a pixel in its middle, so its size is odd, not {kernel}")
    if hexagonal and group.order > 1 and padding != "valid" and not first:
        raise BrokenSymmetryError(
            "after the first convolution there are numbers outside the hexagon, and padding would use them: "
            "padding must be 'valid'"
        )
    before = padding_before(size, kernel, stride, padding)
    return _sampled(group, size, kernel, stride, before, output_size(size, kernel, stride, padding))


def pooled(group: Group, size: int, window: int) -> int:
    """Rows of the map behind maximum pooling with this window and stride.

    Raises:
        BrokenSymmetryError: when the symmetry would be lost.
        ValueError: when the window does not fit.

    >>> from models.symmetry.groups import GROUPS
    >>> pooled(GROUPS["p4m"], 16, 2), pooled(GROUPS["p6"], 15, 2)
    (8, 7)
    """
    if window == 1:
        return size
    if group.lattice == "square":
        return _sampled(group, size, window, window, 0, output_size(size, window, window))
    if window != hexagonal_pooling.STRIDE:
        raise BrokenSymmetryError(
            f"hexagonal pooling takes seven pixels around every second one (pooling: 2), not pooling: {window}"
        )
    kernel = hexagonal_pooling.SIZE
    return _sampled(group, size, kernel, window, 0, output_size(size, kernel, window))


def _sampled(group: Group, size: int, kernel: int, stride: int, before: int, outputs: int) -> int:
    """The number of outputs, if their places are symmetric; in doubled coordinates, as an even kernel has no middle."""
    first = kernel - 1 - 2 * before
    last = first + 2 * stride * (outputs - 1)
    centre = size - 1
    if first + last != 2 * centre:
        if stride > 1:
            reason = f"a stride of {stride} on {size} rows leaves out more on one side than on the other"
            remedy = "another stride, or other sizes before it"
        else:
            reason = f"a kernel of {kernel} has no pixel in its middle, so with this padding the map moves to one side"
            remedy = "an odd kernel"
        raise BrokenSymmetryError(f"{reason}: it needs {remedy}")
    if group.lattice == "hexagonal" and (size % 2 == 0 or (centre - first) % (2 * stride)):
        raise BrokenSymmetryError(
            f"a stride of {stride} on {size} rows leaves out the pixel in the middle, about which the image is "
            "rotated: it needs another stride, or other sizes before it"
        )
    return outputs
