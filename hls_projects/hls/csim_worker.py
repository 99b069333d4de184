"""Runs a compiled emulation in a process of its own: `python -P csim_worker.py LIBRARY INPUTS OUTPUTS`.

The generated C++ holds assertions that end the process, and the io_stream form keeps state between calls; both stay in
here. Nothing but numpy is imported. INPUTS is an `.npz` with `input_<i>` [vectors, size] as the function takes it and
`traced` (JSON: layer names and sizes, output sizes); OUTPUTS receives `output_<i>` and `layer_<i>`, float64
[vectors, size].
"""

from __future__ import annotations

import ctypes
import json
import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt

Arrays = list[npt.NDArray[np.float64]]
Inputs = Arrays | list[npt.NDArray[np.int64]]


def run(
    library: Path,
    inputs: Inputs,
    output_sizes: list[int],
    names: list[str],
    sizes: list[int],
    function: str = "csim_run",
) -> tuple[Arrays, Arrays]:
    """Emulate every vector.

    Args:
        library: the compiled emulation.
        inputs: [vectors, size], C order; values, float64, or for `candidates_run` raw integers of the ports, int64.
        output_sizes: values an output has.
        names: of the traced layers.
        sizes: values a traced layer has.
        function: of the library: `csim_run`, or `candidates_run`, which has the built image as its one layer.

    Returns:
        The outputs and the traced layers, float64 [vectors, size].
    """
    vectors = len(inputs[0])
    outputs = [np.zeros((vectors, size)) for size in output_sizes]
    traces = [np.zeros((vectors, size)) for size in sizes]
    labels = (ctypes.c_char_p * max(len(names), 1))(*(name.encode() for name in names))
    emulation = ctypes.CDLL(str(library))
    emulate = getattr(emulation, function)
    emulate.restype = None
    emulate(ctypes.c_size_t(vectors), _pointers(inputs), _pointers(outputs), labels, _pointers(traces))
    return outputs, traces


def _pointers(arrays: Inputs) -> ctypes.Array[ctypes.c_void_p]:
    return (ctypes.c_void_p * max(len(arrays), 1))(*(array.ctypes.data for array in arrays))


def main() -> None:
    """The process's work: read, emulate, write."""
    library, source, target = map(Path, sys.argv[1:4])
    with np.load(source, allow_pickle=False) as data:
        traced = json.loads(str(data["traced"]))
        inputs = [np.ascontiguousarray(data[f"input_{i}"]) for i in range(traced["inputs"])]
    outputs, traces = run(library, inputs, traced["outputs"], traced["names"], traced["sizes"], traced["function"])
    arrays = {f"output_{i}": values for i, values in enumerate(outputs)}
    np.savez(target, **arrays, **{f"layer_{i}": values for i, values in enumerate(traces)})


if __name__ == "__main__":
    main()
