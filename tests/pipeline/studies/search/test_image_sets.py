"""The image sets of a search: each kind once, and none made again after an interruption."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from benchmarks.mock import mock_jets, write_mock_file
from data_prep.errors import ConfigurationError
from data_prep.images.jets import ImagesSettings
from data_prep.readers.detect import reader_of
from data_prep.readers.files import input_files
from data_prep.store.jet_images import open_dataset
from data_prep.streams import production
from pipeline.studies.search.image_sets import LIMIT, image_sets, make_sets
from pipeline.studies.search.settings import SearchSettings
from pipeline.studies.search.space import Space

IMAGES: dict[str, Any] = {
    "classes": [{"name": "q", "label": "label_QCD"}, {"name": "t", "label": "label_Tbqq"}],
    "grid": {"kind": "square", "pixels": 8, "half_width": 0.8},
    "steps": [{"step": "centre"}],
    "split": {"train": 0.5, "validation": 0.2, "test": 0.3},
}
BITS = {"model.bits": [3, 4]}


def sets(space: Mapping[str, Any]) -> dict[str, ImagesSettings]:
    given = SearchSettings.model_validate({"budget": {"trials": 1}, "space": dict(space)})
    base = {"images": ImagesSettings.model_validate(IMAGES).model_dump(mode="json"), "model": {"bits": 4}}
    return image_sets(Space.of(given.space, base))


def test_what_no_dimension_changes_is_one_set() -> None:
    assert list(sets(BITS).values()) == [ImagesSettings.model_validate(IMAGES)]


def test_every_kind_once_that_of_the_files_first() -> None:
    """Three choices, of which two are the same grid, by two widths, one dimension of the model apart: four kinds."""
    grid = {"8": {"images.grid.pixels": 8}, "eight": {"images.grid.pixels": 8}, "6": {"images.grid.pixels": 6}}
    found = sets({"grid": grid, "images.grid.half_width": [0.6, 0.8], **BITS})
    kinds = [(each.grid.pixels, each.grid.half_width) for each in found.values() if each.grid.kind == "square"]
    assert kinds[0] == (8, 0.8)
    assert sorted(kinds) == [(6, 0.6), (6, 0.8), (8, 0.6), (8, 0.8)]


def test_what_is_no_valid_combination_is_left_out() -> None:
    found = sets({"images.grid.pixels": [-4, 8, 10]})
    assert [each.grid.pixels for each in found.values() if each.grid.kind == "square"] == [8, 10]


def test_no_more_than_a_disk_holds() -> None:
    pixels = {"from": 8, "to": 7 + LIMIT}
    assert len(sets({"images.grid.pixels": pixels})) == LIMIT
    with pytest.raises(ConfigurationError, match="more than 64 image sets"):
        sets({"images.grid.pixels": pixels | {"to": 8 + LIMIT}})


def _hashes(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_those_that_are_made_survive_an_interruption(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C in the middle of the second of three: the first is whole and not made again, the second is made anew."""
    for name in ("q", "t"):
        write_mock_file(tmp_path / f"{name}.root", mock_jets(name, 60, seed=1))
    wanted = sets({"images.grid.pixels": [6, 8, 10]})
    options = next(iter(wanted.values()))
    reader, files, _ = reader_of(input_files([str(tmp_path / "*.root")]), options.options, options.layout)
    made: list[int] = []
    stopped: list[int] = []
    work = tmp_path / "work"
    work.mkdir()

    def make(*arguments: Any, **more: Any) -> Any:
        pixels = arguments[1].settings.grid.pixels
        if len(made) == 1 and not stopped:
            stopped.append(pixels)
            (arguments[2] / "half.parquet").write_text("half")
            raise KeyboardInterrupt
        made.append(pixels)
        return production_make(*arguments, **more)

    production_make = production.make_images
    monkeypatch.setattr(production, "make_images", make)
    with pytest.raises(KeyboardInterrupt):
        make_sets(wanted, reader, files, work, 1)
    names = list(wanted)
    assert [path.name for path in work.iterdir() if not path.name.startswith(".")] == names[:1]
    first = _hashes(work / names[0])
    make_sets(wanted, reader, files, work, 1)
    assert made == [8, 6, 10]
    assert sorted(path.name for path in work.iterdir()) == sorted(names)
    assert _hashes(work / names[0]) == first
    for name, pixels in zip(names, made, strict=True):
        dataset = open_dataset(work / name)
        assert dataset.shape == (pixels, pixels, 1)
        assert sum(dataset.split(split).rows for split in ("train", "validation", "test")) == 120
    assert not list(work.rglob("half.parquet"))
    make_sets(wanted, reader, files, work, 1)
    assert len(made) == 3, "all are there"
