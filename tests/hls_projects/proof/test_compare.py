"""One comparison of any two forms: every vector counted, the first difference named, the outputs of the data kept."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from data_prep.fixed_point import FixedType
from hls_projects.proof.compare import Comparison, Entry, Forms, Values, compare_forms
from hls_projects.proof.vectors import VectorSet

TYPE = FixedType(8, 7)
"""Steps of a half."""
NUMBERS = np.arange(12, dtype=np.int64)[:, np.newaxis] * [1, 2]
VECTORS = [VectorSet("data", (NUMBERS[:7],)), VectorSet("random", (NUMBERS[7:],))]


def compared(wrong: dict[int, float]) -> tuple[Comparison, list[int]]:
    """Numbers with themselves and with their halves; the hardware's first value of some numbers is another one."""

    def run(inputs: tuple[npt.NDArray[np.int64], ...]) -> Values:
        (values,) = inputs
        hardware = values.astype(np.float64)
        for number, value in wrong.items():
            hardware[values[:, 0] == number, 0] = value
        return Values([(values, hardware), (values / 2, values / 2)], [values])

    done: list[int] = []
    entries = [Entry("conv", TYPE), Entry("output 0", TYPE)]
    return compare_forms(Forms(entries, run), VECTORS, 3, done.append), done


def test_every_vector_is_counted_and_the_outputs_of_the_data_are_kept() -> None:
    comparison, done = compared({})
    proof = comparison.proof
    assert (proof.status, proof.reason) == ("proven", "all 48 integers are equal")
    assert proof.vectors == {"data": 7, "random": 5}
    assert [(layer.name, layer.values, layer.mismatches) for layer in proof.layers] == [
        ("conv", 24, 0),
        ("output 0", 24, 0),
    ]
    assert done == [3, 3, 1, 3, 2]
    (kept,) = comparison.raw_outputs
    np.testing.assert_array_equal(kept, NUMBERS[:7])


def test_the_first_difference_is_named() -> None:
    proof = compared({8: -1.0, 11: 0.5})[0].proof
    assert (proof.status, proof.reason) == ("failed", "2 of 48 integers differ")
    first = proof.first_mismatch
    assert first is not None
    assert (first.layer, first.vector, first.kind, first.position) == ("conv", 8, "random", (0,))
    assert (first.expected, first.found) == (8.0, -1.0)


def test_what_lies_between_the_steps_is_a_difference_and_behind_an_activation_it_is_none() -> None:
    third = np.full((4, 1), 1 / 3)
    for on_grid, mismatches in ((True, 4), (False, 0)):
        forms = Forms[np.float32]([Entry("output 0", TYPE, on_grid)], lambda _: Values([(third, third)]))
        vectors = [VectorSet("data", (np.zeros((4, 1), np.float32),))]
        assert compare_forms(forms, vectors, 4).proof.mismatches == mismatches
