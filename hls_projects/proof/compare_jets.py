"""The list of jets: the compiled jet finder behind the emulated network against the reference, integer by integer."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from tensorflow import keras

from hls_projects.blocks.jet_finder import RECORD, Integers, JetFinder
from hls_projects.hls.csim import Emulator
from hls_projects.hls.jet_finder import JETS
from hls_projects.network.graph import Graph
from hls_projects.proof.compare import Entry, Floats, Forms, Values, at_ports, compare_forms, predict
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

    def run(images: tuple[Vectors, ...]) -> Values:
        jets = finder.find(raw_outputs(types, predict(trained, at_ports(images, types))))
        return Values([(jets.reshape(len(jets), -1), twin.run(images).layers[JETS])])

    return compare_forms(Forms([Entry(JETS, RECORD)], run), vectors, batch, advance).proof


def raw_outputs(types: Graph, outputs: Sequence[Floats]) -> list[Integers]:
    """The outputs of a model in exact inference as raw integers of their ports."""
    return [
        np.rint(np.ldexp(values.astype(np.float64), port.type.fraction)).astype(np.int64)
        for port, values in zip(types.outputs, outputs, strict=True)
    ]
