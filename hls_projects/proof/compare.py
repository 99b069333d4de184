"""Model against hardware, integer by integer, layer by layer."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import tensorflow as tf
from tensorflow import keras

from data_prep.errors import UnsupportedModelError
from data_prep.fixed_point import FixedType
from data_prep.system.processors import cores
from hls_projects.hls.csim import Emulated, Emulator
from hls_projects.network.integer_ops import Integers
from hls_projects.network.model_types import ModelTypes
from hls_projects.network.port_type import PortType
from hls_projects.proof.compared import TRAINED, Compared
from hls_projects.proof.record import LayerProof, Mismatch, Proof
from hls_projects.proof.vectors import Number, SourceOf, Vectors, VectorSource, raw_inputs

Floats = npt.NDArray[Any]
R = TypeVar("R")


@dataclass
class Tally:
    """What was found for one layer, or one form of an output, so far."""

    type: FixedType
    values: int = 0
    mismatches: int = 0
    first: Mismatch | None = None


@dataclass
class Comparison:
    """Collects a proof and the emulated outputs of the data vectors."""

    proof: Proof
    raw_outputs: list[npt.NDArray[np.int64]] = field(default_factory=list)


def compare(
    trained: keras.Model,
    lowered: keras.Model,
    types: ModelTypes,
    emulator: Emulator,
    vectors: Sequence[VectorSource],
    batch: int,
    advance: Callable[[int], None] = lambda n: None,
) -> Comparison:
    """Hold trained model, lowered model and HLS emulation against each other.

    Compared are, on every vector: each layer of the lowered model with the emulation, and the outputs of the trained
    model with those of the emulation.

    Args:
        trained: the model before lowering, in exact inference.
        lowered: the model in plain layers.
        types: its proven types.
        emulator: the compiled HLS project.
        vectors: test vectors by kind; the emulated outputs of the kind `data` are kept.
        batch: vectors at a time.
        advance: called with the number of vectors done.
    """
    shown = [layer.name for layer in emulator.project.traced]
    reference = keras.Model(lowered.inputs, [lowered.get_layer(name).output for name in shown])
    tallies = {name: Tally(types.layer(name).result) for name in shown}
    ends = [Compared(output=i, origin=TRAINED).name for i in range(len(types.outputs))]
    tallies |= {name: Tally(port.type) for name, port in zip(ends, types.outputs, strict=True)}
    kept: list[list[npt.NDArray[np.int64]]] = []
    number = 0

    def run(inputs: tuple[Vectors, ...]) -> tuple[Emulated, list[Floats], list[Floats]]:
        return emulator.run(inputs), predict(reference, inputs), predict(trained, at_ports(inputs, types))

    for kind, inputs, (emulated, layers, outputs) in ahead(run, vectors, batch):
        for name, values in zip(shown, layers, strict=True):
            count(tallies[name], name, values, emulated.layers[name], number, kind)
        for i, (name, port) in enumerate(zip(ends, types.outputs, strict=True)):
            found = with_activation(emulated.outputs[i].reshape(outputs[i].shape), port.left_out)
            count(tallies[name], name, outputs[i], found, number, kind, on_grid=port.left_out is None)
        if kind == "data":
            kept.append([_raw(found, port.type) for found, port in zip(emulated.outputs, types.outputs, strict=True)])
        number += len(inputs[0])
        advance(len(inputs[0]))
    return Comparison(summarise(tallies, vectors), [np.concatenate(parts) for parts in zip(*kept, strict=True)])


def compare_outputs(
    trained: keras.Model, lowered: keras.Model, types: ModelTypes, vectors: Sequence[VectorSource]
) -> Proof:
    """Hold the outputs of the trained and the lowered model against each other."""
    names = [Compared(output=i).name for i in range(len(types.outputs))]
    tallies = {name: Tally(port.type) for name, port in zip(names, types.outputs, strict=True)}
    number = 0
    for source in vectors:
        for inputs in source.batches(500):
            wanted_values, given_values = predict(trained, at_ports(inputs, types)), predict(lowered, inputs)
            pairs = zip(names, types.outputs, wanted_values, given_values, strict=True)
            for name, port, wanted, given in pairs:
                found = with_activation(given, port.left_out)
                count(tallies[name], name, wanted, found, number, source.kind, on_grid=port.left_out is None)
            number += len(inputs[0])
    return summarise(tallies, vectors)


def at_ports(inputs: Sequence[Vectors | Integers], types: ModelTypes) -> tuple[Vectors, ...]:
    """The inputs as the trained model is given them: quantized where it has no quantizer of its own, in values."""
    return tuple(_value(vectors, port) for vectors, port in zip(inputs, types.inputs, strict=True))


def _value(vectors: Vectors | Integers, port: PortType) -> Vectors:
    if vectors.dtype != np.int64 and not port.added:
        return np.asarray(vectors, np.float32)
    (raw,) = raw_inputs([port], [vectors])
    return port.type.to_float(raw).astype(np.float32)


def with_activation(logits: Floats, name: str | None) -> Floats:
    """Logits after the output activation that was left out of the hardware, as Keras computes it in float32."""
    if name is None:
        return logits
    return np.asarray(keras.activations.get(name)(keras.backend.constant(logits, dtype="float32")))


def ahead(
    function: Callable[[tuple[npt.NDArray[Number], ...]], R], vectors: Sequence[SourceOf[Number]], size: int
) -> Iterator[tuple[str, tuple[npt.NDArray[Number], ...], R]]:
    """Results of every batch in order, computed on all cores a few batches ahead."""
    workers = cores()
    with ThreadPoolExecutor(workers) as pool:
        waiting: deque[tuple[str, tuple[npt.NDArray[Number], ...], Future[R]]] = deque()
        try:
            for source in vectors:
                for inputs in source.batches(size):
                    waiting.append((source.kind, inputs, pool.submit(function, inputs)))
                    if len(waiting) > workers:
                        kind, done, future = waiting.popleft()
                        yield kind, done, future.result()
            while waiting:
                kind, done, future = waiting.popleft()
                yield kind, done, future.result()
        finally:
            pool.shutdown(cancel_futures=True)


def predict(model: keras.Model, inputs: tuple[Vectors, ...]) -> list[Floats]:
    """The outputs of a model in inference, one array an output; those of a dictionary by its sorted keys."""
    found = model(list(inputs) if len(inputs) > 1 else inputs[0], training=False)
    return [np.asarray(values) for values in tf.nest.flatten(found)]


def _raw(values: npt.NDArray[np.float64], kind: FixedType) -> npt.NDArray[np.int64]:
    return np.ldexp(values, kind.fraction).astype(np.int64)


def count(
    tally: Tally, name: str, expected: Floats, found: Floats, number: int, kind: str, on_grid: bool = True
) -> None:
    """Compare a batch and add it to a tally, as float64, in which float32 and every integer of 53 bits are exact.

    Args:
        tally: of the layer.
        name: what a difference is called.
        expected: values of the model, [vectors, …].
        found: values of the other form.
        number: of the first vector of the batch.
        kind: of the vectors.
        on_grid: whether the model's values must lie on the grid of the type too.

    Raises:
        UnsupportedModelError: when the model gives infinite values or NaN.
    """
    wanted = np.asarray(expected, dtype=np.float64)
    if not np.isfinite(wanted).all():
        vector, *position = np.argwhere(~np.isfinite(wanted))[0].tolist()
        value = wanted[(vector, *position)]
        raise UnsupportedModelError(
            f"{name} is {value} on vector {number + vector} ({kind}), position {tuple(position)}",
            remedy="find the layer that makes it: no fixed-point number is infinite or NaN",
        )
    given = np.asarray(found, dtype=np.float64).reshape(wanted.shape)
    different = wanted != given
    if on_grid:
        raw = np.ldexp(wanted, tally.type.fraction)
        different |= raw != np.rint(raw)
    tally.values += wanted.size
    if not different.any():
        return
    tally.mismatches += int(different.sum())
    if tally.first is None:
        where = tuple(int(index) for index in np.argwhere(different)[0])
        tally.first = Mismatch(
            layer=name,
            vector=number + where[0],
            kind=kind,
            position=where[1:],
            expected=float(wanted[where]),
            found=float(given[where]),
        )


def summarise(tallies: dict[str, Tally], vectors: Sequence[SourceOf[np.generic]]) -> Proof:
    """The proof that the tallies of all vectors make."""
    mismatches = sum(tally.mismatches for tally in tallies.values())
    first = next((tally.first for tally in tallies.values() if tally.first is not None), None)
    values = sum(tally.values for tally in tallies.values())
    return Proof(
        status="failed" if mismatches else "proven",
        reason=f"{mismatches} of {values} integers differ" if mismatches else f"all {values} integers are equal",
        vectors={source.kind: source.count for source in vectors},
        mismatches=mismatches,
        first_mismatch=first,
        layers=tuple(
            LayerProof(name=name, type=tally.type.name, values=tally.values, mismatches=tally.mismatches)
            for name, tally in tallies.items()
        ),
    )
