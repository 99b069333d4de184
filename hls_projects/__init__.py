"""From a trained model to verified hardware: lowering, proven types, HLS, comparison, export, emulation."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hls_projects.emulator.fast_emulator import Images, Raw
    from hls_projects.network.network import Network

__all__ = ["emulate"]


def emulate(
    bundle_or_model: Network | Path | str,
    images: Images | Sequence[Images],
    *,
    raw: bool = False,
    threads: int | None = None,
) -> list[Raw]:
    """The integers that the firmware gives, bit for bit, for any number of images. TensorFlow is not needed.

    Arrays do not say what they are: `open_network.open_network(…).meaning` says which images the network takes.

    Args:
        bundle_or_model: a firmware bundle (folder or `.tar.gz`; checked against its manifest), a folder made by
            `lower`, a `Network`, or a Keras model file (which is lowered first, with TensorFlow).
        images: real numbers [n, rows, columns, channels], quantized to the input port's type; sparse images as a
            `data_prep.images.batch.ImageBatch`; for several inputs a sequence of these, in the order of the ports.
        raw: whether `images` are raw integers of the port's type instead.
        threads: how many; all cores of this process if none.

    Returns:
        One array [n, …] an output: raw integers of the output port's type (value · 2^fraction), in the narrowest of
        int16, int32 and int64 that holds the type.

    Raises:
        InputFileError: a file that is no model, or a bundle that does not match its manifest.
        ToolNotFoundError: when there is no g++.
        ValueError: images of another shape, NaN or infinity, raw integers outside of the port's type.
    """
    from hls_projects.emulator.fast_emulator import FastEmulator
    from hls_projects.open_network import open_network

    return FastEmulator(open_network(bundle_or_model)).run(images, raw=raw, threads=threads)
