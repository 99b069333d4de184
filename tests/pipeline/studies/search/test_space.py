"""What a point makes of configuration files, and which spaces are refused."""

from __future__ import annotations

from typing import Any

import pytest

from data_prep.errors import ConfigurationError
from pipeline.studies.search.settings import SearchSettings
from pipeline.studies.search.space import AS_IS, Space

FIRST = {"filters": 4, "stride": 2, "pooling": 1, "depthwise": None}
SECOND = {"filters": 12, "stride": 1, "pooling": 2, "depthwise": {"bits": 5}}
BASE: dict[str, Any] = {
    "model": {"symmetry": "plain", "blocks": [FIRST, SECOND], "dense": [{"units": 8}]},
    "images": {"grid": {"pixels": 16}},
    "train": {"sparsity": 0.0},
    "hardware": {"rtl": {"delay": 4.0}},
}
REDUCTION = {"pool": {"model.blocks.0.stride": 1, "model.blocks.0.pooling": 2}}


def space(**dimensions: Any) -> Space:
    given = {name.replace("__", "."): values for name, values in dimensions.items()}
    return Space.of(SearchSettings.model_validate({"budget": {"trials": 1}, "space": given}).space, BASE)


def test_the_files_are_a_point_of_every_space() -> None:
    found = space(
        model__blocks__0__filters=[8, 2],
        model__symmetry=["p4"],
        images__grid__pixels={"from": 10, "to": 14, "step": 2},
        reduction=REDUCTION,
    )
    assert [each.values for each in found.dimensions] == [(2, 4, 8), ("p4", "plain"), (10, 12, 14, 16), (AS_IS, "pool")]
    assert [each.ordered for each in found.dimensions] == [True, False, True, False]
    assert found.content(found.origin) == BASE
    assert found.content({}) == BASE


def test_a_choice_that_the_files_hold_is_theirs() -> None:
    found = space(reduction=REDUCTION | {"stride": {"model.blocks.0.stride": 2, "model.blocks.0.pooling": 1}})
    assert found.dimensions[0].values == ("pool", "stride")
    assert found.origin == {"reduction": "stride"}
    made = found.content({"reduction": "pool"})["model"]["blocks"]
    assert made == [FIRST | {"stride": 1, "pooling": 2}, SECOND]


def test_blocks_come_and_go() -> None:
    found = space(
        model__blocks__number=[1, 2, 3],
        model__blocks__2__filters=[16, 24],
        model__dense__number=[0],
        model__dense__0__units=[8, 4],
    )
    assert found.origin["model.blocks.2.filters"] == 12, "a further block is a copy of the last one"
    three = found.content({"model.blocks.number": 3, "model.blocks.2.filters": 24})["model"]["blocks"]
    assert three == [FIRST, SECOND, SECOND | {"filters": 24}]
    one = found.content({"model.blocks.number": 1, "model.blocks.2.filters": 24, "model.dense.number": 0})["model"]
    assert (one["blocks"], one["dense"]) == ([FIRST], [])
    assert BASE["model"]["blocks"] == [FIRST, SECOND], "the files stay"


def test_every_item_at_once() -> None:
    found = space(**{"model.blocks.*.filters": [2, 6], "train.sparsity": [0.5], "hardware.rtl.delay": [3, 6]})
    assert found.origin == {"model.blocks.*.filters": AS_IS, "train.sparsity": 0.0, "hardware.rtl.delay": 4.0}
    made = found.content({"model.blocks.*.filters": 6, "train.sparsity": 0.5})
    assert [block["filters"] for block in made["model"]["blocks"]] == [6, 6]
    assert made["train"] == {"sparsity": 0.5}


def test_a_small_section_is_set_as_a_whole() -> None:
    width = {"bits": 4, "integer": 0}
    choices = {
        "separable": {"model.blocks.0.depthwise": width},
        "full": {"model.blocks.1.depthwise": None},
    }
    made = space(kind=choices)
    assert made.content({"kind": "separable"})["model"]["blocks"][0]["depthwise"] == width
    assert made.content({"kind": "full"})["model"]["blocks"][1]["depthwise"] is None


@pytest.mark.parametrize(
    ("dimensions", "said"),
    [
        ({"model.blocks.0.filter": [1]}, "'model.blocks.0.filter' is not in the configuration files"),
        ({"images.grid.rings": [1]}, "'images.grid.rings' is not in the configuration files"),
        ({"images.grid": [1]}, "'images.grid' is a section"),
        ({"model.blocks.0.stride": [1], "reduction": REDUCTION}, "both 'model.blocks.0.stride' and 'reduction' set"),
    ],
)
def test_what_is_refused(dimensions: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        space(**dimensions)


def test_a_value_that_is_none() -> None:
    with pytest.raises(ConfigurationError, match="'model.symmetry' has no value 'p6'"):
        space(model__symmetry=["p4"]).content({"model.symmetry": "p6"})
