"""Artefacts: what a stage leaves on disk, whole or not at all, with a manifest beside it.

A stage writes under a temporary name in the same folder; only when it has ended well is the result renamed and then
`<artefact>.manifest.json` written. The manifest is thus the sign that an artefact is whole: the Makefile depends on it.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import platform
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from data_prep import programs
from data_prep.errors import InputFileError, PipelineError
from data_prep.readers.remote import RemoteFile
from data_prep.settings import Settings
from pipeline import interruption

LIBRARIES = ("numpy", "uproot", "awkward", "pythia8mc", "fastjet", "tensorflow-cpu", "qkeras", "hls4ml", "scikit-learn")


@dataclass(frozen=True)
class Workspace:
    """Where a running stage writes.

    Attributes:
        path: the artefact under its temporary name: an empty folder, or the name of a file to be written.
        work: a folder that outlives an interrupted run of the same configuration and inputs, for stages that resume;
            it is removed when the stage ends well.
        companions: the temporary names of the companions, each to be written by the stage.
    """

    path: Path
    work: Path
    companions: tuple[Path, ...] = ()


@contextmanager
def artefact(
    out: Path,
    stage: str,
    *,
    settings: Mapping[str, Settings] | None = None,
    inputs: Sequence[Path] = (),
    folder: bool = True,
    companions: Sequence[Path] = (),
) -> Iterator[Workspace]:
    """Make one artefact, atomically.

    Args:
        out: the final name.
        stage: the stage's name, for the manifest.
        settings: the configuration by name (`images`, `train`, …); part of the manifest.
        inputs: files or folders the artefact is made from; they are hashed into the manifest.
        folder: whether the artefact is a folder (made empty before the body runs) or one file.
        companions: files in the same folder that belong to it; made, moved and hashed together with it.

    Raises:
        InputFileError: when an input does not exist.
    """
    out = out.absolute()
    for path in inputs:
        if not path.exists():
            raise InputFileError("no such file or folder", file=path)
    description: dict[str, Any] = {
        "stage": stage,
        "inputs": {str(path): content_hash(path) for path in inputs},
        "configuration": {name: value.model_dump(mode="json") for name, value in (settings or {}).items()},
    }
    fingerprint = hashlib.sha256(json.dumps(description, sort_keys=True).encode()).hexdigest()[:12]
    manifest = manifest_path(out)
    partial = out.with_name(f".{out.name}.partial")
    side_partials = [path.with_name(f".{path.stem}.partial{path.suffix}") for path in companions]
    work = out.with_name(f".{out.name}.work-{fingerprint}")
    out.parent.mkdir(parents=True, exist_ok=True)
    for stale in out.parent.glob(f".{out.name}.work-*"):
        if stale != work:
            _remove(stale)
    for made in (partial, *side_partials):
        _remove(made)
    work.mkdir(exist_ok=True)
    if folder:
        partial.mkdir()
    try:
        yield Workspace(partial, work, tuple(side_partials))
        interruption.check()
        manifest.unlink(missing_ok=True)
        for made, final in zip((partial, *side_partials), (out, *companions), strict=True):
            _remove(final)
            made.rename(final)
        description |= {"outputs": file_hashes(out), "companions": {path.name: sha256(path) for path in companions}}
        description |= {"versions": versions(), "git": git_hash()}
        write_json(manifest, description)
    except BaseException:
        for made in (partial, *side_partials):
            _remove(made)
        if not any(work.iterdir()):
            work.rmdir()
        raise
    _remove(work)


def manifest_path(artefact: Path) -> Path:
    """The manifest that stands beside an artefact."""
    return artefact.with_name(f"{artefact.name}.manifest.json")


def write_json(path: Path, content: Any) -> None:
    """Write JSON under a temporary name and rename it."""
    temporary = path.with_name(f".{path.name}.partial")
    temporary.write_text(json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8")
    temporary.replace(path)


def sha256(path: Path) -> str:
    """The SHA-256 of one file, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def file_hashes(path: Path) -> dict[str, str]:
    """SHA-256 of a file, or of every file in a folder by relative name."""
    if path.is_file():
        return {path.name: sha256(path)}
    files = sorted(file for file in path.rglob("*") if file.is_file())
    return {file.relative_to(path).as_posix(): sha256(file) for file in files}


def content_hash(path: Path) -> str:
    """One SHA-256 for a file or a whole folder (names and contents); of a file behind a URL what its server says."""
    if isinstance(path, RemoteFile):
        return path.content_hash
    return listing_hash(file_hashes(path))


def listing_hash(files: Mapping[str, str]) -> str:
    """The content hash of files whose own hashes are known, by name."""
    return hashlib.sha256(json.dumps(sorted(files.items())).encode()).hexdigest()


def versions() -> dict[str, str]:
    """The versions of Python and of those libraries that shape the results, as far as they are installed."""
    found = {"python": platform.python_version()}
    for name in LIBRARIES:
        with suppress(importlib.metadata.PackageNotFoundError):
            found[name] = importlib.metadata.version(name)
    return found


def git_hash() -> str:
    """The commit of the code, `-dirty` where it was changed since, `unknown` outside a checkout."""
    root = Path(__file__).parent.parent
    try:
        call = ["git", "-C", str(root), "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
        ended = programs.run(call, seconds=30)
    except (OSError, PipelineError):
        return "unknown"
    return "unknown" if ended.code else ended.output.strip()


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
