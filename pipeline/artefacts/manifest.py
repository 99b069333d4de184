"""Manifests: the files, inputs and versions of an artefact, in a file beside it."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from data_prep.errors import InputFileError
from data_prep.readers.remote import RemoteFile
from pipeline.artefacts.hashes import listing_hash

SUFFIX = ".manifest.json"


@dataclass(frozen=True)
class Manifest:
    """The manifest beside an artefact.

    Attributes:
        stage: the stage that made it.
        fingerprint: hash of all that it was made from: inputs, configuration, options, code and versions.
        inputs: content hash of each input by its path: relative to the folder of the artefact where both are in one
            tree of runs, so that it stays correct in a copy of the run.
        outputs: SHA-256 of each file by relative name.
        companions: SHA-256 of each file beside it that was made with it, by name.
        configuration: by name of the configuration file.
        options: options of the command that change the result.
        code: hash of the code that made it.
        versions: of Python and the libraries.
        git: commit of the code.
        failure: why the artefact proves nothing: a comparison that found a difference, or was not run; empty otherwise.
    """

    stage: str
    fingerprint: str
    inputs: dict[str, str]
    outputs: dict[str, str]
    companions: dict[str, str]
    configuration: dict[str, Any]
    options: dict[str, Any]
    code: str
    versions: dict[str, str]
    git: str
    failure: str = field(default="")

    @property
    def content(self) -> str:
        """The content hash of the artefact, as in the manifests of artefacts made from it."""
        return listing_hash(self.outputs)

    @property
    def configuration_hash(self) -> str:
        """SHA-256 of the configuration."""
        return hashlib.sha256(json.dumps(self.configuration, sort_keys=True).encode()).hexdigest()


def manifest_path(artefact: Path) -> Path:
    """The path of the manifest beside an artefact."""
    return artefact.with_name(f"{artefact.name}{SUFFIX}")


def is_manifest(path: Path) -> bool:
    """Whether a file is a manifest, possibly a damaged one, and not another JSON file of that name."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return False
    except (OSError, ValueError):
        return True
    return isinstance(content, dict) and "stage" in content


def read_manifest(artefact: Path) -> Manifest:
    """The manifest of an artefact.

    Raises:
        InputFileError: when there is none, so that the artefact is not whole, or it cannot be read.
    """
    path = manifest_path(artefact)
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        manifest = Manifest(**{key.name: content[key.name] for key in fields(Manifest)})
    except (FileNotFoundError, NotADirectoryError):
        raise InputFileError(
            "is incomplete: it has no manifest beside it",
            file=artefact,
            remedy="make it again, or copy it together with its manifest",
        ) from None
    except (OSError, ValueError, KeyError, TypeError):
        raise _unreadable(path) from None
    texts = (manifest.stage, manifest.fingerprint, manifest.code, manifest.git, manifest.failure)
    hashes = (manifest.inputs, manifest.outputs, manifest.companions, manifest.versions)
    if not (
        all(isinstance(text, str) for text in texts)
        and all(isinstance(table, dict) and all(isinstance(text, str) for text in table.values()) for table in hashes)
        and isinstance(manifest.configuration, dict)
        and isinstance(manifest.options, dict)
        and not any(_outside(name) for name in (*manifest.outputs, *manifest.companions))
    ):
        raise _unreadable(path)
    return manifest


def _unreadable(path: Path) -> InputFileError:
    return InputFileError("this manifest cannot be read", file=path, remedy="make its artefact again")


def _outside(name: str) -> bool:
    """Whether the path of a file leads out of the artefact."""
    return Path(name).is_absolute() or ".." in Path(name).parts


def input_name(path: Path, artefact: Path) -> str:
    """The name of an input in the manifest of an artefact: a relative path where both are in one tree of runs."""
    if isinstance(path, RemoteFile):
        return str(path)
    absolute, runs = path.absolute(), artefact.absolute().parent.parent
    if absolute.is_relative_to(artefact.absolute().parent):
        return absolute.relative_to(artefact.absolute().parent).as_posix()
    if runs != Path(runs.root) and absolute.is_relative_to(runs):
        return f"../{absolute.relative_to(runs).as_posix()}"
    return str(absolute)


def input_path(name: str, artefact: Path) -> Path:
    """The path of an input from its name in the manifest of an artefact."""
    return Path(os.path.normpath(artefact.absolute().parent / name))
