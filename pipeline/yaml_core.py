"""YAML as its version 1.2 reads it (core schema, https://yaml.org/spec/1.2.2/, 10.3), of bounded size.

PyYAML scans, parses and composes; what a scalar means is decided here, because PyYAML's own rules are those of YAML
1.1: `yes` is true there, `1:30` is 90, `010` is 8, `2_0` is 20 and `2026-01-01` a date. Here only `true` and `false`
are booleans, and all of these are text, but for `010`, which nobody reads alike and which is refused. ruamel.yaml reads
1.2 too, but takes `2_0` for 20, `0b11` for 3 and dates for dates, and bounds neither depth nor aliases: its scalars and
its composer would be replaced just the same.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from typing import Any

import yaml
from yaml.composer import Composer
from yaml.parser import Parser
from yaml.reader import Reader
from yaml.resolver import BaseResolver
from yaml.scanner import Scanner

DEEPEST = 32
"""Levels of nesting."""
MOST = 50_000
"""Values in a file, those that aliases repeat among them."""
LARGEST = 2**63
"""Integers lie below it, and at or above minus it."""

_STANDARD = "tag:yaml.org,2002:"
_PLAIN = "plain"
_NULL = {"", "~", "null", "Null", "NULL"}
_BOOLEANS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INTEGER = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_NO_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_BASES = {"0o": 8, "0x": 16}


class YamlError(ValueError):
    """A text that is no YAML, or more than a configuration needs.

    Args:
        reason: why.
        line: in which line, counted from 1.
    """

    def __init__(self, reason: str, line: int | None = None) -> None:
        super().__init__(reason)
        self.line = line


class Document:
    """One YAML text: its content, and where in the text it stands.

    Args:
        text: the YAML.

    Raises:
        YamlError: no YAML, keys that are no text or given twice, tags beyond those of the core schema, merge keys,
            integers of more than 64 bits; or nested too deeply, or too many values.
    """

    def __init__(self, text: str) -> None:
        try:
            self._root = _BoundedComposer(text).get_single_node()
        except YamlError:
            raise
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            reason = getattr(error, "problem", None) or getattr(error, "reason", None) or "it cannot be parsed"
            if isinstance(error, yaml.composer.ComposerError) and error.context:
                reason = f"{error.context}, {reason}"
            raise YamlError(str(reason), mark.line + 1 if mark else None) from None
        except (ValueError, OverflowError) as error:  # an escape beyond Unicode, a version of thousands of digits
            raise YamlError(str(error)) from None
        self._values = 0
        self.content: Any = None if self._root is None else self._value(self._root, 0)

    def line(self, place: Sequence[str | int]) -> int | None:
        """The line of what stands at a place, of the nearest around it where the text has nothing there.

        Args:
            place: keys and numbers of items; others, as pydantic puts in for members of a union, are passed over.
        """
        node, line = self._root, None
        for part in place:
            for name, key, value in _children(node):
                if name == part:
                    node, line = value, key.start_mark.line + 1
                    break
        return line

    def _value(self, node: yaml.Node, depth: int) -> Any:
        line = node.start_mark.line + 1
        self._values += 1
        if self._values > MOST:
            raise YamlError(f"more than {MOST:,} values, aliases counted as often as they are used", line)
        if depth > DEEPEST:  # an alias within what it stands for
            raise YamlError(f"nested deeper than {DEEPEST} levels", line)
        if isinstance(node, yaml.ScalarNode):
            return _scalar(node)
        if isinstance(node, yaml.SequenceNode):
            _require_tag(node, "seq")
            return [self._value(item, depth + 1) for item in node.value]
        _require_tag(node, "map")
        section: dict[str, Any] = {}
        for key, value in node.value:
            name = _key(key)
            if name in section:
                raise YamlError(f"the key {cut(name)} is given twice", key.start_mark.line + 1)
            section[name] = self._value(value, depth + 1)
        return section


def plain(text: str) -> Any:
    """What a scalar without quotes means.

    Raises:
        YamlError: a number that is too large, or that begins with 0.

    >>> [plain(text) for text in ("true", "yes", "12", "1e-3", "1:30", "2_0", "0x10", "~", "2026-01-01")]
    [True, 'yes', 12, 0.001, '1:30', '2_0', 16, None, '2026-01-01']
    """
    if text in _NULL:
        return None
    if text in _BOOLEANS:
        return _BOOLEANS[text]
    if _INTEGER.fullmatch(text):
        return _integer(text)
    if _FLOAT.fullmatch(text):
        value = float(text)
        if math.isinf(value):
            raise YamlError(f"the number {cut(text)} is too large for double precision")
        return value
    if _NO_FINITE.fullmatch(text):
        return float(text.replace(".", ""))
    return text


def cut(value: object, longest: int = 60) -> str:
    """A value as messages show it: on one line, and no longer than this."""
    text = repr(value)
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


class _BoundedComposer(Reader, Scanner, Parser, Composer, BaseResolver):
    """PyYAML up to the tree of nodes, which is not let grow deep: composing is recursive."""

    def __init__(self, text: str) -> None:
        Reader.__init__(self, text)
        Scanner.__init__(self)
        Parser.__init__(self)
        Composer.__init__(self)
        BaseResolver.__init__(self)
        self._depth = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        """One node; see PyYAML."""
        if self._depth > DEEPEST:
            raise YamlError(f"nested deeper than {DEEPEST} levels", self.line + 1)
        self._depth += 1
        node: yaml.Node | None = super().compose_node(parent, index)
        self._depth -= 1
        return node

    def resolve(self, node_type: type[yaml.Node], value: Any, implicit: Any) -> str:
        """The tag of a node that was given none."""
        if node_type is yaml.ScalarNode:
            return _PLAIN if implicit[0] else f"{_STANDARD}str"
        return f"{_STANDARD}{'seq' if node_type is yaml.SequenceNode else 'map'}"


def _children(node: yaml.Node | None) -> Iterator[tuple[str | int, yaml.Node, yaml.Node]]:
    if isinstance(node, yaml.MappingNode):
        yield from ((key.value, key, value) for key, value in node.value)
    elif isinstance(node, yaml.SequenceNode):
        yield from ((number, value, value) for number, value in enumerate(node.value))


def _require_tag(node: yaml.Node, name: str) -> None:
    if node.tag != f"{_STANDARD}{name}":
        tag = f"!!{node.tag.removeprefix(_STANDARD)}" if node.tag.startswith(_STANDARD) else node.tag
        raise YamlError(f"the tag {cut(tag)} has no meaning here, leave it out", node.start_mark.line + 1)


def _key(node: yaml.Node) -> str:
    line = node.start_mark.line + 1
    if not isinstance(node, yaml.ScalarNode):
        raise YamlError("a list or a section cannot be a key", line)
    if node.tag == _PLAIN and node.value == "<<":
        raise YamlError("merge keys (<<) are not part of YAML 1.2, write out what is to be merged", line)
    name = _scalar(node)
    if not isinstance(name, str):
        raise YamlError(f"the key {cut(node.value)} is not text, put it in quotes", line)
    return name


def _scalar(node: yaml.ScalarNode) -> Any:
    line = node.start_mark.line + 1
    text: str = node.value
    tag = node.tag.removeprefix(_STANDARD)
    try:
        text.encode()
    except UnicodeEncodeError:
        raise YamlError("half of a surrogate pair is not a character", line) from None
    if tag == "str":
        return text
    try:
        value = plain(text)
    except YamlError as error:
        raise YamlError(str(error), line) from None
    if tag == "float" and type(value) is int:
        return float(value)
    if node.tag == _PLAIN or tag == {int: "int", float: "float", bool: "bool", type(None): "null"}.get(type(value)):
        return value
    if tag in ("int", "float", "bool", "null"):
        raise YamlError(f"{cut(text)} is no !!{tag}", line)
    _require_tag(node, "str")
    return text


def _integer(text: str) -> int:
    base = _BASES.get(text[:2], 10)
    digits = text.lstrip("+-") if base == 10 else text[2:]
    if base == 10 and len(digits) > 1 and digits[0] == "0":
        raise YamlError(f"{cut(text)} begins with 0, which some read as octal: leave the 0 out, or put text in quotes")
    value = int(text, base) if len(digits) <= 64 else LARGEST
    if not -LARGEST <= value < LARGEST:
        raise YamlError(f"the integer {cut(text)} does not fit into 64 bits")
    return value
