"""Arithmetic on branches, as configuration files hold it: parsed into a checked tree, never evaluated by Python.

Allowed are numbers, branch names (dots included, as `Jet.PT`), `+ - * / % **`, comparisons, `and or not`, `& |` on
integers, brackets, and the functions of `FUNCTIONS`. Everything else is refused when the configuration is read. A name
that is no plain word, as `class`, `c[px]` or the path `muons/fP4/fPt`, is put in back-quotes, between which every
character is taken literally.

>>> expression = Expression("hypot(px, py) > 500 and abs(pid) == 6")
>>> expression.names
('px', 'py', 'pid')
>>> expression({"px": np.array([600.0, 3.0]), "py": np.array([0.0, 4.0]), "pid": np.array([-6, 6])})
array([ True, False])
>>> Expression("`class` == 1 and `c[px]` > 0").names
('class', 'c[px]')
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
from pydantic import AfterValidator, Field

from data_prep.errors import InputFileError
from data_prep.jets.expression_text import Quoted, how_to_write, unquoted

Array = npt.NDArray[Any]

MAX_LENGTH = 500
"""Characters of an expression."""
FUNCTIONS: dict[str, tuple[Callable[..., Any], int]] = {
    "abs": (np.abs, 1),
    "sqrt": (np.sqrt, 1),
    "exp": (np.exp, 1),
    "log": (np.log, 1),
    "sin": (np.sin, 1),
    "cos": (np.cos, 1),
    "tan": (np.tan, 1),
    "sinh": (np.sinh, 1),
    "cosh": (np.cosh, 1),
    "tanh": (np.tanh, 1),
    "arcsinh": (np.arcsinh, 1),
    "arctan2": (np.arctan2, 2),
    "hypot": (np.hypot, 2),
    "minimum": (np.minimum, 2),
    "maximum": (np.maximum, 2),
    "sign": (np.sign, 1),
}
"""The functions, with the number of their arguments."""

_BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: np.add,
    ast.Sub: np.subtract,
    ast.Mult: np.multiply,
    ast.Div: np.true_divide,
    ast.Mod: np.mod,
    ast.Pow: np.float_power,
    ast.BitAnd: np.bitwise_and,
    ast.BitOr: np.bitwise_or,
}
_COMPARE: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: np.equal,
    ast.NotEq: np.not_equal,
    ast.Lt: np.less,
    ast.LtE: np.less_equal,
    ast.Gt: np.greater,
    ast.GtE: np.greater_equal,
}


class Expression:
    """A parsed expression.

    Args:
        text: the expression.

    Raises:
        ValueError: it cannot be parsed, is too long or uses something that is not allowed.
    """

    def __init__(self, text: str) -> None:
        if len(text) > MAX_LENGTH:
            raise ValueError(f"an expression has at most {MAX_LENGTH} characters")
        python_text, quoted = unquoted(text.strip())
        try:
            self._tree = Quoted(quoted).visit(ast.parse(python_text, mode="eval")).body
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            raise ValueError(f"'{text}' is not an expression ({how_to_write(python_text)})") from None
        self.text = text
        names: list[str] = []
        _check(self._tree, names, text)
        self.names = tuple(dict.fromkeys(names))
        """The branches of the expression, each once, in order of appearance."""

    def __call__(self, columns: Mapping[str, Array], file: Path | None = None) -> Array:
        """The value, element by element; floating-point errors give NaN or infinity as in numpy.

        Args:
            columns: the branches of `names`.
            file: the file they are from, for the message.

        Raises:
            InputFileError: `&` or `|` on numbers that are not integers.
        """
        try:
            with np.errstate(all="ignore"):
                return np.asarray(_value(self._tree, columns))
        except _NotIntegersError as error:
            types = ", ".join(f"{name} is {np.asarray(columns[name]).dtype}" for name in self.names)
            raise InputFileError(
                f"{error} in '{self.text}' is for integers only" + f" ({types})" * bool(types),
                file=file,
                remedy="write `and` or `or`, or put comparisons in brackets: `(a > 1) & (b < 2)`",
            ) from None


class _NotIntegersError(Exception):
    """`&` or `|` on numbers that are not integers."""


def _dotted(node: ast.expr) -> str | None:
    """The branch name `a.b.c`, or None where the node is not a name."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        head = _dotted(node.value)
        return None if head is None else f"{head}.{node.attr}"
    return None


