"""A third kind of image is one class: it is read, written, counted and summed up as the others are."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.mock import mock_jets, write_mock_file
from data_prep.images.jets import JetChunkImages
from data_prep.readers.layouts.jetclass import JetClassReader
from data_prep.store.jet_images import open_dataset
from data_prep.store.split import SPLITS
from data_prep.streams.entry_range import EntryRange
from data_prep.streams.jet_images import JetImages
from data_prep.streams.production import make_images
from tests.data_prep.images.test_jets import settings


class Halved(JetImages):
    """The same pixels at half their pT."""

    def make(self, part: EntryRange) -> JetChunkImages:
        """See `ImageKind.make`."""
        images = super().make(part)
        return replace(images, batch=replace(images.batch, value=images.batch.value / 2))


def test_another_kind_of_image_of_jets(tmp_path: Path) -> None:
    files = {tmp_path / f"{name}.root": 100 for name in ("g", "t")}
    for file in files:
        write_mock_file(file, mock_jets(file.stem, 100, seed=1))
    configuration = settings(chunk_jets=30)
    accounts = []
    for kind in (JetImages, Halved):
        folder = tmp_path / kind.__name__
        folder.mkdir()
        images = kind.of(JetClassReader(configuration.options), configuration)
        cutflow, summary = make_images(files, images, folder, lambda _: None)
        accounts.append((cutflow.to_json(), summary.mean_image))
    assert accounts[0][0] == accounts[1][0]
    np.testing.assert_array_equal(accounts[1][1], accounts[0][1] / 2)
    for name in SPLITS:
        whole, halved = (open_dataset(tmp_path / kind).split(name).whole for kind in ("JetImages", "Halved"))
        np.testing.assert_array_equal(halved.pixel, whole.pixel)
        np.testing.assert_array_equal(halved.value, whole.value / 2)
