"""The one door through which a stage reads: artefacts are checked against their manifests, other files are hashed.

An artefact is whole if it was made by the right stage, contains exactly the files of its manifest, and each of them has
the hash with which it was written. Other files are the user's own: their hashes are recorded.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from data_prep.errors import InputFileError, PipelineError
from data_prep.readers.remote import RemoteFile
from pipeline.artefacts import commit
from pipeline.artefacts.hashes import Hasher, files_in, listing_hash
from pipeline.artefacts.manifest import Manifest, is_manifest, manifest_path, read_manifest

FILES = "files"
"""The role of inputs that need no manifest: files of jets, a model."""

Inputs = Mapping[str, Path | Sequence[Path] | None]
"""The inputs of a stage: each artefact under the name of the stage that makes it, other files under `files`."""


@dataclass(frozen=True)
class Opened:
    """An input that was checked.

    Attributes:
        role: the stage that made it, or `files`.
        path: as it was given.
        content: its content hash, as in manifests.
    """

    role: str
    path: Path
    content: str


def open_inputs(inputs: Inputs, hasher: Hasher) -> list[Opened]:
    """Check all inputs of a stage.

    Args:
        inputs: by role.
        hasher: reads them.

    Raises:
        InputFileError: an input that does not exist, or is no artefact of the right stage.
        PipelineError: an artefact that differs from its manifest.
    """
    opened = []
    manifests: dict[Path, Manifest] = {}
    for role, role_paths in inputs.items():
        paths = [] if role_paths is None else [role_paths] if isinstance(role_paths, Path) else role_paths
        opened += [Opened(role, path, _input_hash(path, role, hasher, manifests)) for path in paths]
    return opened


def is_readable(path: Path) -> bool:
    """Whether an input is a local file with read permission."""
    return not isinstance(path, RemoteFile) and path.is_file() and os.access(path, os.R_OK)


def check(artefact: Path, hasher: Hasher | None = None) -> Manifest:
    """Read every file of an artefact, its companions too, and compare them with its manifest.

    Raises:
        InputFileError: it has no manifest, or one that cannot be read.
        PipelineError: it differs from its manifest, or is the record of a failure.
    """
    hasher = hasher or Hasher(remember=False)
    commit.recover(artefact)
    manifest = read_manifest(artefact)
    _require_names(artefact, manifest)
    if manifest.failure:
        raise PipelineError(
            f"proves nothing: {manifest.failure}", file=artefact, remedy=f"run `{manifest.stage}` again"
        )
    for name, digest in manifest.outputs.items():
        _require(artefact / name if artefact.is_dir() else artefact, artefact, digest, manifest, hasher)
    for name, digest in manifest.companions.items():
        _require(artefact.with_name(name), artefact, digest, manifest, hasher)
    return manifest


def enclosing_artefact(path: Path) -> Path | None:
    """The artefact that a file or folder is, or is in; None where it is the user's own."""
    absolute = path.absolute()
    for place in (absolute, *list(absolute.parents)[:_DEEPEST]):
        if place.name and (commit.pending(place) or is_manifest(manifest_path(place))):
            return place
    return None


_DEEPEST = 3
"""Folders of an artefact above the files in it that stages read."""


def _input_hash(path: Path, role: str, hasher: Hasher, manifests: dict[Path, Manifest]) -> str:
    """The content hash of one checked input; `manifests` are those whose file names were checked before."""
    if isinstance(path, RemoteFile):
        if not path.exists():
            raise InputFileError("no such file or folder", file=path)
        return path.content_hash
    artefact = enclosing_artefact(path)
    if artefact is None:
        if not path.exists():
            raise InputFileError("no such file or folder", file=path)
        if role != FILES:
            read_manifest(path)
        return _user_hash(path, hasher)
    if artefact == path.absolute():
        manifest = check(path, hasher)
        if role not in (FILES, manifest.stage):
            raise InputFileError(
                f"was made by `{manifest.stage}`, not by `{role}`", file=path, remedy=f"give what `{role}` made"
            )
        return manifest.content
    if artefact not in manifests:
        commit.recover(artefact)
        manifests[artefact] = read_manifest(artefact)
        _require_names(artefact, manifests[artefact])
    return _part_hash(path, artefact, manifests[artefact], hasher)


def _user_hash(path: Path, hasher: Hasher) -> str:
    """The content hash of a file or folder of the user."""
    if path.is_dir():
        return listing_hash({name: hasher.sha256(path / name) for name in files_in(path)})
    return listing_hash({path.name: hasher.sha256(path)})


def _part_hash(path: Path, artefact: Path, manifest: Manifest, hasher: Hasher) -> str:
    """The content hash of a file in an artefact, or of a folder in it."""
    inside = path.absolute().relative_to(artefact).as_posix()
    digests = {
        name: digest for name, digest in manifest.outputs.items() if name == inside or name.startswith(f"{inside}/")
    }
    if not digests:
        raise InputFileError("no such file or folder", file=path)
    for name, digest in digests.items():
        _require(artefact / name, artefact, digest, manifest, hasher)
    if inside in digests:
        return listing_hash({path.name: digests[inside]})
    return listing_hash({name.removeprefix(f"{inside}/"): digest for name, digest in digests.items()})


def _require_names(artefact: Path, manifest: Manifest) -> None:
    """Make sure that an artefact contains exactly the files of its manifest."""
    remedy = f"run `{manifest.stage}` again"
    present = set(files_in(artefact) if artefact.is_dir() else [artefact.name] * artefact.exists())
    present |= {name for name in manifest.companions if artefact.with_name(name).exists()}
    expected = manifest.outputs.keys() | manifest.companions.keys()
    if missing := sorted(expected - present):
        raise PipelineError(f"is not as it was made: {_few(missing)} missing", file=artefact, remedy=remedy)
    if extra := sorted(present - expected):
        raise PipelineError(
            f"is not as it was made: {_few(extra)} not part of it", file=artefact, remedy=f"move that away, or {remedy}"
        )


def _few(names: Sequence[str]) -> str:
    return f"{names[0]!r} is" if len(names) == 1 else f"{names[0]!r} and {len(names) - 1} more are"


def _require(file: Path, artefact: Path, expected: str, manifest: Manifest, hasher: Hasher) -> None:
    try:
        digest = hasher.sha256(file)
    except FileNotFoundError:
        digest = None
    if digest != expected:
        raise PipelineError(
            f"is not as it was made: {file.name!r} was changed", file=artefact, remedy=f"run `{manifest.stage}` again"
        )
