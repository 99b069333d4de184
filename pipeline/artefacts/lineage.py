"""What manifests tell of each other: what an artefact was made from, and what of that has changed since."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from data_prep.errors import InputFileError, PipelineError
from pipeline.artefacts.door import check, enclosing
from pipeline.artefacts.hashes import content_hash, listing_hash
from pipeline.artefacts.manifest import Manifest, input_path, read_manifest


def require_made_from(artefact: Path, inputs: Sequence[Path]) -> Manifest:
    """Make sure that an artefact is whole, unchanged, and made from these very inputs.

    Args:
        artefact: one file, or a folder.
        inputs: files or folders whose present content it must have been made from.

    Raises:
        InputFileError: when it has no manifest.
        PipelineError: when it, or an input, was changed since.
    """
    manifest = check(artefact)
    for path in inputs:
        if content_hash(path) not in manifest.inputs.values():
            raise PipelineError(
                f"was made from another {path.name}", file=artefact, remedy=f"run `{manifest.stage}` again"
            )
    return manifest


def upstream(artefacts: Sequence[Path]) -> dict[Path, Manifest]:
    """The manifests of these artefacts and of all they come from, by their places, as far as these can be found.

    An artefact that was made again since, or moved away, is not found: what stands there now is another one.
    """
    found: dict[Path, Manifest] = {}
    known: dict[Path, Manifest] = {}
    waiting = [whole for path in artefacts if (whole := enclosing(path)) is not None]
    while waiting:
        place = waiting.pop()
        if place not in found:
            found[place] = read_manifest(place)
            waiting.extend(each.whole for each in _inputs(place, found[place], known) if each.now == each.used)
    return dict(sorted(found.items(), key=lambda item: (item[0].name, item[0])))


def names_of(places: Sequence[Path]) -> dict[Path, str]:
    """A name for each place: that of the artefact, with its run where two have the same."""
    names = [place.name for place in places]
    return {
        place: place.name if names.count(place.name) == 1 else f"{place.parent.name}/{place.name}" for place in places
    }


def made_from_others(run: Path, manifests: Mapping[str, Manifest]) -> dict[str, list[str]]:
    """Which artefacts of a run were made from something else than what stands in its place now.

    Args:
        run: the folder of the run.
        manifests: of its artefacts, by name.

    Returns:
        For every artefact the names of the inputs (artefacts, or files in them) that have changed since.
    """
    known: dict[Path, Manifest] = {}
    return {
        name: [each.name for each in _inputs(run / name, manifest, known) if each.now != each.used]
        for name, manifest in manifests.items()
    }


@dataclass(frozen=True)
class _Input:
    """An input that is an artefact, or in one: its name, the artefact, its content hash there now, and the one used."""

    name: str
    whole: Path
    now: str
    used: str


def _inputs(artefact: Path, manifest: Manifest, known: dict[Path, Manifest]) -> Iterator[_Input]:
    """The inputs of an artefact that are artefacts, or in one; the user's own files are left out."""
    for given, used in manifest.inputs.items():
        if "://" in given:
            continue
        path = input_path(given, artefact)
        whole = enclosing(path)
        if whole is None:
            continue
        if whole not in known:
            try:
                known[whole] = read_manifest(whole)
            except InputFileError:
                # What nobody can read is not what was used.
                yield _Input(path.name, whole, "", used)
                continue
        yield _Input(path.name, whole, _content(path, whole, known[whole]), used)


def _content(path: Path, whole: Path, manifest: Manifest) -> str:
    """The content hash of an artefact, or of a file or folder in it, as its manifest has it."""
    if path == whole:
        return manifest.content
    inside = path.relative_to(whole).as_posix()
    if inside in manifest.outputs:
        return listing_hash({path.name: manifest.outputs[inside]})
    within = f"{inside}/"
    files = {name.removeprefix(within): digest for name, digest in manifest.outputs.items() if name.startswith(within)}
    return listing_hash(files)
