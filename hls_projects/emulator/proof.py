"""The fast emulator held against the HLS emulation and, where that ran on some of the data only, the trained model."""

from __future__ import annotations

from collections.abc import Sequence

from tensorflow import keras

from hls_projects.emulator.fast_emulator import Raw
from hls_projects.network.graph import Graph
from hls_projects.network.integer_ops import Integers
from hls_projects.proof.compare import Tally, at_ports, count, output_entries, output_pairs, predict, summarise
from hls_projects.proof.compared import TRAINED
from hls_projects.proof.record import Proof, joined
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
    tallies: dict[str, Tally] = {}
    for entry, port, hls_raw, fast_raw in zip(output_entries(types, form=FORM), types.outputs, hls, fast, strict=True):
        tallies[entry.name] = Tally(port.type)
        expected = port.type.to_float(hls_raw.reshape(fast_raw.shape))
        count(tallies[entry.name], entry.name, expected, port.type.to_float(fast_raw), 0, "data")
    return joined(proof, summarise(tallies, []))


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
    entries = output_entries(types, TRAINED, form)
    tallies = {entry.name: Tally(entry.type) for entry in entries}
    number = 0
    for images in data.batches(batch):
        stop = number + len(images[0])
        values = [port.type.to_float(raw[number:stop]) for port, raw in zip(types.outputs, fast, strict=True)]
        pairs = output_pairs(types, predict(trained, at_ports(images, types)), values)
        for entry, (expected, emulated) in zip(entries, pairs, strict=True):
            count(tallies[entry.name], entry.name, expected, emulated, number, data.kind, on_grid=entry.on_grid)
        number = stop
    return summarise(tallies, [])
