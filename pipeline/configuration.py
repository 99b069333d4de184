"""Configuration files: YAML read into frozen pydantic models, every fault with file, key and reason."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import ValidationError

from data_prep.errors import ConfigurationError
from data_prep.settings import Settings

S = TypeVar("S", bound=Settings)


class _UniqueKeyLoader(yaml.SafeLoader):
    """The safe loader, with a key given twice as an error."""


def _mapping(loader: _UniqueKeyLoader, node: yaml.MappingNode) -> dict[Any, Any]:
    keys = [loader.construct_object(key, deep=True) for key, _ in node.value]
    for key in keys:
        if keys.count(key) > 1:
            raise yaml.constructor.ConstructorError(None, None, f"the key {key!r} is given twice", node.start_mark)
    return loader.construct_mapping(node, deep=True)


_UniqueKeyLoader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def load(path: Path, model: type[S]) -> S:
    """Read one YAML file into its configuration model.

    Args:
        path: the YAML file.
        model: the pydantic model to validate against.

    Raises:
        ConfigurationError: no such file, no YAML, a key unknown, missing or given twice, a value out of range.
    """
    return _validated(path, _content(path), model)


def load_kind(path: Path, models: Mapping[str, type[S]]) -> S:
    """Read one YAML file whose key `kind` says which of several models it is of.

    Args:
        path: the YAML file.
        models: the models by kind; the first is meant where the file does not say.

    Raises:
        ConfigurationError: as `load`, or an unknown kind.
    """
    content = _content(path)
    kind = content.get("kind", next(iter(models)))
    if kind not in models:
        raise ConfigurationError(f"'kind': must be {' or '.join(models)}, not {kind!r}", file=path)
    return _validated(path, content, models[kind])


def _content(path: Path) -> dict[str, Any]:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConfigurationError("no such configuration file", file=path) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"cannot be read: {error}", file=path) from None
    try:
        content = yaml.load(text, Loader=_UniqueKeyLoader)  # noqa: S506 - a subclass of SafeLoader
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f" in line {mark.line + 1}" if mark else ""
        raise ConfigurationError(f"no valid YAML{line}: {getattr(error, 'problem', error)}", file=path) from None
    if content is None:
        content = {}
    if not isinstance(content, dict):
        raise ConfigurationError("must hold keys and values at its top level", file=path)
    return content


def _validated(path: Path, content: dict[str, Any], model: type[S]) -> S:
    try:
        return model.model_validate(content)
    except ValidationError as error:
        raise ConfigurationError(_explain(error, model), file=path) from None


def _explain(error: ValidationError, model: type[Settings]) -> str:
    """All faults of a file in one line."""
    faults = []
    for fault in error.errors(include_url=False):
        key = ".".join(str(part) for part in fault["loc"]) or "file"
        if fault["type"] == "extra_forbidden":
            known = ", ".join(model.model_fields) if len(fault["loc"]) == 1 else ""
            faults.append(f"unknown key '{key}'" + (f", known keys are {known}" if known else ""))
        elif fault["type"] == "missing":
            faults.append(f"the key '{key}' is missing")
        else:
            message = fault["msg"].removeprefix("Value error, ")
            faults.append(f"'{key}': {message[0].lower()}{message[1:]}, not {fault['input']!r}")
    return "; ".join(faults)