def _check(node: ast.expr, names: list[str], text: str) -> None:
    name = _dotted(node)
    if name is not None:
        names.append(name)
        return
    match node:
        case ast.Constant(value=bool() | int() | float()):
            if isinstance(node.value, int) and abs(node.value) >= 2**63:
                raise ValueError(f"a number in '{text}' is too large")
            return
        case ast.BinOp() if type(node.op) in _BINARY:
            children = [node.left, node.right]
        case ast.UnaryOp(op=ast.USub() | ast.UAdd() | ast.Not()):
            children = [node.operand]
        case ast.BoolOp():
            children = node.values
        case ast.Compare() if all(type(op) in _COMPARE for op in node.ops):
            children = [node.left, *node.comparators]
        case ast.Call(func=ast.Name(id=function), keywords=[]) if function in FUNCTIONS:
            arguments = FUNCTIONS[function][1]
            if len(node.args) != arguments:
                raise ValueError(f"{function} takes {arguments} argument{'s' * (arguments > 1)} in '{text}'")
            children = node.args
        case _:
            raise ValueError(
                f"'{ast.unparse(node)}' is not allowed in the expression '{text}': use branches, numbers, arithmetic, "
                f"comparisons, and, or, not, and the functions {', '.join(FUNCTIONS)}"
            )
    for child in children:
        _check(child, names, text)


def _value(node: ast.expr, columns: Mapping[str, Array]) -> Any:
    name = _dotted(node)
    if name is not None:
        return columns[name]
    match node:
        case ast.Constant():
            return node.value
        case ast.BinOp(op=ast.BitAnd() | ast.BitOr()):
            sides = [np.asarray(_value(side, columns)) for side in (node.left, node.right)]
            if any(side.dtype.kind not in "biu" for side in sides):
                raise _NotIntegersError("`&`" if isinstance(node.op, ast.BitAnd) else "`|`")
            if np.result_type(*sides).kind == "f":  # numpy has no integer that holds both int64 and uint64
                sides = [side.astype(np.int64) for side in sides]
            return _BINARY[type(node.op)](*sides)
        case ast.BinOp():
            return _BINARY[type(node.op)](_value(node.left, columns), _value(node.right, columns))
        case ast.UnaryOp(op=ast.Not()):
            return ~_true(_value(node.operand, columns))
        case ast.UnaryOp():
            operand = np.asarray(_value(node.operand, columns))
            # an unsigned branch has no negative
            operand = operand.astype(np.int64) if operand.dtype.kind in "bu" else operand
            return operand if isinstance(node.op, ast.UAdd) else -operand
        case ast.BoolOp():
            operands = [_true(_value(operand, columns)) for operand in node.values]
            join = np.logical_and if isinstance(node.op, ast.And) else np.logical_or
            result = operands[0]
            for operand in operands[1:]:
                result = join(result, operand)
            return result
        case ast.Compare():
            sides = [_value(side, columns) for side in (node.left, *node.comparators)]
            result = np.asarray(True)
            for index, op in enumerate(node.ops):
                result = np.logical_and(result, _COMPARE[type(op)](sides[index], sides[index + 1]))
            return result
        case ast.Call(func=ast.Name(id=function)):
            return FUNCTIONS[function][0](*(_value(argument, columns) for argument in node.args))
    raise AssertionError("the parser accepts nothing else")


def _true(value: Any) -> Array:
    """Where a value is true, as in C and ROOT: it is not zero, whatever its sign; NaN is not true."""
    array = np.asarray(value)
    return array if array.dtype == np.bool_ else np.asarray((array != 0) & (array == array))


def members(
    expression: Expression, columns: Mapping[str, Array], length: int, file: Path | None = None
) -> npt.NDArray[np.bool_]:
    """Where an expression holds, bool [length]: where it is true, or a number that is neither zero nor NaN.

    Args:
        expression: the expression.
        columns: its branches, numbers or bools [length].
        length: number of values.
        file: the file they are from, for messages.

    Raises:
        InputFileError: as the expression does.

    >>> members(Expression("x"), {"x": np.array([0.0, 0.3, -1.0, np.nan])}, 4)
    array([False,  True,  True, False])
    """
    return np.broadcast_to(_true(expression(columns, file)), (length,))


def _parsable(text: str) -> str:
    Expression(text)
    return text


def _unquoted_name(text: str) -> str:
    if "`" not in text:
        return text
    name = text.strip()[1:-1]
    if text.strip() != f"`{name}`" or "`" in name or not name.strip():
        raise ValueError(f"'{text}' is not the name of a branch")
    return name


BranchName = Annotated[str, Field(min_length=1), AfterValidator(_unquoted_name)]
"""The name of one branch in a configuration, as it is or in back-quotes, which are taken off."""

ExpressionText = Annotated[str, Field(min_length=1), AfterValidator(_parsable)]
"""An expression in a configuration, checked when it is read."""
