"""Expressions: what numpy gives for the same formula, and nothing beyond the list."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import yaml
from pydantic import TypeAdapter, ValidationError

from data_prep.errors import InputFileError
from data_prep.jets.expressions import BranchName, Expression, members

X = np.array([-2.0, 0.5, 3.0], np.float32)
N = np.array([1, 6, 7], np.uint8)
COLUMNS = {
    "x": X,
    "n": N,
    "Jet.PT": X * 10,
    "c[px] / 2": N,
    "class": np.array([2, 1, 0]),
    "long": np.array([1, 2, 2**64 - 5], np.uint64),
    "quoted0": N > 6,
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x", X),
        ("Jet.PT / 1000", X / 100),
        ("-x ** 2 + 1", 1 - X.astype(float) ** 2),
        ("-n", [-1, -6, -7]),
        ("abs(x) * cosh(x)", np.abs(X) * np.cosh(X)),
        ("hypot(x, n) % 2", np.hypot(X, N) % 2),
        ("1 < n <= 6", [False, True, False]),
        ("n == 6 or x < 0 and not n == 1", [False, True, False]),
        ("n & 2", [0, 2, 2]),
        ("long & -n", [1, 2, -7]),
        ("maximum(x, 0) - minimum(x, 0)", np.abs(X)),
        ("`x` + `n`", X + N),
        ("abs(`c[px] / 2`)/2", N / 2),
        ("`class`==2 or`quoted0`", [True, False, True]),
        ("`Jet.PT`", X * 10),
    ],
)
def test_values(text: str, expected: object) -> None:
    np.testing.assert_allclose(Expression(text)(COLUMNS), expected, rtol=1e-6)


def test_faults_are_not_numbers() -> None:
    assert np.isnan(Expression("sqrt(x)")(COLUMNS)[0])
    assert members(Expression("sqrt(x)"), COLUMNS, 3).tolist() == [False, True, True]
    assert members(Expression("1"), {}, 2).tolist() == [True, True]
    assert np.isinf(Expression("10 ** 10 ** 10 + 0 * x")(COLUMNS)[1])


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('true')",
        "open('f')",
        "x.__class__()",
        "[y for y in x]",
        "lambda: 1",
        "x if x else n",
        "x[0]",
        "'text'",
        "f'{x}'",
        "(x := 1)",
        "abs(x, n)",
        "abs(x=1)",
        "x +",
        "",
        "1j",
        "9" * 30,
        "x + " * 200 + "x",
        "x << 2",
        "x @ n",
        "~x",
        "n in x",
        "(" * 300 + "x" + ")" * 300,
        "`x",
        "``",
        "` `",
        "`x``n`",
        "2`x`",
        "`abs`(x)",
        "x.`n`",
        "class == 1",
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expression|allowed|takes|large|characters|back-quote"):
        Expression(text)


def test_names_in_back_quotes() -> None:
    assert Expression("`class` > `c[px]` and `a/b.pt`").names == ("class", "c[px]", "a/b.pt")
    with pytest.raises(ValueError, match='in YAML the whole expression in quotes: "`class` == 1"'):
        Expression("class > 1")
    expression = next(iter(yaml.safe_load('"`class` == 1": 0')))
    assert Expression(expression).names == ("class",)


def test_a_name_of_one_branch() -> None:
    name = TypeAdapter(BranchName)
    assert [name.validate_python(text) for text in ("a", "`a`", "c[px]", "`class`")] == ["a", "a", "c[px]", "class"]
    for bad in ("", "``", "`a", "`a` `b`", "a`b`"):
        with pytest.raises(ValidationError):
            name.validate_python(bad)


@pytest.mark.parametrize(
    ("text", "hint", "mended"),
    [
        ("x > 0 && n == 6", "write `and` for `&&`", "x > 0 and n == 6"),
        ("x > 2 || n == 6", "write `or` for `||`", "x > 2 or n == 6"),
        ("n == 6 && !(x < 0)", "write `and` for `&&`, `not` for `!`", "n == 6 and not (x < 0)"),
        ("n = 6", "write `==` for `=`", "n == 6"),
        ("`class` = 1", "write `==` for `=`", "`class` == 1"),
    ],
)
def test_operators_of_c_are_named_with_ours(text: str, hint: str, mended: str) -> None:
    with pytest.raises(ValueError, match="is not an expression") as caught:
        Expression(text)
    assert str(caught.value) == f"'{text}' is not an expression ({hint})"
    assert members(Expression(mended), COLUMNS, 3)[1]


@pytest.mark.parametrize("text", ["x !=", "x <= ", "`a=b` >=", "x ==", "`a&&b` +"])
def test_operators_of_ours_and_names_in_quotes_are_no_such(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not an expression \(put a name that is no plain word in back-quotes"):
        Expression(text)


@pytest.mark.parametrize("value", [1, -1, 0.3, 1e-30, -0.5, np.inf, 255, True])
def test_what_is_not_zero_holds(value: float) -> None:
    assert members(Expression("x"), {"x": np.array([value])}, 1).tolist() == [True]
    assert members(Expression("not x"), {"x": np.array([value])}, 1).tolist() == [False]
    assert members(Expression("x and 1"), {"x": np.array([value])}, 1).tolist() == [True]


@pytest.mark.parametrize("value", [0, 0.0, -0.0, np.nan, False])
def test_zero_and_nan_do_not(value: float) -> None:
    assert members(Expression("x"), {"x": np.array([value])}, 1).tolist() == [False]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("x & 1", "`&` in 'x & 1' is for integers only (x is float32)"),
        ("n | x", "`|` in 'n | x' is for integers only (n is uint8, x is float32)"),
        ("1 & 0.5", "`&` in '1 & 0.5' is for integers only"),
    ],
)
def test_bits_are_those_of_integers(text: str, reason: str) -> None:
    with pytest.raises(InputFileError) as caught:
        members(Expression(text), COLUMNS, 3, Path("t.root"))
    assert (caught.value.file, caught.value.problem) == ("t.root", reason)
