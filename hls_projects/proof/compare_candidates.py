"""From candidates on: the built image and the outputs behind it, integer by integer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from tensorflow import keras

from data_prep.store.jet_images import ImageSplit
from hls_projects.blocks.image_builder import ImageBuilder
from hls_projects.blocks.image_builder_vectors import Raw, builder_vectors
from hls_projects.hls.csim import Emulated, Emulator
from hls_projects.hls.image_builder import IMAGE
from hls_projects.network.integer_ops import Integers
from hls_projects.network.model_types import ModelTypes
from hls_projects.proof.compare import Tally, ahead, at_ports, count, predict, summarise, with_activation
from hls_projects.proof.compared import CANDIDATES, Compared
from hls_projects.proof.record import Proof
from hls_projects.proof.vectors import RawSource, Vectors, VectorSet

PREFIX = "candidates, "
"""Kinds of vectors that are candidates begin with it."""


@dataclass(frozen=True)
class JetCandidates:
    """The candidates of the test jets as test vectors.

    Attributes:
        split: the test jets.
        kind: what they are called.
    """

    split: ImageSplit
    kind: str = f"{PREFIX}data"

    @property
    def count(self) -> int:
        """See `RawSource`."""
        return self.split.rows

    def batches(self, size: int) -> Iterator[Raw]:
        """The five inputs of the image builder, see `RawSource`."""
        for jets in self.split.candidates(size):
            seeds = (jets.seed_eta[:, np.newaxis], jets.seed_phi[:, np.newaxis])
            pt, eta, phi, seed_eta, seed_phi = (x.astype(np.int64) for x in (jets.pt, jets.eta, jets.phi, *seeds))
            yield pt, eta, phi, seed_eta, seed_phi


def made_candidates(builder: ImageBuilder, count: int, seed: int) -> list[RawSource]:
    """All candidate vectors that need no data: corners, and `count` random ones."""
    return [VectorSet(f"{PREFIX}{name}", raw) for name, raw in builder_vectors(builder, count, seed).items()]


def compare_candidates(
    trained: keras.Model,
    types: ModelTypes,
    builder: ImageBuilder,
    emulator: Emulator,
    vectors: Sequence[RawSource],
    batch: int,
    advance: Callable[[int], None] = lambda n: None,
) -> Proof:
    """Hold the reference of the builder, and the trained model on its images, against the HLS emulation.

    Args:
        trained: the model before lowering, in exact inference.
        types: the proven types of the lowered model.
        builder: the reference.
        emulator: the compiled HLS project, which holds this builder.
        vectors: candidates, the five inputs of the builder.
        batch: vectors at a time.
        advance: called with the number of vectors done.
    """
    twin = emulator.from_candidates()
    ends = [Compared(output=i, origin=CANDIDATES).name for i in range(len(types.outputs))]
    tallies = {IMAGE: Tally(builder.result)}
    tallies |= {name: Tally(port.type) for name, port in zip(ends, types.outputs, strict=True)}
    number = 0

    def run(inputs: tuple[Integers, ...]) -> tuple[Emulated, Vectors, list[Vectors]]:
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
    source = JetCandidates(split)
    number = 0
    for images, raw in zip(split.batches(batch), source.batches(batch), strict=True):
        count(tally, name, images.dense(), builder.result.to_float(builder.build(*raw)), number, source.kind)
        number += len(images)
    return summarise({name: tally}, [])


def images_of(builder: ImageBuilder, raw: Sequence[Integers]) -> Vectors:
    """The images of the reference as the trained model takes them: exact in float32.

    Args:
        builder: the reference.
        raw: its five inputs.
    """
    pt, eta, phi, seed_eta, seed_phi = raw
    values = builder.result.to_float(builder.build(pt, eta, phi, seed_eta, seed_phi))
    exact = values.astype(np.float32)
    if not np.array_equal(exact, values):
        raise ValueError("the builder's images are not exact in float32")
    return exact
