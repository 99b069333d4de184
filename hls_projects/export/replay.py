"""The integer network of a bundle run on the bundle's own vectors. Nothing here needs TensorFlow."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from data_prep.errors import InputFileError, ProofFailedError, ToolNotFoundError
from hls_projects.emulator.fast_emulator import FastEmulator, Raw
from hls_projects.export.consistency import require_consistent
from hls_projects.export.manifest import BundleManifest, BundlePort
from hls_projects.export.recomputed import recompute
from hls_projects.export.reference_vectors import Integers
from hls_projects.network import integer_model
from hls_projects.network.network import Network
from hls_projects.network.type_check import require_types

_BATCH = 500
_REMEDY = "do not use it; ask for the bundle again"
_NO_NETWORK = (ValueError, TypeError, LookupError, ArithmeticError, MemoryError, RecursionError)

Run = Callable[[Sequence[Integers]], Sequence[Raw]]


@dataclass(frozen=True)
class Replay:
    """What was run and found equal.

    Attributes:
        programs: the forms of the network that ran.
        vectors: how many each ran.
        integers: output integers that were compared, of all forms together.
        left_out: why a form did not run, where one did not.
        types: layers whose types were recomputed from their inputs and weights.
        files: files that were made again from other parts of the bundle.
        otherwise: files that this version of the project writes otherwise, of a bundle that another one made.
    """

    programs: tuple[str, ...]
    vectors: int
    integers: int
    left_out: str = ""
    types: int = 0
    files: int = 0
    otherwise: tuple[str, ...] = ()


def replay(root: Path, manifest: BundleManifest, code: str = "unknown") -> Replay:
    """Hold the parts of an unpacked bundle against each other, its types against its weights, and run its vectors.

    Fast emulator and integer reference give every output that the bundle has for its vectors.

    Args:
        root: the bundle, its hashes checked.
        manifest: its manifest.
        code: the commit of this project.

    Raises:
        InputFileError: parts that are not of one design, that prove nothing, or that do not belong together.
        ProofFailedError: a type that its values overflow, or an output that differs; names the first one.
    """
    require_consistent(root, manifest)
    network = Network.load(root)
    try:
        types = require_types(network, root / "types.json")
        return replace(_replay(root, manifest, network, code), types=types)
    except _NO_NETWORK as error:
        # A forged file may say anything; what one of this project says runs.
        reason = f"types.json and weights.npz do not make a network: {type(error).__name__}: {error}"
        raise InputFileError(reason, file=root, remedy=_REMEDY) from None


def _replay(root: Path, manifest: BundleManifest, network: Network, code: str) -> Replay:
    for direction, ports, given in (
        ("input", manifest.inputs, network.graph.inputs),
        ("output", manifest.outputs, network.graph.outputs),
    ):
        if [(port.name, port.shape, port.type) for port in ports] != [(p.name, p.shape, p.type) for p in given]:
            reason = f"manifest.json and types.json differ in the {direction}s"
            raise InputFileError(reason, file=root, remedy=_REMEDY)
    count = sum(block.count for block in manifest.vectors)
    inputs = [_vectors(root, port, count) for port in manifest.inputs]
    outputs = [_vectors(root, port, count) for port in manifest.outputs]
    runs: dict[str, Run] = {"integer reference": lambda batch: integer_model.outputs(network, batch)}
    left_out = ""
    try:
        emulator = FastEmulator(network)
        runs = {"fast emulator": lambda batch: emulator.run(batch, raw=True)} | runs
    except ToolNotFoundError as error:
        left_out = f"fast emulator: {error.problem}"
    compared = 0
    for name, run in runs.items():
        for first, results in _in_batches(run, inputs, count):
            for port, expected, values in zip(manifest.outputs, outputs, results, strict=True):
                _require_equal(name, port, expected[first : first + len(values)], values, first, manifest)
                compared += values.size
    again = recompute(root, manifest, inputs, outputs, code)
    return Replay(tuple(runs), count, compared, left_out, files=again.files, otherwise=again.left_out)


def _in_batches(run: Run, inputs: Sequence[Integers], count: int) -> Iterator[tuple[int, Sequence[Raw]]]:
    for first in range(0, count, _BATCH):
        yield first, run([values[first : first + _BATCH] for values in inputs])


def _vectors(root: Path, port: BundlePort, count: int) -> Integers:
    """int64 [vectors, …]: the raw integers of one port."""
    path = root / port.vectors
    size = int(np.prod(port.shape))
    try:
        lines = path.read_text(encoding="ascii").splitlines()
        values = np.array([line.split() for line in lines], dtype=np.int64).reshape(count, size)
    except (OSError, ValueError, OverflowError) as error:
        reason = f"holds no {count} vectors of {size} integers: {error}"
        raise InputFileError(reason, file=path, remedy=_REMEDY) from None
    if values.size and (values.min() < port.type.raw_min or values.max() > port.type.raw_max):
        raise InputFileError(f"holds an integer that does not fit into {port.type}", file=path, remedy=_REMEDY)
    return values.reshape(count, *port.shape)


def _require_equal(
    program: str, port: BundlePort, expected: Integers, results: Raw, first: int, manifest: BundleManifest
) -> None:
    differ = np.argwhere(expected != results)
    if not len(differ):
        return
    row, *position = differ[0].tolist()
    number = first + row
    kind = next(block.kind for block in manifest.vectors if number < block.first + block.count)
    raise ProofFailedError(
        f"output '{port.name}', vector {number} ({kind}), position {tuple(position)}: the bundle says "
        f"{expected[tuple(differ[0])]}, the {program} gives {results[tuple(differ[0])]}",
        file=port.vectors,
        remedy=_REMEDY,
    )
