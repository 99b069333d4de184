"""What manifests tell: whether an artefact is whole, and what it was made from."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256 as digest
from pathlib import Path
from typing import Any

from data_prep.errors import InputFileError, PipelineError
from pipeline.artefact import content_hash, file_hashes, listing_hash, manifest_path, sha256


@dataclass(frozen=True)
class Manifest:
    """The manifest beside an artefact.

    Attributes:
        stage: that made it.
        inputs: content hash of each input by its path as it was given.
        outputs: SHA-256 of each file by relative name.
        companions: SHA-256 of each file beside it that was made with it, by name.
        configuration: by name of the configuration file.
        versions: of Python and the libraries.
        git: commit of the code.
    """

    stage: str
    inputs: dict[str, str]
    outputs: dict[str, str]
    companions: dict[str, str]
    configuration: dict[str, Any]
    versions: dict[str, str]
    git: str

    @property
    def content(self) -> str:
        """The content hash of the artefact, as manifests of its users hold it."""
        return listing_hash(self.outputs)

    @property
    def configuration_hash(self) -> str:
        """SHA-256 of the configuration."""
        return digest(json.dumps(self.configuration, sort_keys=True).encode()).hexdigest()


def read_manifest(artefact: Path) -> Manifest:
    """The manifest of an artefact.

    Raises:
        InputFileError: when there is none, so that the artefact is not whole, or it cannot be read.
    """
    path = manifest_path(artefact)
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return Manifest(**{name: found[name] for name in Manifest.__dataclass_fields__})
    except FileNotFoundError:
        raise InputFileError(
            "is not whole: it has no manifest beside it", file=artefact, remedy="make it again"
        ) from None
    except (OSError, ValueError, KeyError, TypeError):
        raise InputFileError("its manifest cannot be read", file=path, remedy="make it again") from None


def require_made_from(artefact: Path, inputs: Sequence[Path], companion: Path | None = None) -> None:
    """Make sure that an artefact is whole, unchanged, and made from these very inputs.

    Args:
        artefact: one file, or a folder.
        inputs: files or folders whose present content it must have been made from.
        companion: a file beside it that must be the one that was made with it.

    Raises:
        InputFileError: when it has no manifest.
        PipelineError: when it, or an input, was changed since.
    """
    manifest = read_manifest(artefact)
    changed = manifest.outputs != file_hashes(artefact)
    if companion is not None:
        changed = changed or manifest.companions.get(companion.name) != sha256(companion)
    if changed:
        raise PipelineError("was changed after it was made", file=artefact, remedy=f"run `{manifest.stage}` again")
    for path in inputs:
        if content_hash(path) not in manifest.inputs.values():
            raise PipelineError(
                f"was made from another {path.name}", file=artefact, remedy=f"run `{manifest.stage}` again"
            )


def upstream(artefacts: Sequence[Path]) -> dict[str, Manifest]:
    """The manifests of these artefacts and of all they come from, by artefact name, as far as they can be found."""
    return {name: manifest for name, (_, manifest) in _upstream(artefacts).items()}


def upstream_places(artefacts: Sequence[Path]) -> dict[str, Path]:
    """Where these artefacts and all they come from stand, by artefact name, as far as they can be found."""
    return {name: place for name, (place, _) in _upstream(artefacts).items()}


def _upstream(artefacts: Sequence[Path]) -> dict[str, tuple[Path, Manifest]]:
    found: dict[str, tuple[Path, Manifest]] = {}
    waiting = list(artefacts)
    while waiting:
        path = waiting.pop()
        # An input may be a file inside an artefact.
        whole = next((place for place in (path, path.parent) if manifest_path(place).exists()), None)
        if whole is None or whole.name in found:
            continue
        manifest = read_manifest(whole)
        found[whole.name] = whole, manifest
        waiting.extend(Path(name) for name in manifest.inputs)
    return dict(sorted(found.items()))


def made_from_others(manifests: Mapping[str, Manifest]) -> dict[str, list[str]]:
    """Which artefacts of a run were made from something else than what stands beside them now.

    Args:
        manifests: of the artefacts of one run folder, by artefact name.

    Returns:
        For every artefact the names of the inputs (artefacts, or files in them) that have changed since.
    """
    changed: dict[str, list[str]] = {}
    for name, manifest in manifests.items():
        changed[name] = []
        for given, used in manifest.inputs.items():
            path = Path(given)
            if path.name in manifests and path.name != name:
                now = manifests[path.name].content
            elif path.parent.name in manifests:
                held = manifests[path.parent.name].outputs.get(path.name)
                now = digest(json.dumps([(path.name, held)]).encode()).hexdigest()
            else:
                continue
            if now != used:
                changed[name].append(path.name)
    return changed
