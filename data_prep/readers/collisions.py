"""The generated resonances of a weighted sample, from the TTree `collisions` that `generate` writes beside the jets."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from data_prep.readers import root
from data_prep.readers.file_kinds import container

TREE = "collisions"
"""The tree of all events, including those without a jet."""
UNCONTAINED = "aux_uncontained"
"""Branch of the jets that is 1 for those of a signal event that contain no resonance."""
_NUMBERS = tuple(f"resonance_{name}" for name in ("pid", "pt", "eta", "phi"))


@dataclass(frozen=True)
class GeneratedResonances:
    """Generated resonances, whether a jet contains them or not.

    Attributes:
        event: identifier of the event, uint64 [resonances].
        weight: cross section that the event stands for (pb), [resonances].
        pid: |PDG id|, [resonances].
        pt, eta, phi: GeV and radians, [resonances].
    """

    event: npt.NDArray[np.uint64]
    weight: npt.NDArray[np.float64]
    pid: npt.NDArray[np.int64]
    pt: npt.NDArray[np.float64]
    eta: npt.NDArray[np.float64]
    phi: npt.NDArray[np.float64]


def has_resonances(file: Path, jets: str = "tree") -> bool:
    """Whether a file lists all generated resonances, and the jets that contain none.

    Args:
        file: the file.
        jets: the tree of its jets.

    Raises:
        InputFileError: it cannot be read.
    """
    if container(file) != "root":
        return False
    trees = root.trees(file)
    collisions, tree = trees.get(TREE), trees.get(jets)
    return collisions is not None and tree is not None and {*_NUMBERS} <= collisions[1] and UNCONTAINED in tree[1]


def read_resonances(file: Path) -> GeneratedResonances:
    """The generated resonances of a file that lists them.

    Raises:
        InputFileError: it is damaged.
    """
    branches = ("event", "weight", *_NUMBERS)
    with root.open_tree(file, TREE) as tree:
        root.require(tree, file, branches, "of `generate`")
        arrays = root.read(tree, file, branches, 0, int(tree.num_entries))
    lists = [root.jagged(arrays, name, file) for name in _NUMBERS]
    sizes = np.diff(lists[0][0])
    event = root.flat(arrays, "event", file).astype(np.int64).view(np.uint64)
    weight = root.flat(arrays, "weight", file).astype(np.float64)
    pid, *momenta = (numbers for _, numbers in lists)
    pt, eta, phi = (component.astype(np.float64) for component in momenta)
    return GeneratedResonances(np.repeat(event, sizes), np.repeat(weight, sizes), pid.astype(np.int64), pt, eta, phi)
