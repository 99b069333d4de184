"""Model against hardware, integer by integer: one comparison, of any two forms of a network."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import numpy as np
import numpy.typing as npt
import tensorflow as tf
from tensorflow import keras

from data_prep.errors import UnsupportedModelError
from data_prep.fixed_point import FixedType
from data_prep.system.processors import cores
from hls_projects.hls.csim import Emulator
from hls_projects.network.graph import Graph
from hls_projects.network.integer_ops import Integers
from hls_projects.network.port import Port
from hls_projects.proof.compared import TRAINED, Compared
from hls_projects.proof.record import LayerProof, Mismatch, Proof
from hls_projects.proof.vectors import SourceOf, Vectors, VectorSource, raw_inputs

Floats = npt.NDArray[Any]
R = TypeVar("R")
Number = TypeVar("Number", bound=np.generic)


@dataclass(frozen=True)
class Entry:
    """One entry of a proof.

    Attributes:
        name: what is compared, see `Compared`.
        type: of the integers.
        on_grid: whether the model's values must lie on the grid of the type too, as they do not behind an activation.
    """

    name: str
    type: FixedType
    on_grid: bool = True


@dataclass(frozen=True)
class Values:
    """What two forms give for a batch.

    Attributes:
        pairs: values [vectors, …] of the model and of the hardware, a pair an entry.
        outputs: raw integers of the hardware that are kept of the data, an array an output.
    """

    pairs: Sequence[tuple[Floats, Floats]]
    outputs: Sequence[Integers] = ()


@dataclass(frozen=True)
class Forms(Generic[Number]):
    """Two forms of a network, and what of them is compared.

    Attributes:
        entries: in the order of the data flow.
        run: gives the values of both, from one array [vectors, …] an input; called by several threads.
    """

    entries: Sequence[Entry]
    run: Callable[[tuple[npt.NDArray[Number], ...]], Values]


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
    raw_outputs: list[Integers] = field(default_factory=list)


def compare_forms(
    forms: Forms[Number],
    vectors: Sequence[SourceOf[Number]],
    batch: int,
    advance: Callable[[int], None] = lambda n: None,
) -> Comparison:
    """Hold two forms of a network against each other.

    Args:
        forms: the two, and what is compared.
        vectors: test vectors by kind; the hardware's outputs of the kind `data` are kept.
        batch: vectors at a time.
        advance: called with the number of vectors done.
    """
    tallies = {entry.name: Tally(entry.type) for entry in forms.entries}
    kept: list[Sequence[Integers]] = []
    number = 0
    for kind, inputs, values in ahead(forms.run, vectors, batch):
        for entry, (expected, hardware) in zip(forms.entries, values.pairs, strict=True):
            count(tallies[entry.name], entry.name, expected, hardware, number, kind, on_grid=entry.on_grid)
        if kind == "data":
            kept.append(values.outputs)
        number += len(inputs[0])
        advance(len(inputs[0]))
    return Comparison(summarise(tallies, vectors), [np.concatenate(parts) for parts in zip(*kept, strict=True)])


def compare(
    trained: keras.Model,
    lowered: keras.Model,
    types: Graph,
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
    layers = [layer.name for layer in emulator.project.traced]
    reference = keras.Model(lowered.inputs, [lowered.get_layer(name).output for name in layers])

    def run(inputs: tuple[Vectors, ...]) -> Values:
        emulated = emulator.run(inputs)
        traced = [emulated.layers[name] for name in layers]
        outputs = output_pairs(types, predict(trained, at_ports(inputs, types)), emulated.outputs)
        raw = [_raw(values, port.type) for values, port in zip(emulated.outputs, types.outputs, strict=True)]
        return Values([*zip(predict(reference, inputs), traced, strict=True), *outputs], raw)

    entries = [*(Entry(name, types.layer(name).result) for name in layers), *output_entries(types, TRAINED)]
    return compare_forms(Forms(entries, run), vectors, batch, advance)


def compare_outputs(trained: keras.Model, lowered: keras.Model, types: Graph, vectors: Sequence[VectorSource]) -> Proof:
    """Hold the outputs of the trained and the lowered model against each other."""

    def run(inputs: tuple[Vectors, ...]) -> Values:
        return Values(output_pairs(types, predict(trained, at_ports(inputs, types)), predict(lowered, inputs)))

    return compare_forms(Forms(output_entries(types), run), vectors, 500).proof


def output_entries(types: Graph, origin: str = "", form: str = "") -> list[Entry]:
    """An entry an output; see `Compared` for origin and form."""
    names = [Compared(output=i, origin=origin, form=form).name for i in range(len(types.outputs))]
    return [Entry(name, port.type, port.left_out is None) for name, port in zip(names, types.outputs, strict=True)]


def output_pairs(types: Graph, expected: Sequence[Floats], hardware: Sequence[Floats]) -> list[tuple[Floats, Floats]]:
    """The outputs of a model with those of the hardware, which are given the activation that was left out of it."""
    return [
        (values, with_activation(hardware_values.reshape(values.shape), port.left_out))
        for port, values, hardware_values in zip(types.outputs, expected, hardware, strict=True)
    ]


def at_ports(inputs: Sequence[Vectors | Integers], types: Graph) -> tuple[Vectors, ...]:
    """The inputs as the trained model is given them: quantized where it has no quantizer of its own, in values."""
    return tuple(_value(vectors, port) for vectors, port in zip(inputs, types.inputs, strict=True))


def _value(vectors: Vectors | Integers, port: Port) -> Vectors:
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
                for batch in source.batches(size):
                    waiting.append((source.kind, batch, pool.submit(function, batch)))
                    if len(waiting) > workers:
                        kind, inputs, future = waiting.popleft()
                        yield kind, inputs, future.result()
            while waiting:
                kind, inputs, future = waiting.popleft()
                yield kind, inputs, future.result()
        finally:
            pool.shutdown(cancel_futures=True)


def predict(model: keras.Model, inputs: tuple[Vectors, ...]) -> list[Floats]:
    """The outputs of a model in inference, one array an output; those of a dictionary by its sorted keys."""
    outputs = model(list(inputs) if len(inputs) > 1 else inputs[0], training=False)
    return [np.asarray(values) for values in tf.nest.flatten(outputs)]


def _raw(values: npt.NDArray[np.float64], port_type: FixedType) -> Integers:
    return np.ldexp(values, port_type.fraction).astype(np.int64)


def count(
    tally: Tally, name: str, expected: Floats, hardware: Floats, number: int, kind: str, on_grid: bool = True
) -> None:
    """Compare a batch and add it to a tally, as float64, in which float32 and every integer of 53 bits are exact.

    Args:
        tally: of the layer.
        name: what a difference is called.
        expected: values of the model, [vectors, …].
        hardware: values of the other form.
        number: of the first vector of the batch.
        kind: of the vectors.
        on_grid: whether the model's values must lie on the grid of the type too.

    Raises:
        UnsupportedModelError: when the model gives infinite values or NaN.
    """
    model_values = np.asarray(expected, dtype=np.float64)
    if not np.isfinite(model_values).all():
        vector, *place = np.argwhere(~np.isfinite(model_values))[0].tolist()
        value = model_values[(vector, *place)]
        raise UnsupportedModelError(
            f"{name} is {value} on vector {number + vector} ({kind}), position {tuple(place)}",
            remedy="find the layer that makes it: no fixed-point number is infinite or NaN",
        )
    hardware_values = np.asarray(hardware, dtype=np.float64).reshape(model_values.shape)
    different = model_values != hardware_values
    if on_grid:
        raw = np.ldexp(model_values, tally.type.fraction)
        different |= raw != np.rint(raw)
    tally.values += model_values.size
    if not different.any():
        return
    tally.mismatches += int(different.sum())
    if tally.first is None:
        position = tuple(int(index) for index in np.argwhere(different)[0])
        tally.first = Mismatch(
            layer=name,
            vector=number + position[0],
            kind=kind,
            position=position[1:],
            expected=float(model_values[position]),
            found=float(hardware_values[position]),
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
