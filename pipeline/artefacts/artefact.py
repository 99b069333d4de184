"""Artefacts: the results of stages on disk, whole or not at all, with a manifest beside them.

One process makes an output at a time. It reads its inputs through `door.py`, and if the existing artefact was made from
the same inputs, settings, code and versions, there is nothing to do. Otherwise it works in `.<name>.making/`, and only
after its success are artefact, companions and `<name>.manifest.json` renamed to their final names, all or none
(`commit.py`). Existing files that are no artefact of this stage are never replaced (`replaceable.py`).
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from data_prep.errors import InputFileError, PipelineError
from data_prep.settings import Settings
from pipeline import interruption
from pipeline.artefacts import commit
from pipeline.artefacts.code_version import code_hash, git_hash, locked_versions, versions
from pipeline.artefacts.commit import remove, work_folder
from pipeline.artefacts.door import FILES, Inputs, Opened, check, open_inputs
from pipeline.artefacts.hashes import Hasher, files_in, sha256
from pipeline.artefacts.json_file import write_json
from pipeline.artefacts.lock import locked
from pipeline.artefacts.manifest import SUFFIX, Manifest, input_name, input_path, manifest_path, read_manifest
from pipeline.artefacts.replaceable import artefact_files, require_possible, require_replaceable
from pipeline.console import warn

_LOG = logging.getLogger(__name__)


class UpToDate(Exception):
    """The artefact exists already, made from the same inputs, settings, code and versions."""

    def __init__(self, stage: str, out: Path) -> None:
        super().__init__(stage, out)
        self.stage, self.out = stage, out


@dataclass
class Workspace:
    """The temporary files of a running stage.

    Attributes:
        path: the artefact under its temporary name: an empty folder, or the name of a file to be written.
        work: a folder that is kept after an interruption, for stages that resume with the same configuration, inputs,
            code and versions; it is removed when the stage succeeds.
        companions: the temporary names of the companions, each to be written by the stage.
        fingerprint: that of all that interrupted work depends on.
        inputs: the opened inputs, with their content hashes.
        failure: the reason of a failed comparison, see `leave`.
    """

    path: Path
    work: Path
    fingerprint: str
    companions: tuple[Path, ...] = ()
    inputs: tuple[Opened, ...] = ()
    failure: str = field(default="", init=False)

    def leave(self, path: Path, content: Any, reason: str) -> None:
        """Keep one JSON file of a comparison that failed or was not run, when the stage ends with an error.

        It replaces artefact and companions, for people to read; no stage accepts it as an input.

        Args:
            path: the temporary name of the artefact or of a companion.
            content: of the file.
            reason: why it proves nothing.
        """
        for temporary in (self.path, *self.companions):
            remove(temporary)
        write_json(path, content)
        self.failure = reason


@contextmanager
def artefact(
    out: Path,
    stage: str,
    *,
    settings: Mapping[str, Settings] | None = None,
    passing: Mapping[str, Any] | None = None,
    options: Mapping[str, Any] | None = None,
    inputs: Inputs | None = None,
    folder: bool = True,
    companions: Sequence[Path] = (),
) -> Iterator[Workspace]:
    """Make one artefact, atomically, unless it is up to date.

    Args:
        out: the final name.
        stage: the stage's name, for the manifest.
        settings: the configuration by name (`images`, `train`, …); part of the manifest.
        passing: settings with which interrupted work is resumed although they have changed, but a finished artefact is
            out of date: how long a search may take.
        options: options of the command that change the result; part of the manifest.
        inputs: artefacts by the stage that made them, other files as `files`.
        folder: whether the artefact is a folder (created empty before the body runs) or one file.
        companions: files in the same folder that belong to it; written, renamed and hashed together with it.

    Raises:
        InputFileError: when an input does not exist, or is not of the right stage.
        PipelineError: when an input differs from its manifest, was changed while the stage ran, or when a file that
            would be replaced is no artefact of this stage.
        UpToDate: when there is nothing to do.
    """
    out = out.absolute()
    inputs = inputs or {}
    names = [path.name for path in companions]
    require_possible(out, names, inputs)
    out.parent.mkdir(parents=True, exist_ok=True)
    with locked(out, stage, warn):
        # Checked with the lock held: without it, another process may be committing.
        require_replaceable(out, stage, names, inputs)
        commit.finish(out)
        require_replaceable(out, stage, names, inputs)
        recipe = {
            "stage": stage,
            "configuration": {name: value.model_dump(mode="json") for name, value in (settings or {}).items()},
            "options": _plain(options or {}),
            "companions": names,
            "code": code_hash(stage),
            "versions": locked_versions(),
        }
        limit_values = {name: _plain(value) for name, value in (passing or {}).items()}
        _skip_if_up_to_date(out, recipe, limit_values, inputs)
        hasher = Hasher(remember=False)
        opened = open_inputs(inputs, hasher)
        work_fingerprint = _fingerprint(recipe, opened)
        place = work_folder(out)
        space = _prepare(out, stage, work_fingerprint, folder, names, opened)
        description = {
            "stage": stage,
            "fingerprint": _fingerprint({**recipe, "passing": limit_values}, opened),
            "inputs": {input_name(source.path, out): source.content for source in opened},
            "configuration": recipe["configuration"],
            "options": recipe["options"],
            "code": recipe["code"],
            "versions": versions(),
            "git": git_hash(),
        }
        try:
            yield space
            interruption.check()
            if changed := hasher.changed():
                raise PipelineError("was changed while it was read", file=changed, remedy="run the same command again")
            _commit(out, names, description, "")
        except BaseException:
            if space.failure and not interruption.requested():
                _commit(out, names, description, space.failure)
            with interruption.deferred():
                _tidy(out)
            raise
        hasher.save()
        with interruption.deferred():
            commit.discard(place)
        interruption.check()


def recorded_inputs(out: Path, stage: str, settings: Mapping[str, Settings]) -> list[str]:
    """The inputs that an artefact was made from, for a stage that is called again without any.

    Args:
        out: the artefact.
        stage: the stage that made it.
        settings: the present configuration.

    Raises:
        InputFileError: no such artefact, or its inputs are missing and its configuration is a different one.
        UpToDate: its inputs are missing, and it is whole and of this configuration.
    """
    if not manifest_path(out).exists():
        raise InputFileError(
            "no INPUT is given, and there is no earlier result whose inputs could be used",
            file=out,
            remedy="give INPUT",
        )
    manifest = read_manifest(out)
    if manifest.stage != stage:
        raise InputFileError(f"was made by `{manifest.stage}`, not by `{stage}`", file=out, remedy="give another --out")
    inputs = [name if "://" in name else str(input_path(name, out)) for name in manifest.inputs]
    missing = next((name for name in inputs if "://" not in name and not Path(name).exists()), None)
    if missing is None:
        return inputs
    check(out)
    if manifest.configuration == {name: value.model_dump(mode="json") for name, value in settings.items()}:
        raise UpToDate(stage, out)
    raise InputFileError(
        f"was made with another configuration, and its input {missing} does not exist any more",
        file=out,
        remedy="give its files again as INPUT",
    )


def _plain(value: Any) -> Any:
    """A value after conversion to JSON and back."""
    return json.loads(json.dumps(value, default=str))


def _fingerprint(recipe: Mapping[str, Any], opened: Sequence[Opened]) -> str:
    """SHA-256 of all that a result depends on; artefacts enter with their content, not their path."""
    inputs = [(source.role, source.path.name if source.role == FILES else "", source.content) for source in opened]
    return hashlib.sha256(json.dumps([recipe, inputs], sort_keys=True).encode()).hexdigest()


def _skip_if_up_to_date(out: Path, recipe: Mapping[str, Any], limits: Mapping[str, Any], inputs: Inputs) -> None:
    """End the stage if its artefact is whole and up to date.

    Raises:
        UpToDate: it is.
    """
    hasher = Hasher(remember=True)
    try:
        manifest = read_manifest(out)
        if reason := _difference(manifest, recipe):
            _log_reason(out, reason)
            return
        opened = open_inputs(inputs, hasher)
        if manifest.fingerprint != _fingerprint({**recipe, "passing": limits}, opened):
            changed = sorted({source.content for source in opened}) != sorted(set(manifest.inputs.values()))
            _log_reason(out, "the inputs are not the same" if changed else "libraries or limits have changed")
            return
        check(out, hasher)
    except (PipelineError, OSError) as error:
        # Errors of the inputs are raised when they are opened for reading.
        if manifest_path(out).exists():
            _log_reason(out, str(error))
        return
    hasher.save()
    commit.discard(work_folder(out))
    raise UpToDate(recipe["stage"], out)


def _difference(manifest: Manifest, recipe: Mapping[str, Any]) -> str:
    """Why an artefact is out of date, from its manifest alone; empty if it is not."""
    reasons = {
        "the last attempt failed": bool(manifest.failure),
        "the code has changed": manifest.code != recipe["code"],
        "the settings are not the same": manifest.configuration != recipe["configuration"],
        "the options are not the same": manifest.options != recipe["options"],
    }
    return ", ".join(reason for reason, holds in reasons.items() if holds)


def _log_reason(out: Path, reason: str) -> None:
    _LOG.info("%s is made again: %s", out, reason)


def _prepare(
    out: Path, stage: str, fingerprint: str, folder: bool, names: Sequence[str], opened: Sequence[Opened]
) -> Workspace:
    """An empty folder for the result, and the work of an interrupted run with the same fingerprint, if there is one."""
    place = work_folder(out)
    if _owner(place) != fingerprint:
        commit.discard(place)
        place.mkdir()
        write_json(place / commit.OWNER, {"stage": stage, "fingerprint": fingerprint})
    for part in ("new", "old"):
        remove(place / part)
    for part in ("work", "new"):
        (place / part).mkdir(exist_ok=True)
    path = place / "new" / out.name
    if folder:
        path.mkdir()
    companions = tuple(place / "new" / name for name in names)
    return Workspace(path, place / "work", fingerprint, companions, tuple(opened))


def _owner(place: Path) -> str | None:
    try:
        return str(json.loads((place / commit.OWNER).read_text(encoding="utf-8"))["fingerprint"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _tidy(out: Path) -> None:
    """Remove the unfinished result of a failed stage; its work is kept, and so is a commit that must be completed."""
    place = work_folder(out)
    if commit.pending(out):
        return
    remove(place / "new")
    remove(place / "old")
    if not any((place / "work").iterdir()):
        commit.discard(place)


def _commit(out: Path, names: Sequence[str], description: Mapping[str, Any], failure: str) -> None:
    """Hash the result, and rename it to its final names."""
    new = work_folder(out) / "new"
    written = {name: (new / name).exists() for name in (out.name, *names)}
    if not failure and not all(written.values()):
        missing = next(name for name, exists in written.items() if not exists)
        raise RuntimeError(f"the stage `{description['stage']}` did not write {missing}")
    path = new / out.name
    if path.is_dir():
        outputs = {name: sha256(path / name) for name in files_in(path)}
    else:
        outputs = {out.name: sha256(path)} if written[out.name] else {}
    manifest = Manifest(
        **description,
        outputs=outputs,
        companions={name: sha256(new / name) for name in names if written[name]},
        failure=failure,
    )
    name = f"{out.name}{SUFFIX}"
    write_json(new / name, asdict(manifest))
    interruption.check()
    # Companions of the previous artefact that are not made any more would seem to belong to the new one.
    previous = artefact_files(out, str(description["stage"])) or {}
    stale_files = {stale: False for stale in previous if stale not in written and Path(stale).name == stale}
    with interruption.deferred():
        commit.commit(out, {**written, **stale_files, name: True})
