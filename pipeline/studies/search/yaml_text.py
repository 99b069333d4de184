"""A commented YAML file with other values: the text stays as a person wrote it wherever it can."""

from __future__ import annotations

from io import StringIO
from typing import Any

import yaml
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import CommentMark
from ruamel.yaml.scalarstring import SingleQuotedScalarString
from ruamel.yaml.tokens import CommentToken
from yaml.resolver import Resolver


def edited(text: str, old: dict[str, Any], new: dict[str, Any]) -> str:
    r"""The text of a configuration file with other values.

    Only values that differ are written, each where it stands; comments and the order of the keys stay. Indentation
    becomes that of the files in `configs/`. A text with aliases is written anew, without its comments.

    Args:
        text: the file.
        old: its content, defaults filled in.
        new: the content wanted.

    >>> edited("a: 1  # one\nb: [2, 3]\n", {"a": 1, "b": [2, 3]}, {"a": 5, "b": [2]})
    'a: 5  # one\nb: [2]\n'
    """
    if new == old:
        return text
    round_trip = YAML()
    round_trip.preserve_quotes = True
    round_trip.width = 1000
    round_trip.indent(mapping=2, sequence=4, offset=2)
    if any(isinstance(token, yaml.AliasToken) for token in yaml.scan(text)):
        document, head = _written(new, outermost=True), ""
    else:
        document = round_trip.load(text)
        head = text if document is None else ""  # nothing but comments, which belong to no value
        document = CommentedMap() if document is None else document
        _update(document, old, new)
    out = StringIO()
    round_trip.dump(document, out)
    return head + out.getvalue()


def _update(node: Any, old: Any, new: Any) -> None:
    """Give a section or a list of the text its new values."""
    if isinstance(new, dict):
        for key in [key for key in node if key not in new]:
            del node[key]
        for key, value in new.items():
            if key in node:
                _replace(node, key, old[key], value)
            elif value != old.get(key):
                node[key] = _written(value)
        return
    behind = _without_lines_behind(node) if len(new) != len(node) else ""
    del node[len(new) :]
    for index, value in enumerate(new):
        if index < len(node):
            _replace(node, index, old[index], value)
        else:
            node.append(_written(value))
    if node and behind:
        comments, place = _comments(node)
        own = comments[place].value.rstrip("\n") if comments[place] else ""
        comments[place] = CommentToken(f"{own}\n{behind}", CommentMark(0))


def _replace(node: Any, place: Any, old: Any, new: Any) -> None:
    if isinstance(new, dict | list) and type(old) is type(new):
        _update(node[place], old, new)
    elif (type(old), old) != (type(new), new):
        node[place] = _written(new)


def _without_lines_behind(node: CommentedSeq) -> str:
    """Take out the lines between the last value of a list and the next section; ruamel.yaml holds them for its own."""
    if not node or node.fa.flow_style():
        return ""
    comments, place = _comments(node)
    if not comments[place]:
        return ""
    own, _, behind = comments[place].value.partition("\n")
    comments[place] = CommentToken(own, comments[place].start_mark) if own else None
    return str(behind)


def _comments(node: CommentedMap | CommentedSeq) -> tuple[list[Any], int]:
    """Where ruamel.yaml keeps the comment behind the last value of a section."""
    last: Any = len(node) - 1 if isinstance(node, CommentedSeq) else next(reversed(node))
    value = node[last]
    if isinstance(value, CommentedMap | CommentedSeq) and value and not value.fa.flow_style():
        return _comments(value)
    return node.ca.items.setdefault(last, [None] * 4), 0 if isinstance(node, CommentedSeq) else 2


def _written(value: Any, *, outermost: bool = False) -> Any:
    """A value in the look of the files: small sections and plain lists in one line, nothing for what is none."""
    if isinstance(value, dict):
        section = CommentedMap({key: _written(part) for key, part in value.items() if part is not None})
        if not outermost and not any(isinstance(part, dict | list) for part in value.values()):
            section.fa.set_flow_style()
        return section
    if isinstance(value, list):
        sequence = CommentedSeq([_written(part) for part in value])
        if not any(isinstance(part, dict) for part in value):
            sequence.fa.set_flow_style()
        return sequence
    if isinstance(value, str) and not _is_text(value):
        return SingleQuotedScalarString(value)
    return value


def _is_text(scalar: str) -> bool:
    """Whether it is text without quotes too, for YAML 1.1, where `yes` and `1:30` are not; ruamel.yaml knows 1.2."""
    tag: str = Resolver().resolve(yaml.ScalarNode, scalar, (True, False))  # type: ignore[no-untyped-call]
    return tag.endswith(":str")
