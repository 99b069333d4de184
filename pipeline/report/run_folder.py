"""The artefacts of one run, as the report reads them: whole ones only, and a missing one by name."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

from data_prep.errors import InputFileError
from pipeline.artefact import manifest_path
from pipeline.lineage import Manifest, read_manifest

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
    """Something a section shows has not been made; the section says so instead."""


class RunFolder:
    """`build/<run>/`.

    Args:
        path: the folder.

    Raises:
        InputFileError: when there is no such folder.
    """

    def __init__(self, path: Path) -> None:
        if not path.is_dir():
            raise InputFileError("no such run folder", file=path, remedy="make it with `make RUN=…`")
        self.path = path
        self.name = path.absolute().name

    @cached_property
    def manifests(self) -> dict[str, Manifest]:
        """The manifests of all whole artefacts but the report, by artefact name."""
        suffix = ".manifest.json"
        names = sorted(path.name.removesuffix(suffix) for path in self.path.glob(f"*{suffix}"))
        return {
            name: read_manifest(self.path / name)
            for name in names
            if not name.startswith("80_") and (self.path / name).exists()
        }

    @property
    def tasks(self) -> frozenset[str]:
        """What the networks are trained for, or as long as nothing is trained, what the images allow."""
        if "30_model" in self.manifests:
            model = self.manifests["30_model"].configuration.get("model", {})
            task = str(model.get("task", "classification"))
            tagger = (model.get("regression") or {}).get("beside_tagger", False)
            parts = {"panoptic": ("segmentation", "detection"), "regression": ("classification",) * tagger}
            return frozenset({task, *parts.get(task, ())})
        images = self.manifests.get("20_images")
        of_events = images is not None and images.configuration.get("images", {}).get("kind") == "events"
        return frozenset({"segmentation" if of_events else "classification"})

    @property
    def inputs(self) -> list[Path]:
        """The files that stand for all that the report shows."""
        shown = [manifest_path(self.path / name) for name in self.manifests]
        # A comparison that failed or was not run leaves its proof without a manifest.
        return shown + [
            path for name in ("60_csim.json", "60_csim.npz", "65_rtl.json") if (path := self.path / name).exists()
        ]

    def require(self, artefact: str) -> Path:
        """The path of a whole artefact.

        Raises:
            NotMadeError: when it is missing or not whole.
        """
        if artefact in self.manifests:
            return self.path / artefact
        stage = STAGES.get(artefact, artefact)
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
    """While a file of an artefact is taken apart: what does not fit means that it holds something else.

    Raises:
        NotMadeError: naming the file.
    """
    try:
        yield
    except InputFileError as error:
        raise NotMadeError(f"{name}: {error.what}", remedy=error.remedy) from None
    except (OSError, EOFError, BadZipFile, ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        reason = f"{type(error).__name__}: {error}".split("\n")[0][:200]
        raise NotMadeError(f"{name} cannot be read ({reason})", remedy="make it again") from None
