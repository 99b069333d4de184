"""A commented YAML file with other values: the text stays as a person wrote it wherever it can."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import yaml

from pipeline.yaml_core import YamlError, plain

Path = tuple[str | int, ...]


def edited(text: str, old: dict[str, Any], new: dict[str, Any]) -> str:
    r"""The text of a configuration file with other values.

    A value that stands in the text is replaced where it stands. A section whose keys or items are others, or that has a
    value which the text leaves to its default, is written anew, without its comments; all of it where it has aliases.

    Args:
        text: the file.
        old: its content, defaults filled in.
        new: the content wanted.

    >>> edited("a: 1  # one\nb: [2, 3]\n", {"a": 1, "b": [2, 3]}, {"a": 5, "b": [2]})
    'a: 5  # one\nb: [2]\n'
    """
    if any(isinstance(token, yaml.AliasToken) for token in yaml.scan(text)):
        return "".join(f"{line}\n" for name, value in new.items() for line in _block(name, value, 0))
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    entries = [] if root is None else [(key.value, key, value) for key, value in root.value]
    ends = [key.start_mark.index for _, key, _ in entries[1:]] + [len(text)]
    edits: list[tuple[int, int, str]] = []
    for (name, key, node), end in zip(entries, ends, strict=True):
        if new[name] == old[name]:
            continue
        places = [(place, value) for path, value in _changes(old[name], new[name]) for place in [_at(node, path)]]
        if all(place is not None and not isinstance(value, dict | list) for place, value in places):
            edits += [(p.start_mark.index, p.end_mark.index, _scalar(v)) for p, v in places if p is not None]
            continue
        section = text[key.start_mark.index : end]
        kept = _tail(section)
        edits.append((key.start_mark.index, end - len(kept), "\n".join(_block(name, new[name], 0)) + "\n"))
    for start, stop, made in sorted(edits, reverse=True):
        text = text[:start] + made + text[stop:]
    known = {name for name, _, _ in entries}
    added = [name for name in new if name not in known and new[name] != old.get(name)]
    lines = [line for name in added for line in _block(name, new[name], 0)]
    return text + "".join(f"{line}\n" for line in lines)


def _tail(section: str) -> str:
    """Empty lines and whole-line comments behind a section: they belong to the next one."""
    lines = section.splitlines(keepends=True)
    kept: list[str] = []
    while len(lines) > 1 and (not lines[-1].strip() or lines[-1].startswith("#")):
        kept.insert(0, lines.pop())
    return "".join(kept)


def _changes(old: Any, new: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every place where two contents differ, with what is there in the new one; the outermost where keys differ."""
    if isinstance(old, dict) and isinstance(new, dict) and old.keys() == new.keys():
        for key in old:
            yield from _changes(old[key], new[key], (*path, key))
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for index, (a, b) in enumerate(zip(old, new, strict=True)):
            yield from _changes(a, b, (*path, index))
    elif old != new or type(old) is not type(new):
        yield path, new


def _at(node: yaml.Node, path: Path) -> yaml.Node | None:
    """The scalar at a place of the text; none where the text has none."""
    for part in path:
        if isinstance(node, yaml.MappingNode):
            found = next((value for key, value in node.value if key.value == part), None)
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int):
            found = node.value[part] if part < len(node.value) else None
        else:
            return None
        if found is None:
            return None
        node = found
    return node if isinstance(node, yaml.ScalarNode) else None


def _block(key: str, value: Any, indent: int) -> list[str]:
    """A key and what belongs to it, small mappings and plain lists in one line."""
    space = " " * indent
    if isinstance(value, dict) and (indent == 0 or any(isinstance(each, dict | list) for each in value.values())):
        inner = [line for name, each in value.items() if each is not None for line in _block(name, each, indent + 2)]
        return [f"{space}{key}:", *inner] if inner else [f"{space}{key}: {{}}"]
    if isinstance(value, list) and any(isinstance(each, dict) for each in value):
        lines = [f"{space}{key}:"]
        for item in value:
            inner = [line for name, each in item.items() if each is not None for line in _block(name, each, indent + 4)]
            inner[0] = f"{' ' * (indent + 2)}- {inner[0].lstrip()}"
            lines += inner
        return lines
    return [f"{space}{key}: {_flow(value)}"]


def _flow(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_flow(each)}" for key, each in value.items() if each is not None) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_flow(each) for each in value) + "]"
    return _scalar(value)


def _scalar(value: Any) -> str:
    text = yaml.safe_dump(value, default_flow_style=True, width=1000).strip().removesuffix("...").strip()
    # PyYAML leaves text without quotes that is a number to YAML 1.2 alone, such as 1e3.
    return json.dumps(value) if text == value and not _is_text(text) else text


def _is_text(scalar: str) -> bool:
    try:
        return isinstance(plain(scalar), str)
    except YamlError:
        return False
