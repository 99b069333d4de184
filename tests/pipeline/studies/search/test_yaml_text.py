"""Files with other values: read back as what was wanted, and with the comments that a person wrote."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import yaml

from pipeline.studies.search.yaml_text import edited
from pipeline.yaml_core import Document

TEXT = """# A head.
name: plain                    # of it
input: {bits: 10, integer: 10} # a pixel
blocks:                        # from input to output
  - filters: 4                 # few
    weights: {bits: 6, integer: 0}
  - filters: 12
    weights: {bits: 5, integer: 0}

# Behind them.
output:
  weights: {bits: 5, integer: 0}   # last
"""
OLD: dict[str, Any] = yaml.safe_load(TEXT) | {"equal": "width"}
OLD["blocks"] = [block | {"stride": 1, "depthwise": None} for block in OLD["blocks"]]


def changed(*keys: str | int, value: Any) -> dict[str, Any]:
    new = copy.deepcopy(OLD)
    node: Any = new
    for key in keys[:-1]:
        node = node[key]
    node[keys[-1]] = value
    return new


def read(text: str) -> dict[str, Any]:
    """What is in a text, with the defaults of these files."""
    found = {"equal": "width"} | yaml.safe_load(text)
    return found | {"blocks": [{"stride": 1, "depthwise": None} | block for block in found["blocks"]]}


@pytest.mark.parametrize(
    ("keys", "value"),
    [
        (("name",), "p4"),
        (("name",), "true"),
        (("input", "bits"), 7),
        (("blocks", 1, "weights", "bits"), 3),
        (("output", "weights", "integer"), 2),
    ],
)
def test_a_value_changes_where_it_stands(keys: tuple[str | int, ...], value: Any) -> None:
    new = changed(*keys, value=value)
    made = edited(TEXT, OLD, new)
    assert read(made) == new
    different = [(a, b) for a, b in zip(TEXT.splitlines(), made.splitlines(), strict=True) if a != b]
    assert len(different) == 1
    assert made.count("#") == TEXT.count("#")


@pytest.mark.parametrize(
    ("keys", "value"),
    [
        (("blocks",), OLD["blocks"][:1]),
        (("blocks",), [*OLD["blocks"], OLD["blocks"][1] | {"depthwise": {"bits": 4, "integer": 1}}]),
        (("blocks", 0, "stride"), 2),
        (("blocks", 0, "depthwise"), {"bits": 4, "integer": 1}),
    ],
)
def test_a_section_gets_another_shape(keys: tuple[str | int, ...], value: Any) -> None:
    new = changed(*keys, value=value)
    made = edited(TEXT, OLD, new)
    assert read(made) == new
    for kept in ("# A head.", "# of it", "# Behind them.\noutput:", "# last"):
        assert kept in made
    assert "    weights: {bits: 6, integer: 0}\n" in made, "in the look of the file"


@pytest.mark.parametrize("item", ["- {x: 2}", "- {x: 2}  # two", "- x: 2    # two", "- x: 2\n    y: {z: 3}  # three"])
def test_a_comment_before_a_section_outlives_the_list_above_it(item: str) -> None:
    text = f"a:\n  - x: 1\n  {item}\n\n# about b\nb: 1\n"
    old = yaml.safe_load(text)
    assert edited(text, old, old | {"a": [{"x": 1}]}) == "a:\n  - x: 1\n\n# about b\nb: 1\n"
    longer = edited(text, old, old | {"a": [*old["a"], {"x": 4}]})
    assert longer == text.replace("\n\n", "\n  - {x: 4}\n\n")


def test_a_text_of_comments_alone() -> None:
    assert edited("# nothing\n", {"a": 1, "b": 2}, {"a": 1, "b": 3}) == "# nothing\nb: 3\n"


def test_what_the_text_does_not_name_comes_behind() -> None:
    new = changed("equal", value="parameters")
    assert edited(TEXT, OLD, new) == f"{TEXT}equal: parameters\n"


def test_nothing_changes_nothing() -> None:
    assert edited(TEXT, OLD, copy.deepcopy(OLD)) == TEXT


def test_a_text_with_aliases_is_written_anew() -> None:
    text = "a: &x {bits: 5}\nb: *x\n"
    assert yaml.safe_load(edited(text, yaml.safe_load(text), {"a": {"bits": 5}, "b": {"bits": 6}})) == {
        "a": {"bits": 5},
        "b": {"bits": 6},
    }


@pytest.mark.parametrize("value", ["1e3", "0o7", "010", "yes", "12", "1:30", "a", "true", ""])
def test_text_stays_text_in_yaml_1_1_and_1_2(value: str) -> None:
    made = edited("a: b\n", {"a": "b"}, {"a": value})
    assert Document(made).content == {"a": value}
    assert yaml.safe_load(made) == {"a": value}
