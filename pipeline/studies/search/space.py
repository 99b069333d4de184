"""The search space: dimensions as steps on a scale, and what a point of it makes of the run's configuration files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from data_prep.errors import ConfigurationError
from pipeline.studies.search.settings import Change, DimensionSettings, RangeSettings, Scalar

AS_IS = "as in the files"
"""The choice that changes nothing, where none of the given ones is what the files hold."""
NUMBER = "number"
"""The key of how many items a list has."""

Content = dict[str, Any]
"""Configuration files by name, each as the mapping that its YAML is."""
Point = dict[str, Scalar]
"""A value, or the name of a choice, by dimension."""


@dataclass(frozen=True)
class Dimension:
    """One thing that may differ.

    Attributes:
        name: a key of a configuration file, or a name for several.
        values: what it may be; numbers ascending, the one in the files among them.
        changes: by value, the keys that are set.
        base: the value that the files stand for.
    """

    name: str
    values: tuple[Scalar, ...]
    changes: Mapping[Scalar, Change]
    base: Scalar

    @property
    def ordered(self) -> bool:
        """Whether neighbours are alike: numbers are, choices and words are not."""
        return all(_is_number(value) for value in self.values)


@dataclass(frozen=True)
class Space:
    """All dimensions, and the configuration that they change."""

    dimensions: tuple[Dimension, ...]
    base: Content

    @classmethod
    def of(cls, settings: Mapping[str, DimensionSettings], base: Content) -> Space:
        """The space around a configuration.

        Args:
            settings: the section `space` of search.yaml.
            base: the configuration files by name, defaults filled in.

        Raises:
            ConfigurationError: a key that is none, or one that two dimensions set.
        """
        dimensions = tuple(_dimension(name, given, base) for name, given in settings.items())
        owners: dict[str, str] = {}
        for dimension in dimensions:
            for key in {key for change in dimension.changes.values() for key in change}:
                if owners.setdefault(key, dimension.name) != dimension.name:
                    raise ConfigurationError(f"'space': both '{owners[key]}' and '{dimension.name}' set '{key}'")
        return cls(dimensions, base)

    @property
    def origin(self) -> Point:
        """The point that the files stand for."""
        return {dimension.name: dimension.base for dimension in self.dimensions}

    def content(self, point: Point) -> Content:
        """The configuration files of a point: lengths of lists first, then values; missing items have none.

        Raises:
            ConfigurationError: a value that a dimension does not have.
        """
        changes: Change = {}
        for dimension in self.dimensions:
            chosen = point.get(dimension.name, dimension.base)
            if chosen not in dimension.changes:
                raise ConfigurationError(f"'{dimension.name}' has no value {chosen!r}")
            changes |= dimension.changes[chosen]
        content: Content = _copied(self.base)
        for key, value in sorted(changes.items(), key=lambda item: not item[0].endswith(f".{NUMBER}")):
            _set(content, key.split("."), value)
        return content


def _dimension(name: str, given: DimensionSettings, base: Content) -> Dimension:
    changes: dict[Scalar, Change]
    if isinstance(given, dict):
        changes = dict[Scalar, Change](given.items())
        for key in (key for change in given.values() for key in change):
            _in_files(base, key)
        same = [value for value, change in changes.items() if all(_holds(base, key, change[key]) for key in change)]
        if not same:
            changes = {AS_IS: {}, **changes}
        return Dimension(name, tuple(changes), changes, same[0] if same else AS_IS)
    values = given.values if isinstance(given, RangeSettings) else given
    present = _in_files(base, name)
    if any(isinstance(value, dict | list) for value in present):
        raise ConfigurationError(f"'space': '{name}' is a section, not a value, in the configuration files")
    if len({repr(value) for value in present}) > 1:
        changes = {AS_IS: {}, **{value: {name: value} for value in values}}
        return Dimension(name, tuple(changes), changes, AS_IS)
    known = tuple(dict.fromkeys((*values, present[0])))
    if all(_is_number(value) for value in known):
        known = tuple(sorted(known, key=float))
    return Dimension(name, known, {value: {name: value} for value in known}, present[0])


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _in_files(base: Content, key: str) -> list[Any]:
    """What a key leads to in the files; items beyond a list's end may come by `number`, and are copies of its last.

    Raises:
        ConfigurationError: when it leads to nothing.
    """
    parts = key.split(".")
    values = [value for _, value in _places(base, [_capped(base, parts, i) for i in range(len(parts))])]
    if not values:
        raise ConfigurationError(f"'space': '{key}' is not in the configuration files")
    return values


def _capped(base: Content, parts: list[str], index: int) -> str:
    """An index of a list, or the last one that the list has."""
    part = parts[index]
    if not part.isdigit():
        return part
    above = [value for _, value in _places(base, [_capped(base, parts, i) for i in range(index)])]
    shortest = min((len(value) for value in above if isinstance(value, list)), default=0)
    return str(min(int(part), shortest - 1)) if shortest else part


def _places(node: Any, parts: list[str]) -> Iterator[tuple[list[str], Any]]:
    """Every place that a key leads to, with what is there."""
    if not parts:
        yield [], node
        return
    head, rest = parts[0], parts[1:]
    if isinstance(node, list):
        if head == NUMBER and not rest:
            yield [head], len(node)
            return
        chosen = range(len(node)) if head == "*" else [int(head)] if head.isdigit() and int(head) < len(node) else []
        for index in chosen:
            for path, value in _places(node[index], rest):
                yield [str(index), *path], value
    elif isinstance(node, dict) and head in node:
        for path, value in _places(node[head], rest):
            yield [head, *path], value


def _holds(base: Content, key: str, value: Any) -> bool:
    return all(present == value and type(present) is type(value) for _, present in _places(base, key.split(".")))


def _set(node: Any, parts: list[str], value: Any) -> None:
    """Set every place that a key leads to; none where items are missing."""
    if parts[-1] == NUMBER:
        for _, items in list(_places(node, parts[:-1])):
            if isinstance(items, list) and items:
                del items[int(value) :]
                items.extend(_copied(items[-1]) for _ in range(int(value) - len(items)))
        return
    for path, _ in list(_places(node, parts)):
        target = node
        for part in path[:-1]:
            target = target[int(part)] if isinstance(target, list) else target[part]
        target[path[-1]] = value


def _copied(node: Any) -> Any:
    if isinstance(node, dict):
        return {key: _copied(value) for key, value in node.items()}
    if isinstance(node, list | tuple):
        return [_copied(value) for value in node]
    return node
