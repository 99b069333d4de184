"""Jets of the test set as reference vectors."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from data_prep.errors import InputFileError, ProofFailedError
from data_prep.store.event_images import holds_events
from data_prep.store.jet_images import ImageDataset, open_dataset
from hls_projects.export.reference_vectors import ReferenceVectors
from hls_projects.hls.emulated_outputs import EmulatedOutputs
from hls_projects.network.port import Port
from hls_projects.proof.vectors import Vectors
from models.events.data import Events, open_events


@dataclass(frozen=True)
class JetVectors:
    """Jets evenly spread over the test set, as test vectors.

    Attributes:
        dataset: where they come from.
        rows: their numbers in the test set, ascending.
    """

    dataset: ImageDataset | Events
    rows: npt.NDArray[np.int64]
    kind: str = "data"

    @property
    def count(self) -> int:
        """Number of jets."""
        return self.rows.size

    def batches(self, size: int) -> Iterator[tuple[Vectors, ...]]:
        """See `hls_projects.proof.vectors.VectorSource`."""
        jets = self.dataset.split("test").whole
        for first in range(0, self.count, size):
            yield (jets.take(self.rows[first : first + size]).dense(),)


def choose_jets(images: Path, count: int, inputs: tuple[Port, ...]) -> JetVectors:
    """Choose reference jets.

    Args:
        images: the dataset.
        count: how many; all of the test set where it has fewer.
        inputs: what the network takes.

    Raises:
        InputFileError: when the images do not fit the design's input.
    """
    dataset = open_events(images) if holds_events(images) else open_dataset(images)
    shapes = [port.shape for port in inputs]
    if shapes != [dataset.shape]:
        taken = " and ".join(" x ".join(map(str, shape)) for shape in shapes)
        image = " x ".join(map(str, dataset.shape))
        raise InputFileError(f"holds images of {image}, the design takes {taken}", file=images)
    available = dataset.split("test").rows
    chosen = min(count, available)
    return JetVectors(dataset, np.arange(chosen, dtype=np.int64) * available // max(chosen, 1))


def require_equal(vectors: ReferenceVectors, jets: JetVectors, emulated: EmulatedOutputs) -> None:
    """The reference outputs of the jets, from the lowered model, are the integers that the emulation gave.

    Raises:
        ProofFailedError: when the emulated outputs belong to another model or other jets.
    """
    first = next(block.first for block in vectors.blocks if block.kind == jets.kind)
    for expected, emulated_raw in zip(vectors.outputs, emulated.raw, strict=True):
        expected_jets = expected[first : first + jets.count].reshape(jets.count, -1)
        emulated_jets = emulated_raw.reshape(len(emulated_raw), -1)
        if len(emulated_raw) != jets.dataset.split("test").rows or not np.array_equal(
            expected_jets, emulated_jets[jets.rows]
        ):
            raise ProofFailedError(
                "the emulated outputs are not those of this model on these jets",
                file=emulated.file,
                remedy="run `csim` again",
            )
