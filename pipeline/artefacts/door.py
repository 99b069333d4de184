"""The one door through which a stage reads: artefacts only as their manifests say, other files with their hash.

An artefact of ours is whole when it was made by the stage that it should come from, when every file of its manifest is
there and no other, and when each has the hash that it was written with. What no manifest lists is the user's own
file: it is hashed, so that what was made from it is known.
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
"""The role of inputs that may be anybody's: files of jets, a model."""

Inputs = Mapping[str, Path | Sequence[Path] | None]
"""What a stage is made from: each artefact under the name of the stage that makes it, all else under `files`."""


@dataclass(frozen=True)
class Opened:
    """An input that was checked.

    Attributes:
        role: the stage that made it, or `files`.
        path: as it was given.
        content: its content hash, as manifests hold it.
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
        InputFileError: an input that does not exist, or is no artefact of the stage that it should come from.
        PipelineError: an artefact that is not as it was made.
    """
    opened = []
    known: dict[Path, Manifest] = {}
    for role, given in inputs.items():
        paths = [] if given is None else [given] if isinstance(given, Path) else given
        opened += [Opened(role, path, _content(path, role, hasher, known)) for path in paths]
    return opened


def is_readable(path: Path) -> bool:
    """Whether the bytes of an input can be read here, whatever they are."""
    return not isinstance(path, RemoteFile) and path.is_file() and os.access(path, os.R_OK)


def check(artefact: Path, hasher: Hasher | None = None) -> Manifest:
    """Read every file of an artefact, its companions too, and compare them with its manifest.

    Raises:
        InputFileError: it has no manifest, or one that cannot be read.
        PipelineError: it is not as it was made, or stands for nothing.
    """
    hasher = hasher or Hasher(remember=False)
    commit.recover(artefact)
    manifest = read_manifest(artefact)
    _require_names(artefact, manifest)
    if manifest.failure:
        raise PipelineError(
            f"proves nothing: {manifest.failure}", file=artefact, remedy=f"run `{manifest.stage}` again"
        )
    for name, wanted in manifest.outputs.items():
        _require(artefact / name if artefact.is_dir() else artefact, artefact, wanted, manifest, hasher)
    for name, wanted in manifest.companions.items():
        _require(artefact.with_name(name), artefact, wanted, manifest, hasher)
    return manifest


def enclosing(path: Path) -> Path | None:
    """The artefact that a file or folder is, or lies in; none where it is the user's own."""
    absolute = path.absolute()
    for place in (absolute, *list(absolute.parents)[:_DEEPEST]):
        if place.name and (commit.pending(place) or is_manifest(manifest_path(place))):
            return place
    return None


_DEEPEST = 3
"""Folders of an artefact above the files in it that stages read."""


def _content(path: Path, role: str, hasher: Hasher, known: dict[Path, Manifest]) -> str:
    """The content hash of one input that is as it should be; `known` are artefacts whose names were checked."""
    if isinstance(path, RemoteFile):
        if not path.exists():
            raise InputFileError("no such file or folder", file=path)
        return path.content_hash
    artefact = enclosing(path)
    if artefact is None:
        if not path.exists():
            raise InputFileError("no such file or folder", file=path)
        if role != FILES:
            read_manifest(path)
        return _own(path, hasher)
    if artefact == path.absolute():
        manifest = check(path, hasher)
        if role not in (FILES, manifest.stage):
            raise InputFileError(
                f"was made by `{manifest.stage}`, not by `{role}`", file=path, remedy=f"give what `{role}` made"
            )
        return manifest.content
    if artefact not in known:
        commit.recover(artefact)
        known[artefact] = read_manifest(artefact)
        _require_names(artefact, known[artefact])
    return _part(path, artefact, known[artefact], hasher)


def _own(path: Path, hasher: Hasher) -> str:
    """The content hash of files that are nobody's artefact."""
    if path.is_dir():
        return listing_hash({name: hasher.sha256(path / name) for name in files_in(path)})
    return listing_hash({path.name: hasher.sha256(path)})


def _part(path: Path, artefact: Path, manifest: Manifest, hasher: Hasher) -> str:
    """The content hash of a file in an artefact, or of a folder in it."""
    inside = path.absolute().relative_to(artefact).as_posix()
    wanted = {
        name: digest for name, digest in manifest.outputs.items() if name == inside or name.startswith(f"{inside}/")
    }
    if not wanted:
        raise InputFileError("no such file or folder", file=path)
    for name, digest in wanted.items():
        _require(artefact / name, artefact, digest, manifest, hasher)
    if inside in wanted:
        return listing_hash({path.name: wanted[inside]})
    return listing_hash({name.removeprefix(f"{inside}/"): digest for name, digest in wanted.items()})


def _require_names(artefact: Path, manifest: Manifest) -> None:
    """Make sure that the files of the manifest are there, and no others."""
    again = f"run `{manifest.stage}` again"
    found = set(files_in(artefact) if artefact.is_dir() else [artefact.name] * artefact.exists())
    found |= {name for name in manifest.companions if artefact.with_name(name).exists()}
    wanted = manifest.outputs.keys() | manifest.companions.keys()
    if missing := sorted(wanted - found):
        raise PipelineError(f"is not as it was made: {_few(missing)} missing", file=artefact, remedy=again)
    if more := sorted(found - wanted):
        raise PipelineError(
            f"is not as it was made: {_few(more)} not part of it", file=artefact, remedy=f"move that away, or {again}"
        )


def _few(names: Sequence[str]) -> str:
    return f"{names[0]!r} is" if len(names) == 1 else f"{names[0]!r} and {len(names) - 1} more are"


def _require(file: Path, artefact: Path, wanted: str, manifest: Manifest, hasher: Hasher) -> None:
    try:
        found = hasher.sha256(file)
    except FileNotFoundError:
        found = None
    if found != wanted:
        raise PipelineError(
            f"is not as it was made: {file.name!r} was changed", file=artefact, remedy=f"run `{manifest.stage}` again"
        )
