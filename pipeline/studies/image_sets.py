"""The image sets of a study: each is made whole or not at all, and only once."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from data_prep.system.whole import whole_folder
from pipeline import console

if TYPE_CHECKING:
    from data_prep.images.jets import ImagesSettings
    from data_prep.readers import Reader


@dataclass(frozen=True)
class ImageSet:
    """A dataset of images.

    Attributes:
        folder: that of the dataset.
        settings: those of the images.
        reader: that of the jets.
    """

    folder: Path
    settings: ImagesSettings
    reader: Reader


def make_image_sets(sets: Sequence[ImageSet], files: Mapping[Path, int], workers: int, title: str) -> None:
    """Make the image sets that do not exist yet.

    Args:
        sets: the image sets, made one after the other.
        files: the files with the number of their jets.
        workers: processes, as of the stage `images`.
        title: of the progress bar.
    """
    from data_prep.streams.executors.choice import executor_of
    from data_prep.streams.jet_images import JetImages
    from data_prep.streams.production import make_images

    missing = [image_set for image_set in sets if not image_set.folder.exists()]
    if not missing:
        return
    total = sum(files.values())
    with (
        executor_of(total, workers) as executor,
        console.progress(title, total * len(missing), "jets") as advance,
    ):
        for each in missing:
            with whole_folder(each.folder) as partial:
                images = JetImages.of(each.reader, each.settings)
                make_images(files, images, partial, advance, console.warn, executor=executor)


@contextmanager
def checkpoints(folder: Path) -> Iterator[Path]:
    """A folder for the checkpoints of a training, which is kept after an interruption and removed at the end.

    The results of the training must be written before the end.
    """
    folder.mkdir(exist_ok=True)
    yield folder
    shutil.rmtree(folder)
