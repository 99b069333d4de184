"""What may be named as a layout."""

from __future__ import annotations

import pytest
from pydantic import TypeAdapter, ValidationError

from data_prep.readers.layout import LAYOUTS, LayoutName

NAME = TypeAdapter(LayoutName)


@pytest.mark.parametrize("name", ["auto", *LAYOUTS])
def test_known_names_are_taken(name: str) -> None:
    assert NAME.validate_python(name) == name


@pytest.mark.parametrize("name", ["jetclas", "", "own", "Delphes"])
def test_another_name_is_refused_with_those_that_are_known(name: str) -> None:
    with pytest.raises(ValidationError, match="must be one of auto, delphes, higgs_to_bb, .*, top_tagging"):
        NAME.validate_python(name)


def test_only_trigger_events_come_without_jets() -> None:
    assert [name for name, layout in LAYOUTS.items() if layout.clusters] == ["l1_puppi"]
