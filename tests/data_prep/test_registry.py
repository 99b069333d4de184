"""One folder, one object a file."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import pytest
from pydantic import AfterValidator, BaseModel, ValidationError

from data_prep.registry import Registry

MODULES = {
    "__init__": '"""Shapes."""',
    "square": "NOT_A_SHAPE = 1\nSHAPE: str = 'four corners'\n",
    "circle": "import decimal\n\nSHAPE = 'no corner'\n",
    "helper": "OTHER = 'SHAPE = 3'\n",
    "wrong": "SHAPE = 3\n",
}


@pytest.fixture
def shapes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Registry[str]:
    package = f"shapes_{request.node.name.partition('[')[0]}"
    (tmp_path / package).mkdir()
    for name, text in MODULES.items():
        (tmp_path / package / f"{name}.py").write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    return Registry(package, "SHAPE", str)


def test_a_file_that_declares_the_object_is_known_by_its_name(shapes: Registry[str]) -> None:
    assert list(shapes) == ["circle", "square", "wrong"]
    assert shapes["square"] == "four corners"
    assert "helper" not in shapes
    with pytest.raises(KeyError):
        shapes["helper"]


def test_names_are_known_before_anything_is_imported(shapes: Registry[str]) -> None:
    assert len(shapes) == 3
    assert not [name for name in sys.modules if name.startswith(f"{shapes.package}.")]
    assert shapes["circle"]
    assert [name for name in sys.modules if name.startswith(f"{shapes.package}.")] == [f"{shapes.package}.circle"]


def test_another_kind_of_object_is_an_error(shapes: Registry[str]) -> None:
    with pytest.raises(TypeError, match=r"wrong\.SHAPE is no str"):
        shapes["wrong"]


def test_a_configuration_takes_known_names_alone(shapes: Registry[str]) -> None:
    class Drawing(BaseModel):
        shape: Annotated[str, AfterValidator(shapes.require_known)]

    assert Drawing(shape="circle").shape == "circle"
    with pytest.raises(ValidationError, match="'cirkle' is unknown; known are circle, square, wrong"):
        Drawing(shape="cirkle")
