"""The list of jets: the compiled jet finder behind the emulated network against the reference, integer by integer."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from tensorflow import keras

from hls_projects.blocks.jet_finder import RECORD, Integers, JetFinder
from hls_projects.hls.csim import Emulated, Emulator
from hls_projects.hls.jet_finder import JETS
from hls_projects.network.graph import Graph
from hls_projects.proof.compare import Floats, Tally, ahead, at_ports, count, predict, summarise
from hls_projects.proof.record import Proof
from hls_projects.proof.vectors import Vectors, VectorSource


def compare_jets(
    trained: keras.Model,
    types: Graph,
    finder: JetFinder,
    emulator: Emulator,
    vectors: Sequence[VectorSource],
    batch: int,
    advance: Callable[[int], None] = lambda n: None,
) -> Proof:
    """Hold the reference of the finder, on what the trained model gives, against the HLS emulation from the image on.

    Args:
        trained: the model before lowering, in exact inference.
        types: the proven types of the lowered model.
        finder: the reference.
        emulator: the compiled HLS project, which holds this finder.
        vectors: event images.
        batch: vectors at a time.
        advance: called with the number of vectors done.
    """
    twin = emulator.to_jets()
    tally = Tally(RECORD)
    number = 0

    def run(inputs: tuple[Vectors, ...]) -> tuple[Emulated, list[Floats]]:
        return twin.run(inputs), predict(trained, at_ports(inputs, types))

    for kind, inputs, (emulated, outputs) in ahead(run, vectors, batch):
        jets = finder.find(raw_outputs(types, outputs))
        count(tally, JETS, jets.reshape(len(jets), -1), emulated.layers[JETS], number, kind)
        number += len(inputs[0])
        advance(len(inputs[0]))
    return summarise({JETS: tally}, vectors)


def raw_outputs(types: Graph, outputs: Sequence[Floats]) -> list[Integers]:
    """The outputs of a model in exact inference as raw integers of their ports."""
    return [
        np.rint(np.ldexp(values.astype(np.float64), port.type.fraction)).astype(np.int64)
        for port, values in zip(types.outputs, outputs, strict=True)
    ]
