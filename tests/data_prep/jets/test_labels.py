"""Which jet belongs to which class."""

from __future__ import annotations

import numpy as np
import pytest
from pydantic import TypeAdapter, ValidationError

from data_prep.jets.chunk import NO_CLASS, SEVERAL_CLASSES
from data_prep.jets.labels import Classes, branches_of, labels_of

CLASSES = TypeAdapter(Classes)
QGT = CLASSES.validate_python(
    [
        {"name": "q", "label": "label_QCD", "where": {"branch": "pid", "absolute": [1, 2, 3]}},
        {"name": "g", "label": "label_QCD", "where": {"branch": "pid", "absolute": [21]}},
        {"name": "t", "label": "label_Tbqq"},
    ]
)


@pytest.mark.parametrize("dtype", [np.float32, np.bool_, np.int32, np.uint8, np.float64])
def test_labels_of_any_number_type(dtype: type) -> None:
    columns = {
        "label_QCD": np.array([1, 1, 1, 0, 0, 1, 1], dtype),
        "label_Tbqq": np.array([0, 0, 0, 1, 0, 1, 0], dtype),
        "pid": np.array([2, -3, 21, 6, 24, 1, 4], np.int32),
    }
    expected = [0, 0, 1, 2, NO_CLASS, SEVERAL_CLASSES, NO_CLASS]
    assert labels_of(QGT, columns, 7).tolist() == expected


def test_a_label_is_what_is_not_zero() -> None:
    flag = np.array([0.3, -1, 0, 2, np.nan], np.float32)
    columns = {"label_QCD": 0 * flag, "label_Tbqq": flag, "pid": np.zeros(5)}
    assert labels_of(QGT, columns, 5).tolist() == [2, 2, NO_CLASS, 2, NO_CLASS]


def test_nan_is_no_label() -> None:
    nan = np.full(1, np.nan, np.float32)
    assert labels_of(QGT, {"label_QCD": nan, "label_Tbqq": nan, "pid": nan}, 1).tolist() == [NO_CLASS]


def test_each_branch_is_read_once() -> None:
    assert branches_of(QGT) == ("label_QCD", "label_Tbqq", "pid")


@pytest.mark.parametrize(
    "bad",
    [
        [{"name": "q", "label": "a"}],
        [{"name": "q", "label": "a"}, {"name": "q", "label": "b"}],
        [{"name": "q", "label": "a"}, {"name": "a-b", "label": "b"}],
        [{"name": "q", "label": "a"}, {"name": "t", "label": "b", "where": {"branch": "pid", "absolute": []}}],
    ],
    ids=["one class", "a name twice", "no identifier", "a condition nothing meets"],
)
def test_classes_that_make_no_sense_are_refused(bad: list[dict[str, object]]) -> None:
    with pytest.raises(ValidationError):
        CLASSES.validate_python(bad)
