"""Every point of the search that this project runs can become a run of its own."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from data_prep.errors import ConfigurationError
from pipeline.configuration import load
from pipeline.studies.search.files import files_of, read_files
from pipeline.studies.search.image_sets import image_sets
from pipeline.studies.search.pick import choose, read_front, write_run
from pipeline.studies.search.settings import ConstraintSettings, SearchSettings
from pipeline.studies.search.space import Point, Space

CONFIGS = Path(__file__).parents[4] / "configs" / "search"


@pytest.fixture(scope="module")
def space() -> Space:
    """The space of configs/search."""
    return Space.of(load(CONFIGS / "search.yaml", SearchSettings).space, read_files(CONFIGS).content)


def test_the_files_and_the_starts_are_points_of_it(space: Space) -> None:
    assert files_of(space.content(space.origin)) == read_files(CONFIGS)
    for start in load(CONFIGS / "search.yaml", SearchSettings).starts:
        assert files_of(space.content(space.origin | dict(start))) != read_files(CONFIGS)
    values = {each.name: each.values for each in space.dimensions}
    assert len(image_sets(space)) == len(values["images.grid.pixels"]) * len(values["images.grid.half_width"])


def test_the_best_within_limits_by_what_synthesis_counted() -> None:
    names = ("trial", "macro_auc", "lut_estimate", "lut", "clocks")
    rows = [(3, 0.88, 900, 1010, 12), (5, 0.86, 880, None, 14), (8, 0.85, 1005, 990, 9), (9, 0.80, 300, 280, 8)]
    points = [dict(zip(names, row, strict=True)) | {"interval": 1} for row in rows]
    front = {"objective": "macro_auc", "points": points}
    for lut, clocks, trial in ((2000, None, 3), (1000, None, 5), (1000, 13, 8), (None, 8, 9)):
        assert choose(front, None, ConstraintSettings(lut=lut, clocks=clocks))["trial"] == trial
    assert choose(front, 8, ConstraintSettings())["lut"] == 990
    with pytest.raises(ConfigurationError, match="trial 9, takes 280 LUT and 8 clocks, 40% too many in all"):
        choose(front, None, ConstraintSettings(lut=200, clocks=9))


def test_any_point_is_read_back_as_it_is(space: Space, tmp_path: Path, rng: np.random.Generator) -> None:
    """`write_run` compares what it wrote with the settings of the point; here that comments and jets stay too."""
    search = tmp_path / "28_search"
    shutil.copytree(CONFIGS, search)
    (search / "front.json").write_text(json.dumps({"points": []}))
    (search / "origin.json").write_text(json.dumps({"sample": "symmetries", "run": "search"}))
    found = {"trial": 7, "lut": None, "lut_estimate": 31_234, "clocks": 12, "macro_auc": 0.87, "macro_auc_error": 0.001}
    (tmp_path / "search").mkdir()
    shutil.copy(CONFIGS / "rates.yaml", tmp_path / "search")
    for number in range(5):
        point: Point = {each.name: each.values[rng.integers(len(each.values))] for each in space.dimensions}
        folder = tmp_path / f"run{number}"
        write_run(search, found | {"point": point}, read_front(search), folder, "python -m pipeline pick …")
        assert read_files(folder) == files_of(space.content(point))
        model, images = ((folder / f"{name}.yaml").read_text() for name in ("model", "images"))
        assert model.startswith("# Found by a search, trial 7: after a short training 31,234 LUT (estimate), 12 clocks")
        assert "# a pixel at the input port" in model
        assert f"--config configs/run{number}/images.yaml build/symmetries/10_root" in images
        assert "# along each side" in images
        train = (folder / "train.yaml").read_text().removeprefix((CONFIGS / "train.yaml").read_text())
        assert train == "" if point["pruning"] == "none" else train.startswith("pruning:\n  sparsity: 0.")
        assert (folder / "sample").read_text() == "symmetries\n"
        rates = (folder / "rates.yaml").read_text()
        assert f"--lowered build/run{number}/40_lowered build/rates/10_root --out build/run{number}/67_rates" in rates
