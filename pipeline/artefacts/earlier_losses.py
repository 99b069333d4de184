"""What a dataset lost when it was made, where it is found unchanged."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from data_prep.errors import InputFileError
from pipeline import console
from pipeline.artefacts.artefact import UpToDate


@contextmanager
def losses_allowed(out: Path, allowed: float | None) -> Iterator[None]:
    """Judge a dataset that is unchanged as it would be judged if it were made again.

    Args:
        out: the dataset.
        allowed: fraction of the entries that may be lost; none where the work is continued unchanged.

    Raises:
        InputFileError: it lost more.
        UpToDate: as raised within.
    """
    try:
        yield
    except UpToDate:
        entries = json.loads((out / "cutflow.json").read_text(encoding="utf-8"))["entries"]
        fraction = entries["lost"] / max(entries["lost"] + entries["read"], 1)
        told = f"lost {fraction:.2%} of the entries when it was made, see its cutflow.json"
        if fraction and allowed is None:
            console.warn(f"{out}: {told}")
        elif fraction > (allowed or 0):
            raise InputFileError(
                told, file=out, remedy="mend the files it names, or allow it by --allow-lost"
            ) from None
        raise
