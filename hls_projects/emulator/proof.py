"""The fast emulator held against the HLS emulation and, where that ran on some of the data only, the trained model."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from tensorflow import keras

from hls_projects.emulator.fast_emulator import Raw
from hls_projects.network.graph import Graph
from hls_projects.network.integer_ops import Integers
from hls_projects.proof.compare import Tally, at_ports, count, predict, summarise, with_activation
from hls_projects.proof.compared import TRAINED, Compared
from hls_projects.proof.record import LayerProof, Mismatch, Proof
from hls_projects.proof.vectors import VectorSource

FORM = "fast emulator"
"""What it is called in a proof."""


def with_fast_emulator(proof: Proof, types: Graph, hls: Sequence[Integers], fast: Sequence[Raw]) -> Proof:
    """Add the comparison of the outputs to a proof.

    Args:
        proof: of model and HLS emulation.
        types: the output ports.
        hls: raw integers [vectors, …] an output, from the HLS emulation of the data vectors.
        fast: the same from the fast emulator.

    Returns:
        The proof with one more entry an output; failed where an integer differs.
    """
    layers, mismatches, first = list(proof.layers), proof.mismatches, proof.first_mismatch
    for i, (port, wanted, given) in enumerate(zip(types.outputs, hls, fast, strict=True)):
        name = Compared(output=i, form=FORM).name
        expected = wanted.reshape(len(wanted), *port.shape)
        different = expected != given
        count = int(different.sum())
        layers.append(LayerProof(name=name, type=port.type.name, values=expected.size, mismatches=count))
        mismatches += count
        if count and first is None:
            where = tuple(int(index) for index in np.argwhere(different)[0])
            first = Mismatch(
                layer=name,
                vector=where[0],
                kind="data",
                position=where[1:],
                expected=float(port.type.to_float(expected[where])),
                found=float(port.type.to_float(given[where])),
            )
    values = sum(layer.values for layer in layers)
    return proof.model_copy(
        update={
            "status": "failed" if mismatches else proof.status,
            "reason": f"{mismatches} of {values} integers differ" if mismatches else f"all {values} integers are equal",
            "mismatches": mismatches,
            "first_mismatch": first,
            "layers": tuple(layers),
        }
    )


def compare_whole(trained: keras.Model, types: Graph, data: VectorSource, fast: Sequence[Raw], batch: int) -> Proof:
    """Hold the fast emulator against the trained model on all data.

    Args:
        trained: the model before lowering, in exact inference.
        types: the ports.
        data: all data vectors.
        fast: raw integers [vectors, …] an output, from the fast emulator of the same vectors.
        batch: vectors at a time.

    Returns:
        A proof with an entry an output.
    """
    form = f"{FORM} on the whole test set"
    names = [Compared(output=i, origin=TRAINED, form=form).name for i in range(len(fast))]
    tallies = {name: Tally(port.type) for name, port in zip(names, types.outputs, strict=True)}
    number = 0
    for inputs in data.batches(batch):
        stop = number + len(inputs[0])
        wanted = predict(trained, at_ports(inputs, types))
        for name, port, expected, raw in zip(names, types.outputs, wanted, fast, strict=True):
            found = with_activation(port.type.to_float(raw[number:stop]), port.left_out)
            count(tallies[name], name, expected, found, number, data.kind, on_grid=port.left_out is None)
        number = stop
    return summarise(tallies, [])
