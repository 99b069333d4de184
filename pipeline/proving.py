"""What the proving stages share: the test set as vectors, and what is left of a proof that failed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from data_prep.errors import InputFileError

if TYPE_CHECKING:
    from data_prep.events.settings import EventDescription
    from data_prep.store.jet_images import ImageDescription
    from hls_projects.emulator.fast_emulator import Raw
    from hls_projects.hls.project import HlsProject
    from hls_projects.network.network import Network
    from hls_projects.proof.record import Proof
    from pipeline.artefacts.artefact import Workspace


_EVENTS = 500
"""Event images that are dense at once."""


class TestSet:
    """The test jets, or the test events, as test vectors."""

    kind = "data"

    def __init__(self, images: Path) -> None:
        from data_prep.store.event_images import holds_events, open_event_dataset
        from data_prep.store.jet_images import open_dataset

        self.of_events = holds_events(images)
        self.split: Any = (open_event_dataset(images) if self.of_events else open_dataset(images)).split("test")
        self.count = self.split.rows

    def batches(self, size: int) -> Any:
        """Batches of dense images."""
        for batch in self.split.batches(size):
            yield (batch.dense(),)

    def emulated(self, network: Network) -> list[Raw]:
        """What the fast emulator gives for all of them: raw integers [jets, …] an output."""
        from hls_projects.emulator.fast_emulator import FastEmulator

        emulator = FastEmulator(network)
        if self.of_events:
            parts = [emulator.run(batch.dense()) for batch in self.split.batches(_EVENTS)]
        else:
            parts = [emulator.run(batch) for batch in self.split.batches(100_000)]
        shapes = [port.shape for port in network.graph.outputs]
        if not parts:
            return [np.zeros((0, *shape), np.int64) for shape in shapes]
        return [np.concatenate(part) for part in zip(*parts, strict=True)]

    def column(self, name: str) -> np.ndarray[Any, Any]:
        """A column of the whole test set, in the order of `batches`."""
        return np.concatenate([getattr(batch, name) for batch in self.split.batches(100_000)])


def description_of(images: Path) -> ImageDescription | EventDescription:
    """What the images of a dataset are.

    Raises:
        InputFileError: no dataset of jets or events.
    """
    from data_prep.store.event_images import holds_events, open_event_dataset
    from data_prep.store.jet_images import open_dataset

    return open_event_dataset(images).metadata if holds_events(images) else open_dataset(images).metadata


def require_images_of(network: Network, images: Path) -> None:
    """Make sure that a dataset is what a network takes, and that its labels are what the network's outputs are.

    Of a network that was brought without a word about its images nothing is known; their shape is checked where they
    are used.

    Raises:
        InputFileError: naming every key in which they differ.
    """
    if network.meaning is not None:
        description = description_of(images)
        network.meaning.require_same_images(description, images)
        network.meaning.require_same_classes(description, images)


def require_same_meaning(project: HlsProject, network: Network, folder: Path) -> None:
    """Make sure that a project was converted from a network that means the same.

    Raises:
        InputFileError: it says something else about inputs and outputs, or nothing.
    """
    if project.meaning != network.meaning:
        reason = "says something else about the network's inputs and outputs than the lowered model does"
        raise InputFileError(reason, file=folder / "hls.json", remedy="run `convert` again")


def require_same_images(project: HlsProject, images: ImageDescription | EventDescription, folder: Path) -> None:
    """Make sure that a project builds the images of a dataset of candidates, and none of another one.

    Raises:
        InputFileError: when its image builder is another one, is missing, or is there though the images are not made of
            candidates.
    """
    from hls_projects.blocks.image_builder import ImageBuilder

    builder = project.builder.builder if project.builder else None
    if ImageBuilder.of_images(images) == builder:
        return
    reason = "builds other images than the dataset holds" if builder else "holds no image builder"
    remedy = (
        "its images are made of candidates: run `convert` with `--images`" if not builder else "run `convert` again"
    )
    raise InputFileError(reason, file=folder, remedy=remedy)


def leave_proof(space: Workspace, path: Path, proof: Proof) -> None:
    """Leave a proof that proves nothing, to be read: its manifest says so, and it is made again.

    Args:
        space: of the stage.
        path: of the proof in it.
        proof: that failed or was not run.
    """
    space.leave(path, proof.model_dump(mode="json"), proof.reason or str(proof.first_mismatch))
