"""A compiled network: images in, raw integers out, on all cores."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from data_prep.images.batch import ImageBatch
from data_prep.system.processors import cores
from hls_projects.emulator.build import library
from hls_projects.emulator.plan import LANES
from hls_projects.emulator.planner import plan
from hls_projects.emulator.source import cpp_source, given_bits, in_floats, quantizes
from hls_projects.network.network import Network
from hls_projects.network.port import Port

Raw = npt.NDArray[np.signedinteger[Any]]
Images = npt.NDArray[Any] | ImageBatch

CHUNK = 256 * LANES
"""Images that a thread computes at a time."""
_FLOATS, _DOUBLES, _INTEGERS, _SPARSE = range(4)
_NOT_FINITE, _OUT_OF_RANGE, _OUTSIDE, _NO_MEMORY = range(1, 5)


class FastEmulator:
    """A network compiled for this machine. It holds no state: threads may share it.

    Args:
        network: the lowered model with its weights.
        cache: folder of compiled networks; the user's cache if none.

    Raises:
        UnsupportedModelError: a network whose numbers do not fit its types or 64 bits.
        ToolNotFoundError: when there is no g++.
    """

    def __init__(self, network: Network, cache: Path | None = None) -> None:
        self.network = network
        self.source = cpp_source(plan(network), f"The fast emulator of network {network.fingerprint}")
        self._function = library(self.source, network.fingerprint, cache).emulate

    def run(self, images: Images | Sequence[Images], *, raw: bool = False, threads: int | None = None) -> list[Raw]:
        """The raw integers of every output.

        Args:
            images: one array [n, …] an input in the shape of its port, or an `ImageBatch` of sparse images; a single
                one need not be in a sequence. Real numbers are quantized as `FixedType.quantize` does.
            raw: whether arrays hold raw integers of the port's type instead.
            threads: how many; as many as this process may use cores if none.

        Returns:
            One array [n, …] an output: the raw integers of its port's type, in the narrowest of int16, int32 and int64
            that holds the type.

        Raises:
            ValueError: wrong shape, lengths that differ, NaN or infinity, an integer outside of its port's type.
        """
        given = [images] if isinstance(images, np.ndarray | ImageBatch) else list(images)
        ports = self.network.graph.inputs
        if len(given) != len(ports):
            raise ValueError(f"the network has {len(ports)} inputs, not {len(given)}")
        inputs = [_Input(x, port, raw) for x, port in zip(given, ports, strict=True)]
        counts = {x.count for x in inputs}
        if len(counts) > 1:
            raise ValueError(f"inputs of different lengths: {sorted(counts)}")
        count = counts.pop()
        outputs = [
            np.empty((count, *port.shape), np.dtype(f"int{given_bits(port.type)}"))
            for port in self.network.graph.outputs
        ]
        if count:
            self._run(inputs, outputs, count, threads or cores())
        return outputs

    def _run(self, inputs: list[_Input], outputs: list[Raw], count: int, threads: int) -> None:
        forms = (ctypes.c_int32 * len(inputs))(*(x.form for x in inputs))
        pointers = [
            (ctypes.c_void_p * len(inputs))(*(None if array is None else array.ctypes.data for array in arrays))
            for arrays in zip(*((x.values, x.offsets, x.pixel) for x in inputs), strict=True)
        ]
        targets = (ctypes.c_void_p * len(outputs))(*(array.ctypes.data for array in outputs))

        def part(first: int) -> int:
            last = min(first + size, count)
            call = (ctypes.c_int64(first), ctypes.c_int64(last), forms, *pointers, targets)
            return int(self._function(*call))

        share = -(-count // threads)
        size = min(CHUNK, -(-share // LANES) * LANES)
        starts = range(0, count, size)
        if threads == 1 or len(starts) == 1:
            faults = [part(first) for first in starts]
        else:
            with ThreadPoolExecutor(min(threads, len(starts))) as pool:
                faults = list(pool.map(part, starts))
        fault = next((fault for fault in faults if fault), 0)
        if fault:
            raise _error(fault % 8, self.network.graph.inputs[fault // 8])


class _Input:
    """One input as the C++ expects it: a form and three arrays."""

    def __init__(self, images: Images, port: Port, raw: bool) -> None:
        self.offsets: npt.NDArray[np.int64] | None = None
        self.pixel: npt.NDArray[np.uint16] | None = None
        if isinstance(images, ImageBatch):
            self._sparse(images, port)
            return
        array = np.asarray(images)
        if array.shape[1:] != port.shape:
            raise ValueError(f"input '{port.name}' takes [n, {', '.join(map(str, port.shape))}], not {array.shape}")
        self.count = len(array)
        if raw:
            if not np.issubdtype(array.dtype, np.integer):
                raise ValueError(f"raw images are integers, not {array.dtype}")
            if array.dtype == np.uint64 and array.size and array.max() > np.iinfo(np.int64).max:
                raise _error(_OUT_OF_RANGE, port)
            self.form, values = _INTEGERS, array.astype(np.int64, copy=False)
        elif not quantizes(port.type):
            self.form, values = _INTEGERS, port.type.quantize(array)
        elif array.dtype in (np.float32, np.float16) and in_floats(port.type):
            self.form, values = _FLOATS, array.astype(np.float32, copy=False)
        else:
            self.form, values = _DOUBLES, array.astype(np.float64)
        self.values: npt.NDArray[Any] = np.ascontiguousarray(values)

    def _sparse(self, images: ImageBatch, port: Port) -> None:
        if images.shape != port.shape:
            raise ValueError(f"input '{port.name}' takes images {port.shape}, not {images.shape}")
        self.count = len(images)
        if not quantizes(port.type):
            self.form, self.values = _INTEGERS, np.ascontiguousarray(port.type.quantize(images.dense()))
            return
        self.form = _SPARSE
        self.values = np.ascontiguousarray(images.value, np.float32)
        self.offsets = np.ascontiguousarray(images.offsets, np.int64)
        self.pixel = np.ascontiguousarray(images.pixel, np.uint16)
        ends = self.offsets[0], self.offsets[-1]
        whole = ends[0] >= 0 and ends[1] <= min(self.pixel.size, self.values.size)
        if self.offsets.size != self.count + 1 or not whole or (np.diff(self.offsets) < 0).any():
            raise ValueError("the offsets of sparse images do not belong to their pixels")


def _error(fault: int, port: Port) -> Exception:
    if fault == _NOT_FINITE:
        return ValueError(f"input '{port.name}': NaN and infinite values have no fixed-point representation")
    if fault == _OUT_OF_RANGE:
        return ValueError(f"input '{port.name}': a raw integer lies outside of {port.type}")
    if fault == _OUTSIDE:
        return ValueError(f"input '{port.name}': a pixel lies outside of the image")
    return MemoryError("no memory for the emulator")
