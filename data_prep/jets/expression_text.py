"""Expressions as text: names in back-quotes, and what to correct in a text that cannot be parsed."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping

_FOREIGN = (
    (re.compile(r"&&"), "`and` for `&&`"),
    (re.compile(r"\|\|"), "`or` for `||`"),
    (re.compile(r"!(?!=)"), "`not` for `!`"),
    (re.compile(r"(?<![=<>!])=(?!=)"), "`==` for `=`"),
)
"""Operators of C++ and ROOT, and what to write in their place."""
_NAMES = (
    "put a name that is no plain word in back-quotes, as `class` or `c[px]`, and in YAML the whole expression in "
    'quotes: "`class` == 1"'
)


def unquoted(text: str) -> tuple[str, dict[str, str]]:
    """The expression with a word for each name in back-quotes, and the names by these words.

    Raises:
        ValueError: a back-quote without its second one, or nothing between two.

    >>> unquoted("`class` == 1")
    ('quoted0  == 1', {'quoted0': 'class'})
    """
    pieces = text.split("`")
    if len(pieces) % 2 == 0:
        raise ValueError(f"a back-quote in '{text}' has no second one")
    if any(not name.strip() for name in pieces[1::2]):
        raise ValueError(f"there is no name between the back-quotes in '{text}'")
    prefix = "quoted"
    while prefix in text:
        prefix += "_"
    quoted = {f"{prefix}{number}": name for number, name in enumerate(pieces[1::2])}
    words = [f" {word} " for word in quoted]
    return "".join(piece for pair in zip(pieces[::2], [*words, ""], strict=True) for piece in pair).strip(), quoted


class Quoted(ast.NodeTransformer):
    """Puts the names in back-quotes back where their words stand.

    Args:
        quoted: the names by words, see `unquoted`.
    """

    def __init__(self, quoted: Mapping[str, str]) -> None:
        self._quoted = quoted

    def visit_Name(self, node: ast.Name) -> ast.Name:
        """A name: the one that its word stands for."""
        node.id = self._quoted.get(node.id, node.id)
        return node

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        """A dotted name: none of its parts may be in back-quotes."""
        if node.attr in self._quoted:
            raise ValueError("only a whole name can be quoted")
        return self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """A function: its name may not be in back-quotes."""
        if isinstance(node.func, ast.Name) and node.func.id in self._quoted:
            raise ValueError("a name in quotes is a branch, not a function")
        return self.generic_visit(node)


def how_to_write(text: str) -> str:
    """What to write in a text that Python cannot parse, without the names in back-quotes.

    >>> how_to_write("a > 1 && !b")
    'write `and` for `&&`, `not` for `!`'
    >>> how_to_write("a = 1 and b != 2 and c <= 3")
    'write `==` for `=`'
    """
    replacements = [replacement for pattern, replacement in _FOREIGN if pattern.search(text)]
    return f"write {', '.join(replacements)}" if replacements else _NAMES
