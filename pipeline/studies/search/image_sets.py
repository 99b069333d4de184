"""The image sets of a search: every kind of images that its space allows, each made once."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from data_prep.errors import ConfigurationError
from pipeline.studies.image_sets import ImageSet, make_image_sets
from pipeline.studies.search.files import image_set
from pipeline.studies.search.space import Space

if TYPE_CHECKING:
    from data_prep.images.jets import ImagesSettings
    from data_prep.readers import Reader

LIMIT = 64
"""Image sets at most."""


def image_sets(space: Space) -> dict[str, ImagesSettings]:
    """The settings of all image sets by folder, that of the files first; what is no valid combination is left out.

    Raises:
        ConfigurationError: too many of them.
    """
    from data_prep.images.jets import ImagesSettings

    of_images = [
        dimension
        for dimension in space.dimensions
        if any(key.startswith("images.") for change in dimension.changes.values() for key in change)
    ]
    sets: dict[str, ImagesSettings] = {}
    origin = space.origin
    points = [
        {},
        *(dict(zip((d.name for d in of_images), v, strict=True)) for v in product(*(d.values for d in of_images))),
    ]
    for point in points:
        try:
            settings = ImagesSettings.of_content(space.content(origin | point)["images"])
        except ValidationError:
            continue
        sets.setdefault(image_set(settings), settings)
        if len(sets) > LIMIT:
            raise ConfigurationError(f"'space' asks for more than {LIMIT} image sets", remedy="name fewer values")
    return sets


def make_sets(
    sets: Mapping[str, ImagesSettings], reader: Reader, files: Mapping[Path, int], work: Path, workers: int
) -> None:
    """Make those image sets that are not there.

    Args:
        sets: their settings by folder.
        reader: of the jets.
        files: the files with the number of their jets.
        work: where the folders go.
        workers: processes, as of the stage `images`.
    """
    wanted = [ImageSet(work / name, settings, reader) for name, settings in sets.items()]
    make_image_sets(wanted, files, workers, f"{len(wanted)} sets of images")
