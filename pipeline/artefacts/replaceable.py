"""What an output may replace: nothing but an artefact of the same stage, and never an input of it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from data_prep.errors import PipelineError
from data_prep.readers.remote import RemoteFile
from pipeline.artefacts import commit
from pipeline.artefacts.commit import work_folder
from pipeline.artefacts.door import Inputs
from pipeline.artefacts.hashes import files_in
from pipeline.artefacts.manifest import manifest_path

_OTHER_OUT = "give another --out"


def require_replaceable(out: Path, stage: str, companions: Sequence[str] = (), inputs: Inputs | None = None) -> None:
    """Make sure that no file would be lost if this stage made its output here; called with the lock held.

    Args:
        out: the output.
        stage: the stage that would write it.
        companions: names of the files beside it that would be written too.
        inputs: the inputs of the stage.

    Raises:
        PipelineError: a file would be replaced that is not empty and no artefact of this stage, or that is an input.
    """
    out = out.absolute()
    finals = require_possible(out, companions, inputs or {})
    place = work_folder(out)
    if not commit.is_work_folder(place):
        raise PipelineError(
            "is the name of the folder for unfinished work, but is not such a folder", file=place, remedy="move it away"
        )
    if commit.pending(out):
        return
    own_files = artefact_files(out, stage)
    for final in finals:
        files = _files_under(final)
        if not files:
            continue
        if own_files is None:
            reason = f"exists already and was not made by `{stage}`"
            raise PipelineError(reason, file=final, remedy=f"{_OTHER_OUT}, or move it away")
        for name in files:
            if name not in own_files.get(final.name, ()):
                path = final / name if final.is_dir() else final
                reason = f"was not made by `{stage}` and would be lost"
                raise PipelineError(reason, file=path, remedy=f"move it away, or {_OTHER_OUT}")


def require_possible(out: Path, companions: Sequence[str], inputs: Inputs) -> list[Path]:
    """The paths that would be written, if they can be those of a result; independent of what other processes do."""
    if out.name in ("", ".."):
        raise PipelineError("cannot be the name of a result", file=out, remedy=_OTHER_OUT)
    if Path.cwd().is_relative_to(out.resolve()):
        raise PipelineError("is the current folder, or contains it", file=out, remedy=_OTHER_OUT)
    finals = [out, *(out.with_name(name) for name in companions)]
    for final in finals:
        if final.is_symlink():
            raise PipelineError(
                f"is a link to {final.readlink()}", file=final, remedy="give the target of the link as --out"
            )
        for path in _local(inputs):
            if path.resolve().is_relative_to(final.resolve()):
                raise PipelineError("would overwrite its own input", file=final, remedy=_OTHER_OUT)
    return finals


def _local(inputs: Inputs) -> Iterator[Path]:
    for given_paths in inputs.values():
        paths = [] if given_paths is None else [given_paths] if isinstance(given_paths, Path) else given_paths
        yield from (path for path in paths if not isinstance(path, RemoteFile))


def _files_under(final: Path) -> list[str]:
    """The files in a folder, or a file by its name; empty where there is none or an empty one."""
    if final.is_dir():
        return files_in(final)
    return [final.name] if final.exists() and final.stat().st_size else []


def artefact_files(out: Path, stage: str) -> dict[str, set[str]] | None:
    """The files of an artefact of this stage by the name of artefact and companions; None where it is not of it."""
    path = manifest_path(out)
    if not path.exists():
        return None
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["stage"] != stage:
            return None
        return {out.name: set(content["outputs"])} | {name: {name} for name in content["companions"]}
    except (OSError, ValueError, KeyError, TypeError):
        raise PipelineError("cannot be read", file=path, remedy="remove it and its artefact") from None
