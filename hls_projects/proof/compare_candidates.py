"""From candidates on: the built image and the outputs behind it, integer by integer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from tensorflow import keras

from data_prep.store.jet_images import ImageSplit
from hls_projects.blocks.image_builder import ImageBuilder
from hls_projects.blocks.image_builder_vectors import Raw, builder_vectors
from hls_projects.hls.csim import Emulator
from hls_projects.hls.image_builder import IMAGE
from hls_projects.network.graph import Graph
from hls_projects.network.integer_ops import Integers
from hls_projects.proof.compare import (
    Entry,
    Forms,
    Tally,
    Values,
    at_ports,
    compare_forms,
    count,
    output_entries,
    output_pairs,
    predict,
    summarise,
)
from hls_projects.proof.compared import CANDIDATES
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
    types: Graph,
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

    def run(raw: tuple[Integers, ...]) -> Values:
        images, emulated = images_of(builder, raw), twin.run(raw)
        outputs = output_pairs(types, predict(trained, at_ports((images,), types)), emulated.outputs)
        return Values([(images, emulated.layers[IMAGE]), *outputs])

    entries = [Entry(IMAGE, builder.result), *output_entries(types, CANDIDATES)]
    return compare_forms(Forms(entries, run), vectors, batch, advance).proof


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
