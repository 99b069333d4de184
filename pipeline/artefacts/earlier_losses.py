"""The lost entries of an unchanged dataset, which are judged as if it were made again."""

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
    """Raise the error or write the warning for an unchanged dataset that making it again would.

    Args:
        out: the dataset.
        allowed: fraction of the entries that may be lost; None only warns.

    Raises:
        InputFileError: more entries were lost.
        UpToDate: as raised within.
    """
    try:
        yield
    except UpToDate:
        entries = json.loads((out / "cutflow.json").read_text(encoding="utf-8"))["entries"]
        fraction = entries["lost"] / max(entries["lost"] + entries["read"], 1)
        reason = f"lost {fraction:.2%} of the entries when it was made, see its cutflow.json"
        if fraction and allowed is None:
            console.warn(f"{out}: {reason}")
        elif fraction > (allowed or 0):
            raise InputFileError(
                reason, file=out, remedy="repair the files it names, or allow the loss with --allow-lost"
            ) from None
        raise
