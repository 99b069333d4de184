"""Single test jets, not hand-picked: the first ones of each class, and the first one that is misclassified."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from data_prep.errors import PipelineError
from data_prep.images.batch import ImageBatch, concatenate
from data_prep.images.jets import ImagesSettings
from data_prep.readers.detect import reader_of
from data_prep.readers.file_names import read_file_names
from data_prep.store.jet_images import ImageDataset
from pipeline.artefacts.manifest import input_path
from pipeline.report.run_folder import RunFolder

FIRST_JETS = 2
"""Jets of each class, however the network classifies them."""
_BATCH = 4096

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class JetConstituents:
    """The constituents of one jet as in the input file.

    Attributes:
        pt: float32 [constituents], GeV.
        eta, phi: float32 [constituents], from the jet axis.
    """

    pt: Floats
    eta: Floats
    phi: Floats


def select_rows(label: npt.NDArray[np.uint8], predicted: npt.NDArray[np.int64], classes: int) -> list[list[int]]:
    """The rows that are shown, by class: the first ones, and the first misclassified one after them.

    Args:
        label: the true class of each test jet.
        predicted: the predicted class of each test jet.
        classes: their number.

    >>> select_rows(np.array([0, 0, 1, 0, 0], np.uint8), np.array([0, 1, 1, 0, 1]), 2)
    [[0, 1, 4], [2]]
    """
    selected = []
    for index in range(classes):
        rows = np.flatnonzero(label == index)
        misclassified = rows[FIRST_JETS:][predicted[rows[FIRST_JETS:]] != index]
        selected.append([int(row) for row in (*rows[:FIRST_JETS], *misclassified[:1])])
    return selected


def read_rows(dataset: ImageDataset, rows: list[int]) -> ImageBatch:
    """The images of some rows of the test split, in ascending order of the rows."""
    start, parts, ascending = 0, [], np.array(sorted(rows), np.int64)
    for batch in dataset.splits["test"].read(_BATCH):
        inside = ascending[(ascending >= start) & (ascending < start + len(batch))]
        parts.append(batch.take(inside - start))
        start += len(batch)
        if start > ascending[-1]:
            break
    return concatenate(parts)


def constituents(run: RunFolder, jets: ImageBatch) -> list[JetConstituents | None]:
    """The constituents of each jet; None if its input file does not exist any more or does not contain it."""
    manifest = run.manifests["20_images"]
    artefact = run.path / "20_images"
    try:
        settings = ImagesSettings.model_validate(manifest.configuration.get("images"))
        names = read_file_names(artefact)
    except (PipelineError, ValueError):
        return [None] * len(jets)
    inputs = [input_path(name, artefact) for name in manifest.inputs if "://" not in name]
    files = {number: file for number, name in enumerate(names) for file in inputs if _is_file_named(file, name)}
    return [_read_jet(jets.slice(row, row + 1), files, settings) for row in range(len(jets))]


def _is_file_named(file: Path, name: str) -> bool:
    parts = Path(name).parts
    return file.parts[-len(parts) :] == parts and file.is_file()


def _read_jet(jet: ImageBatch, files: Mapping[int, Path], settings: ImagesSettings) -> JetConstituents | None:
    """The constituents of one jet; None if they cannot be read, or if another jet is at its place now."""
    if jet.places is None or int(jet.places.file[0]) not in files:
        return None
    file, entry, index = files[int(jet.places.file[0])], int(jet.places.entry[0]), int(jet.places.jet[0])
    try:
        reader, entries, _ = reader_of([file], settings.options, settings.layout)
        if entry >= entries[file]:
            return None
        chunk = reader.read(file, entry, entry + 1)
    except PipelineError:
        return None
    same_event = index < chunk.jets and chunk.event[index] == jet.event[0]
    if not same_event or chunk.jet_pt[index] != jet.features["jet_pt"][0]:
        return None
    inside = slice(int(chunk.offsets[index]), int(chunk.offsets[index + 1]))
    turn = (chunk.phi[inside] - chunk.jet_phi[index] + np.pi) % (2 * np.pi) - np.pi
    return JetConstituents(chunk.pt[inside], chunk.eta[inside] - chunk.jet_eta[index], turn.astype(np.float32))
