"""From candidates on: the built image and the outputs behind it, integer by integer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from tensorflow import keras

from data_prep.store.jet_images import ImageSplit
from hls_projects.blocks.image_builder import ImageBuilder, Integers
from hls_projects.blocks.image_builder_vectors import Raw, as_values, builder_vectors
from hls_projects.hls.csim import Emulated, Emulator
from hls_projects.hls.image_builder import IMAGE
from hls_projects.network.graph import Graph
from hls_projects.proof.compare import Tally, ahead, at_ports, count, predict, summarise, with_activation
from hls_projects.proof.compared import CANDIDATES, Compared
from hls_projects.proof.record import Proof
from hls_projects.proof.vectors import Vectors, VectorSource

PREFIX = "candidates, "
"""Kinds of vectors that are candidates begin with it."""


class JetCandidates:
    """The candidates of the test jets as test vectors: of all of them, or of those in some rows (ascending)."""

    def __init__(
        self, builder: ImageBuilder, split: ImageSplit, rows: Integers | None = None, kind: str = f"{PREFIX}data"
    ) -> None:
        self.builder = builder
        self.split = split
        self.rows = rows
        self.kind = kind
        self.count = split.rows if rows is None else rows.size

    def raw(self, size: int) -> Iterator[Raw]:
        """Batches of the five inputs of the builder as raw integers."""
        first = 0
        for whole in self.split.candidates(size):
            batch = whole
            if self.rows is not None:
                batch = whole.take(self.rows[(self.rows >= first) & (self.rows < first + len(whole))] - first)
            first += len(whole)
            seeds = (batch.seed_eta[:, np.newaxis], batch.seed_phi[:, np.newaxis])
            pt, eta, phi, seed_eta, seed_phi = (x.astype(np.int64) for x in (batch.pt, batch.eta, batch.phi, *seeds))
            yield pt, eta, phi, seed_eta, seed_phi

    def batches(self, size: int) -> Iterator[tuple[Vectors, ...]]:
        """See `VectorSource`."""
        for raw in self.raw(size):
            yield as_values(self.builder, self.kind, raw).inputs


def made_candidates(builder: ImageBuilder, count: int, seed: int) -> list[VectorSource]:
    """All candidate vectors that need no data: corners, and `count` random ones."""
    made = builder_vectors(builder, count, seed)
    return [as_values(builder, f"{PREFIX}{kind}", raw) for kind, raw in made.items()]


def compare_candidates(
    trained: keras.Model,
    types: Graph,
    builder: ImageBuilder,
    emulator: Emulator,
    vectors: Sequence[VectorSource],
    batch: int,
    advance: Callable[[int], None] = lambda n: None,
) -> Proof:
    """Hold the reference of the builder, and the trained model on its images, against the HLS emulation.

    Args:
        trained: the model before lowering, in exact inference.
        types: the proven types of the lowered model.
        builder: the reference.
        emulator: the compiled HLS project, which holds this builder.
        vectors: candidates as real values, the five inputs of the builder.
        batch: vectors at a time.
        advance: called with the number of vectors done.
    """
    twin = emulator.from_candidates()
    ends = [Compared(output=i, origin=CANDIDATES).name for i in range(len(types.outputs))]
    tallies = {IMAGE: Tally(builder.result)}
    tallies |= {name: Tally(port.type) for name, port in zip(ends, types.outputs, strict=True)}
    number = 0

    def run(inputs: tuple[Vectors, ...]) -> tuple[Emulated, Vectors, list[Vectors]]:
        images = images_of(builder, inputs)
        return twin.run(inputs), images, predict(trained, at_ports((images,), types))

    for kind, inputs, (emulated, images, outputs) in ahead(run, vectors, batch):
        count(tallies[IMAGE], IMAGE, images, emulated.layers[IMAGE], number, kind)
        for i, (name, port) in enumerate(zip(ends, types.outputs, strict=True)):
            found = with_activation(emulated.outputs[i].reshape(outputs[i].shape), port.left_out)
            count(tallies[name], name, outputs[i], found, number, kind, on_grid=port.left_out is None)
        number += len(inputs[0])
        advance(len(inputs[0]))
    return summarise(tallies, vectors)


def compare_dataset(builder: ImageBuilder, split: ImageSplit, batch: int) -> Proof:
    """Hold the images that the networks were trained on against the reference of the builder."""
    name = "images of the dataset"
    tally = Tally(builder.result)
    source = JetCandidates(builder, split)
    number = 0
    for images, raw in zip(split.batches(batch), source.raw(batch), strict=True):
        count(tally, name, images.dense(), builder.result.to_float(builder.build(*raw)), number, source.kind)
        number += len(images)
    return summarise({name: tally}, [])


def images_of(builder: ImageBuilder, inputs: tuple[Vectors, ...]) -> Vectors:
    """The images of the reference as the trained model takes them: exact in float32."""
    return images_of_integers(builder, [port.type.quantize(x) for port, x in zip(builder.ports, inputs, strict=True)])


def images_of_integers(builder: ImageBuilder, raw: Sequence[Integers]) -> Vectors:
    """See `images_of`, of the raw integers of the five inputs."""
    pt, eta, phi, seed_eta, seed_phi = raw
    values = builder.result.to_float(builder.build(pt, eta, phi, seed_eta, seed_phi))
    exact = values.astype(np.float32)
    if not np.array_equal(exact, values):
        raise ValueError("the builder's images are not exact in float32")
    return exact
