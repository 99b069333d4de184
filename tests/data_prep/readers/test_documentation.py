"""The layouts in docs/data_flow.md are those there are, and its example can be read."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from data_prep.readers.layout import LAYOUTS
from data_prep.readers.layouts.own import OwnLayout
from tests.data_prep.readers import samples

PAGE = (Path(__file__).parents[3] / "docs" / "data_flow.md").read_text(encoding="utf-8")


def test_the_table_names_every_layout() -> None:
    section = PAGE.split("## Input files")[1].split("## `20_images/`")[0]
    named = re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)
    assert sorted(named) == list(LAYOUTS)
    assert set(samples.WRITERS) == set(LAYOUTS)


def test_the_example_is_a_layout() -> None:
    example = re.findall(r"```yaml\n(layout:.*?)```", PAGE, re.DOTALL)
    assert len(example) == 1
    layout = OwnLayout.model_validate(yaml.safe_load(example[0])["layout"])
    assert layout.constituents.pt == "cand_ptfraction * jet_pt"
