"""Manifests for what tests write or change by hand, so that a stage or a report takes it as an artefact."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path

from pipeline.artefacts.hashes import content_hash, file_hashes, sha256
from pipeline.artefacts.json_file import write_json
from pipeline.artefacts.manifest import SUFFIX, Manifest, input_path, manifest_path, read_manifest


def seal(artefact: Path, stage: str, companions: tuple[str, ...] = (), failure: str = "") -> Path:
    """Make an artefact of a stage of a file or folder that a test wrote.

    Returns:
        The artefact.
    """
    manifest = Manifest(
        stage=stage,
        fingerprint="",
        inputs={},
        outputs=file_hashes(artefact) if artefact.exists() else {},
        companions={name: sha256(artefact.with_name(name)) for name in companions},
        configuration={},
        options={},
        code="",
        versions={},
        git="",
        failure=failure,
    )
    write_json(manifest_path(artefact), asdict(manifest))
    return artefact


def made_again(artefact: Path) -> None:
    """Give an artefact that a test changed the manifest that it would have if its stage had made it so."""
    manifest = read_manifest(artefact)
    companions = {name: sha256(artefact.with_name(name)) for name in manifest.companions}
    _write(artefact, replace(manifest, outputs=file_hashes(artefact), companions=companions))


def run_made_again(run: Path) -> None:
    """The same for all artefacts of a run, as if each had been made from those that stand there now."""
    artefacts = [run / path.name.removesuffix(SUFFIX) for path in sorted(run.glob(f"*{SUFFIX}"))]
    for artefact in artefacts:
        made_again(artefact)
    for artefact in artefacts:
        manifest = read_manifest(artefact)
        places = {name: input_path(name, artefact) for name in manifest.inputs}
        _write(artefact, replace(manifest, inputs={name: content_hash(path) for name, path in places.items()}))


def edit_manifest(artefact: Path, **fields: object) -> None:
    """Change fields of a manifest."""
    path = manifest_path(artefact)
    write_json(path, json.loads(path.read_text(encoding="utf-8")) | fields)


def _write(artefact: Path, manifest: Manifest) -> None:
    write_json(manifest_path(artefact), asdict(manifest))
