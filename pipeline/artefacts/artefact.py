"""Artefacts: what a stage leaves on disk, whole or not at all, with a manifest beside it.

One process makes an output at a time. It opens its inputs through the door (`door.py`), and where the artefact that
stands there was made of the very same inputs, settings, code and versions, there is nothing to do. Otherwise it works
in `.<name>.making/`, and only when it has ended well do artefact, companions and `<name>.manifest.json` get their
names, all or none (`commit.py`). What stands under a name and is no artefact of this stage is never replaced.
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
from data_prep.readers.remote import RemoteFile
from data_prep.settings import Settings
from pipeline import interruption
from pipeline.artefacts import commit
from pipeline.artefacts.code_version import code_hash, git_hash, locked_versions, versions
from pipeline.artefacts.commit import making, remove
from pipeline.artefacts.door import FILES, Inputs, Opened, check, open_inputs
from pipeline.artefacts.hashes import Hasher, files_in, sha256
from pipeline.artefacts.json_file import write_json
from pipeline.artefacts.lock import locked
from pipeline.artefacts.manifest import SUFFIX, Manifest, input_name, input_path, manifest_path, read_manifest
from pipeline.console import warn

_LOG = logging.getLogger(__name__)

_OTHER = "give another --out"


class UpToDate(Exception):
    """What a stage would make stands there, made of the same inputs, settings, code and versions."""

    def __init__(self, stage: str, out: Path) -> None:
        super().__init__(stage, out)
        self.stage, self.out = stage, out


@dataclass
class Workspace:
    """Where a running stage writes.

    Attributes:
        path: the artefact under its temporary name: an empty folder, or the name of a file to be written.
        work: a folder that outlives an interrupted run of the same configuration, inputs, code and versions, for stages
            that resume; it is removed when the stage ends well.
        companions: the temporary names of the companions, each to be written by the stage.
        fingerprint: of all that interrupted work depends on.
        inputs: that were opened, with their content hashes.
        failure: of a comparison, see `leave`.
    """

    path: Path
    work: Path
    fingerprint: str
    companions: tuple[Path, ...] = ()
    inputs: tuple[Opened, ...] = ()
    failure: str = field(default="", init=False)

    def leave(self, path: Path, content: Any, reason: str) -> None:
        """Leave one JSON file of a comparison that failed or was not run, when the stage ends with an error.

        It replaces artefact and companions, to be read by people; nothing takes it as an input.

        Args:
            path: of the artefact or of a companion, as this object names it.
            content: of the file.
            reason: why it proves nothing.
        """
        for made in (self.path, *self.companions):
            remove(made)
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
    """Make one artefact, atomically, unless it is there.

    Args:
        out: the final name.
        stage: the stage's name, for the manifest.
        settings: the configuration by name (`images`, `train`, …); part of the manifest.
        passing: what decides whether the artefact is up to date and not whether interrupted work goes on: how long a
            search may take.
        options: of the command, as far as they shape the result; part of the manifest.
        inputs: what it is made from: artefacts by the stage that made them, anybody's files as `files`.
        folder: whether the artefact is a folder (made empty before the body runs) or one file.
        companions: files in the same folder that belong to it; made, moved and hashed together with it.

    Raises:
        InputFileError: when an input does not exist, or is not what the stage takes.
        PipelineError: when an input is not as it was made, was changed while the stage ran, or when something stands
            under a name that would be written and is no artefact of this stage.
        UpToDate: when there is nothing to do.
    """
    out = out.absolute()
    inputs = inputs or {}
    names = [path.name for path in companions]
    _require_possible(out, names, inputs)
    out.parent.mkdir(parents=True, exist_ok=True)
    with locked(out, stage, warn):
        # What stands there is looked at under the lock alone: without it, another process may be committing.
        require_replaceable(out, stage, names, inputs)
        commit.finish(out)
        require_replaceable(out, stage, names, inputs)
        asked = {
            "stage": stage,
            "configuration": {name: value.model_dump(mode="json") for name, value in (settings or {}).items()},
            "options": _plain(options or {}),
            "companions": names,
            "code": code_hash(stage),
            "versions": locked_versions(),
        }
        passes = {name: _plain(value) for name, value in (passing or {}).items()}
        _skip_if_made(out, asked, passes, inputs)
        hasher = Hasher(remember=False)
        opened = open_inputs(inputs, hasher)
        lasting = _fingerprint(asked, opened)
        place = making(out)
        space = _prepare(out, stage, lasting, folder, names, opened)
        description = {
            "stage": stage,
            "fingerprint": _fingerprint({**asked, "passing": passes}, opened),
            "inputs": {input_name(each.path, out): each.content for each in opened},
            "configuration": asked["configuration"],
            "options": asked["options"],
            "code": asked["code"],
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
            if space.failure and not interruption.asked():
                _commit(out, names, description, space.failure)
            with interruption.held():
                _tidy(out)
            raise
        hasher.save()
        with interruption.held():
            commit.discard(place)
        interruption.check()


def made_from(out: Path, stage: str, settings: Mapping[str, Settings]) -> list[str]:
    """The inputs that an artefact was made from, for a stage that is called again without any.

    Args:
        out: the artefact.
        stage: that made it.
        settings: the configuration that it is to have.

    Raises:
        InputFileError: no such artefact, or its inputs are gone and its configuration is another one.
        UpToDate: its inputs are gone, and it is whole and of this very configuration.
    """
    if not manifest_path(out).exists():
        raise InputFileError("no INPUT is given, and nothing was made here before", file=out, remedy="give INPUT")
    manifest = read_manifest(out)
    if manifest.stage != stage:
        raise InputFileError(f"was made by `{manifest.stage}`, not by `{stage}`", file=out, remedy="give another --out")
    found = [name if "://" in name else str(input_path(name, out)) for name in manifest.inputs]
    gone = next((name for name in found if "://" not in name and not Path(name).exists()), None)
    if gone is None:
        return found
    check(out)
    if manifest.configuration == {name: value.model_dump(mode="json") for name, value in settings.items()}:
        raise UpToDate(stage, out)
    raise InputFileError(
        f"was made with another configuration, and the file {gone} that it was made from is gone",
        file=out,
        remedy="give its files again as INPUT",
    )


def require_replaceable(out: Path, stage: str, companions: Sequence[str] = (), inputs: Inputs | None = None) -> None:
    """Make sure that nothing would be lost if this stage made its output here; called with the lock held.

    Args:
        out: the output.
        stage: that would write it.
        companions: names beside it that would be written too.
        inputs: that it would be made from.

    Raises:
        PipelineError: something stands there that is not empty and no artefact of this stage, or that is an input.
    """
    out = out.absolute()
    finals = _require_possible(out, companions, inputs or {})
    place = making(out)
    if not commit.ours(place):
        raise PipelineError(
            "is not unfinished work of this project, which would be kept there", file=place, remedy="move it away"
        )
    if commit.pending(out):
        return
    listed = _listed(out, stage)
    for final in finals:
        held = _held(final)
        if not held:
            continue
        if listed is None:
            what = f"exists already and was not made by `{stage}`"
            raise PipelineError(what, file=final, remedy=f"{_OTHER}, or move it away")
        for name in held:
            if name not in listed.get(final.name, ()):
                where = final / name if final.is_dir() else final
                what = f"was not made by `{stage}` and would be lost"
                raise PipelineError(what, file=where, remedy=f"move it away, or {_OTHER}")


def _require_possible(out: Path, companions: Sequence[str], inputs: Inputs) -> list[Path]:
    """The names that would be written, if they can be those of a result, whatever other processes do meanwhile."""
    if out.name in ("", ".."):
        raise PipelineError("cannot be the name of a result", file=out, remedy=_OTHER)
    if Path.cwd().is_relative_to(out.resolve()):
        raise PipelineError("is the current folder, or contains it", file=out, remedy=_OTHER)
    finals = [out, *(out.with_name(name) for name in companions)]
    for final in finals:
        if final.is_symlink():
            raise PipelineError(
                f"is a link to {final.readlink()}", file=final, remedy="give the target of the link as --out"
            )
        for path in _local(inputs):
            if path.resolve().is_relative_to(final.resolve()):
                raise PipelineError("would overwrite its own input", file=final, remedy=_OTHER)
    return finals


def _local(inputs: Inputs) -> Iterator[Path]:
    for given in inputs.values():
        paths = [] if given is None else [given] if isinstance(given, Path) else given
        yield from (path for path in paths if not isinstance(path, RemoteFile))


def _held(final: Path) -> list[str]:
    """The files that stand under a name; none where nothing stands there, or something empty."""
    if final.is_dir():
        return files_in(final)
    return [final.name] if final.exists() and final.stat().st_size else []


def _listed(out: Path, stage: str) -> dict[str, set[str]] | None:
    """The files of an artefact of this stage by the name of artefact and companions; none where it is no such one."""
    path = manifest_path(out)
    if not path.exists():
        return None
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        if found["stage"] != stage:
            return None
        return {out.name: set(found["outputs"])} | {name: {name} for name in found["companions"]}
    except (OSError, ValueError, KeyError, TypeError):
        raise PipelineError("cannot be read", file=path, remedy="remove it and its artefact") from None


def _plain(value: Any) -> Any:
    """A value as JSON has it."""
    return json.loads(json.dumps(value, default=str))


def _fingerprint(asked: Mapping[str, Any], opened: Sequence[Opened]) -> str:
    """SHA-256 of all that a result depends on; of artefacts the content counts, and not the place."""
    inputs = [(each.role, each.path.name if each.role == FILES else "", each.content) for each in opened]
    return hashlib.sha256(json.dumps([asked, inputs], sort_keys=True).encode()).hexdigest()


def _skip_if_made(out: Path, asked: Mapping[str, Any], passes: Mapping[str, Any], inputs: Inputs) -> None:
    """End the stage where its artefact is there, whole and unchanged.

    Raises:
        UpToDate: it is.
    """
    hasher = Hasher(remember=True)
    try:
        made = read_manifest(out)
        if reason := _difference(made, asked):
            _made_again(out, reason)
            return
        opened = open_inputs(inputs, hasher)
        if made.fingerprint != _fingerprint({**asked, "passing": passes}, opened):
            changed = sorted({each.content for each in opened}) != sorted(set(made.inputs.values()))
            _made_again(out, "the inputs are not the same" if changed else "libraries or limits have changed")
            return
        check(out, hasher)
    except (PipelineError, OSError) as error:
        # What is wrong with the inputs is said when they are opened to be read.
        if manifest_path(out).exists():
            _made_again(out, str(error))
        return
    hasher.save()
    commit.discard(making(out))
    raise UpToDate(asked["stage"], out)


def _difference(made: Manifest, asked: Mapping[str, Any]) -> str:
    """Why an artefact is not what is asked for, as far as its manifest alone says it; empty if nothing is."""
    reasons = {
        "the last attempt failed": bool(made.failure),
        "the code has changed": made.code != asked["code"],
        "the settings are not the same": made.configuration != asked["configuration"],
        "the options are not the same": made.options != asked["options"],
    }
    return ", ".join(reason for reason, holds in reasons.items() if holds)


def _made_again(out: Path, reason: str) -> None:
    _LOG.info("%s is made again: %s", out, reason)


def _prepare(
    out: Path, stage: str, fingerprint: str, folder: bool, names: Sequence[str], opened: Sequence[Opened]
) -> Workspace:
    """An empty place for what is made, and the work of an interrupted run of the same, if there is some."""
    place = making(out)
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
    """Remove what a stage that failed had begun; its work stays, and a commit that has to be carried through."""
    place = making(out)
    if commit.pending(out):
        return
    remove(place / "new")
    remove(place / "old")
    if not any((place / "work").iterdir()):
        commit.discard(place)


def _commit(out: Path, names: Sequence[str], description: Mapping[str, Any], failure: str) -> None:
    """Hash what was made, and give it its names."""
    new = making(out) / "new"
    made = {name: (new / name).exists() for name in (out.name, *names)}
    if not failure and not all(made.values()):
        absent = next(name for name, there in made.items() if not there)
        raise RuntimeError(f"the stage `{description['stage']}` did not write {absent}")
    path = new / out.name
    if path.is_dir():
        outputs = {name: sha256(path / name) for name in files_in(path)}
    else:
        outputs = {out.name: sha256(path)} if made[out.name] else {}
    manifest = Manifest(
        **description,
        outputs=outputs,
        companions={name: sha256(new / name) for name in names if made[name]},
        failure=failure,
    )
    name = f"{out.name}{SUFFIX}"
    write_json(new / name, asdict(manifest))
    interruption.check()
    # What was made with the old one and is not made any more would look as if it were of the new one.
    before = _listed(out, str(description["stage"])) or {}
    gone = {each: False for each in before if each not in made and Path(each).name == each}
    with interruption.held():
        commit.commit(out, {**made, **gone, name: True})
