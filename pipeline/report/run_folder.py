"""The artefacts of one run for the report: only whole ones are read, and missing ones are named."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

from data_prep.errors import InputFileError, PipelineError
from models import registries
from pipeline.artefacts.door import check
from pipeline.artefacts.hashes import Hasher
from pipeline.artefacts.manifest import SUFFIX, Manifest, is_manifest, read_manifest

STAGES = {
    "10_root": "generate",
    "20_images": "images",
    "30_model": "train",
    "40_lowered": "lower",
    "50_hls": "convert",
    "60_csim.json": "csim",
    "65_rtl": "rtl",
    "70_export": "export",
}
"""The stage that makes each artefact."""


class NotMadeError(InputFileError):
    """An artefact that a section needs has not been made; the section then says so."""


class RunFolder:
    """`build/<run>/`.

    Args:
        path: the folder.
        remember: whether to accept stored hashes of unchanged files.

    Raises:
        InputFileError: when there is no such folder.
    """

    def __init__(self, path: Path, *, remember: bool = False) -> None:
        if not path.is_dir():
            raise InputFileError("no such run folder", file=path, remedy="make it with `make RUN=…`")
        self.path, self._remember = path, remember
        self.name = path.absolute().name

    @cached_property
    def _checked(self) -> tuple[dict[str, Manifest], dict[str, str]]:
        """The manifests of whole artefacts, and the faults of the others, by artefact name."""
        hasher = Hasher(remember=self._remember)
        whole: dict[str, Manifest] = {}
        damaged: dict[str, str] = {}
        for path in sorted(self.path.glob(f"*{SUFFIX}")):
            artefact = path.with_name(path.name.removesuffix(SUFFIX))
            if artefact.name.startswith("80_") or not is_manifest(path):
                continue
            try:
                failed = bool(read_manifest(artefact).failure)
            except InputFileError:
                damaged[artefact.name] = "has a manifest that cannot be read"
                continue
            try:
                if not failed:
                    whole[artefact.name] = check(artefact, hasher)
            except PipelineError as error:
                damaged[artefact.name] = error.problem
        return whole, damaged

    @property
    def manifests(self) -> dict[str, Manifest]:
        """The manifests of all whole artefacts except the report, by artefact name."""
        return self._checked[0]

    @property
    def damaged(self) -> dict[str, str]:
        """The faults of artefacts that differ from their manifests, by artefact name."""
        return self._checked[1]

    @property
    def tasks(self) -> frozenset[str]:
        """The tasks of the trained networks; before the training the task that the images are for."""
        if "30_model" in self.manifests:
            model = self.manifests["30_model"].configuration.get("model", {})
            task = str(model.get("task", "classification"))
            return frozenset({task, *registries.task(task).also(model)})
        images = self.manifests.get("20_images")
        of_events = images is not None and images.configuration.get("images", {}).get("kind") == "events"
        return frozenset({"segmentation" if of_events else "classification"})

    @property
    def inputs(self) -> list[Path]:
        """The manifests of all artefacts in the report."""
        return [
            path
            for path in sorted(self.path.glob(f"*{SUFFIX}"))
            if not path.name.startswith("80_") and is_manifest(path)
        ]

    @property
    def emulated(self) -> Path | None:
        """The emulated outputs of the test set; None if the comparison was run without it."""
        name = "60_csim.npz"
        proof = self.manifests.get("60_csim.json")
        return self.path / name if proof is not None and name in proof.companions else None

    def require(self, artefact: str) -> Path:
        """The path of a whole artefact.

        Raises:
            NotMadeError: when it is missing or not whole.
        """
        if artefact in self.manifests:
            return self.path / artefact
        stage = STAGES.get(artefact, artefact)
        if artefact in self.damaged:
            raise NotMadeError(f"{artefact} {self.damaged[artefact]}", remedy=f"make it again with `make {stage}`")
        state = "is not whole" if (self.path / artefact).exists() else "has not been made"
        raise NotMadeError(f"{artefact} {state}", remedy=f"make it with `make {stage}`")

    def json(self, artefact: str, file: str) -> Any:
        """The content of a JSON file in an artefact.

        Raises:
            NotMadeError: when the artefact is not whole, the file is missing or no JSON.
        """
        path = self.require(artefact) / file
        with reading(f"{artefact}/{file}"):
            return json.loads(path.read_text(encoding="utf-8"))


@contextmanager
def reading(name: str) -> Iterator[None]:
    """Turn errors while a file of an artefact is parsed into one that names the file.

    Raises:
        NotMadeError: the file cannot be read or has another content.
    """
    try:
        yield
    except InputFileError as error:
        raise NotMadeError(f"{name}: {error.problem}", remedy=error.remedy) from None
    except (OSError, EOFError, BadZipFile, ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        reason = f"{type(error).__name__}: {error}".split("\n")[0][:200]
        raise NotMadeError(f"{name} cannot be read ({reason})", remedy="make it again") from None
