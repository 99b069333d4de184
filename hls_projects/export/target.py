"""What a target of a bundle is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from hls_projects.export.design import Design

Writer = Callable[[Design, Path], None]
"""Takes the design and the folder of the bundle."""


@dataclass(frozen=True)
class Target:
    """A part of the bundle: `targets/<name>.py` declares it as `TARGET`.

    Attributes:
        place: targets are written in the order of these numbers; a later one may read what an earlier one wrote.
        write: adds its files below the folder of the bundle, or none where the design has nothing for it.
        check: proves what was written and leaves its proof in `proof/`, or raises; runs when all targets are written.
    """

    place: int
    write: Writer
    check: Writer | None = None
