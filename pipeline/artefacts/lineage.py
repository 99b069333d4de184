"""The lineage of artefacts from their manifests: what they were made from, and what has changed since."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from data_prep.errors import InputFileError, PipelineError
from pipeline.artefacts.door import check, enclosing_artefact
from pipeline.artefacts.hashes import content_hash, listing_hash
from pipeline.artefacts.manifest import Manifest, input_path, read_manifest


def require_made_from(artefact: Path, inputs: Sequence[Path]) -> Manifest:
    """Make sure that an artefact is whole, unchanged, and made from exactly these inputs.

    Args:
        artefact: one file, or a folder.
        inputs: files or folders whose present content it must have been made from.

    Raises:
        InputFileError: when it has no manifest.
        PipelineError: when it or an input was changed since.
    """
    manifest = check(artefact)
    for path in inputs:
        if content_hash(path) not in manifest.inputs.values():
            raise PipelineError(
                f"was made from another {path.name}", file=artefact, remedy=f"run `{manifest.stage}` again"
            )
    return manifest


def upstream(artefacts: Sequence[Path]) -> dict[Path, Manifest]:
    """The manifests of these artefacts and of all that they were made from, by path, as far as these still exist.

    An artefact that was made again or moved since is left out: the present one at its path is another one.
    """
    manifests: dict[Path, Manifest] = {}
    cache: dict[Path, Manifest] = {}
    waiting = [artefact for path in artefacts if (artefact := enclosing_artefact(path)) is not None]
    while waiting:
        place = waiting.pop()
        if place not in manifests:
            manifests[place] = read_manifest(place)
            waiting.extend(
                source.artefact
                for source in _inputs(place, manifests[place], cache)
                if source.present == source.recorded
            )
    return dict(sorted(manifests.items(), key=lambda item: (item[0].name, item[0])))


def distinct_names(places: Sequence[Path]) -> dict[Path, str]:
    """A name for each path: that of the artefact, with its run where two are equal."""
    names = [place.name for place in places]
    return {
        place: place.name if names.count(place.name) == 1 else f"{place.parent.name}/{place.name}" for place in places
    }


def changed_inputs(run: Path, manifests: Mapping[str, Manifest]) -> dict[str, list[str]]:
    """The inputs of the artefacts of a run that have changed since.

    Args:
        run: the folder of the run.
        manifests: of its artefacts, by name.

    Returns:
        For every artefact the names of the changed inputs (artefacts, or files in them).
    """
    cache: dict[Path, Manifest] = {}
    return {
        name: [source.name for source in _inputs(run / name, manifest, cache) if source.present != source.recorded]
        for name, manifest in manifests.items()
    }


@dataclass(frozen=True)
class _ArtefactInput:
    """An input that is an artefact, or in one: name, artefact, present content hash, and hash in the manifest."""

    name: str
    artefact: Path
    present: str
    recorded: str


def _inputs(artefact: Path, manifest: Manifest, cache: dict[Path, Manifest]) -> Iterator[_ArtefactInput]:
    """The inputs of an artefact that are artefacts, or in one; the user's own files are left out."""
    for name, recorded in manifest.inputs.items():
        if "://" in name:
            continue
        path = input_path(name, artefact)
        source = enclosing_artefact(path)
        if source is None:
            continue
        if source not in cache:
            try:
                cache[source] = read_manifest(source)
            except InputFileError:
                # One without a readable manifest counts as changed.
                yield _ArtefactInput(path.name, source, "", recorded)
                continue
        yield _ArtefactInput(path.name, source, _present_hash(path, source, cache[source]), recorded)


def _present_hash(path: Path, artefact: Path, manifest: Manifest) -> str:
    """The content hash of an artefact, or of a file or folder in it, from its manifest."""
    if path == artefact:
        return manifest.content
    inside = path.relative_to(artefact).as_posix()
    if inside in manifest.outputs:
        return listing_hash({path.name: manifest.outputs[inside]})
    within = f"{inside}/"
    files = {name.removeprefix(within): digest for name, digest in manifest.outputs.items() if name.startswith(within)}
    return listing_hash(files)
