"""Configuration files: YAML read into frozen pydantic models, every fault with file, key, line and reason.

Scalars are taken as they stand: text is no number, a number no text, and neither a boolean (`pipeline/yaml_core.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from data_prep.errors import ConfigurationError
from data_prep.settings import Settings
from pipeline.yaml_core import Document, YamlError, cut

S = TypeVar("S", bound=Settings)

LARGEST_FILE = 1 << 18
"""Bytes of a configuration file."""
SHOWN = 5
"""Faults of a file that are shown; the others are counted."""
_LONGEST_REASON = 300

_NOT_WHAT_IS_MEANT = {
    ("bool", str): "write true or false, without quotes",
    ("bool", int): "write true or false",
    ("int", str): "it is text",
    ("float", str): "it is text",
    ("int", bool): "it is a boolean",
    ("float", bool): "it is a boolean",
    ("string", int): "put it in quotes",
    ("string", float): "put it in quotes",
    ("string", bool): "put it in quotes",
}
"""What to say of a scalar of another kind, by the kind that is meant and the one that stands there."""


def load(path: Path, model: type[S]) -> S:
    """Read one YAML file into its configuration model.

    Args:
        path: the YAML file.
        model: the pydantic model to validate against.

    Raises:
        ConfigurationError: no such file, no YAML, too large, a key unknown, missing or given twice, a value of another
            kind or out of range.
    """
    return _validated(path, _document(path), model)


def load_kind(path: Path, models: Mapping[str, type[S]]) -> S:
    """Read one YAML file whose key `kind` says which of several models it is of.

    Args:
        path: the YAML file.
        models: the models by kind; the first is meant where the file does not say.

    Raises:
        ConfigurationError: as `load`, or an unknown kind.
    """
    document = _document(path)
    kind = document.content.get("kind", next(iter(models)))
    if not isinstance(kind, str) or kind not in models:
        line = document.line(["kind"])
        raise ConfigurationError(f"'kind': must be {' or '.join(models)}, not {cut(kind)} (line {line})", file=path)
    return _validated(path, document, models[kind])


def _document(path: Path) -> Document:
    try:
        with path.open("rb") as file:
            raw = file.read(LARGEST_FILE + 1)
    except FileNotFoundError:
        raise ConfigurationError("no such configuration file", file=path) from None
    except OSError as error:
        raise ConfigurationError(f"cannot be read: {error.strerror}", file=path) from None
    if len(raw) > LARGEST_FILE:
        raise ConfigurationError(f"larger than {LARGEST_FILE >> 10} KiB, which a configuration never is", file=path)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"is not UTF-8 text from byte {error.start} on", file=path) from None
    try:
        document = Document(text)
    except YamlError as error:
        line = f" in line {error.line}" if error.line else ""
        raise ConfigurationError(f"not valid YAML{line}: {_cut_text(str(error))}", file=path) from None
    if document.content is None:
        document.content = {}
    if not isinstance(document.content, dict):
        raise ConfigurationError("must hold keys and values at its top level", file=path)
    return document


def _validated(path: Path, document: Document, model: type[S]) -> S:
    try:
        return model.of_content(document.content)
    except ValidationError as error:
        raise ConfigurationError(_explain(error, model, document), file=path) from None


def _explain(error: ValidationError, model: type[Settings], document: Document) -> str:
    """The faults of a file in one line: the first few of them, and how many there are beside."""
    faults = error.errors(include_url=False, include_context=False)
    told: list[str] = []
    unknown = False
    for fault in faults[:SHOWN]:
        place = fault["loc"]
        key = _cut_text(".".join(str(part) for part in place), 80) or "file"
        line = document.line([part for part in place if isinstance(part, str | int)])
        where = f" (line {line})" if line else ""
        if fault["type"] == "extra_forbidden":
            known = ", ".join(model.model_fields) if len(place) == 1 and not unknown else ""
            unknown |= bool(known)
            told.append(f"unknown key '{key}'" + (f", known keys are {known}" if known else "") + where)
        elif fault["type"] == "missing":
            told.append(f"the key '{key}' is missing")
        else:
            message = _cut_text(fault["msg"].removeprefix("Value error, "))
            told.append(f"'{key}': {message[0].lower()}{message[1:]}, not {_value(fault)}{where}")
    if len(faults) > SHOWN:
        told.append(f"and {len(faults) - SHOWN:,} more")
    return "; ".join(told)


def _value(fault: Any) -> str:
    """What stands there, and why it is not what is meant where that is not plain to see."""
    meant = fault["type"].partition("_")[0]
    hint = _NOT_WHAT_IS_MEANT.get((meant, type(fault["input"])), "")
    return cut(fault["input"]) + (f": {hint}" if hint and fault["type"] == f"{meant}_type" else "")


def _cut_text(text: str, longest: int = _LONGEST_REASON) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"
