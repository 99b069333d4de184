"""Random numbers of a run: every file has its own seeds, which are numbered and not drawn at random.

Pythia takes seeds from 1 to 900 million. Drawn at random from so few, two of 100,000 files would share one almost
surely (the birthday problem); two files with one seed and the same process are the same events.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np

PYTHIA_SEEDS = 900_000_000
"""Pythia takes seeds from 1 to this number."""
FILES_MAX = 100_000
"""Files of one class in a run."""
_CODES = 10
"""Classes have codes from 1 to 9 (`processes.py`)."""
_STRIDE = 556_230_589
"""PYTHIA_SEEDS over the golden ratio, and coprime to it: runs with nearby seeds get distant blocks of Pythia seeds."""


class Purpose(IntEnum):
    """The use of the random numbers of a class and a file."""

    EVENTS = 0
    PILEUP = 1
    PILOT = 2


BLOCK = len(Purpose) * _CODES * FILES_MAX
"""Seeds of one run."""


def pythia_seed(run_seed: int, purpose: Purpose, code: int, index: int) -> int:
    """Pythia's seed of a file, from 1 to 900 million; no two files of a run share one.

    Runs whose seeds differ by 100 or less share none either, whatever their files.

    Args:
        run_seed: of the configuration.
        purpose: of the events.
        code: of the class, from 1 to 9.
        index: of the file within the class, below `FILES_MAX`.

    >>> pythia_seed(0, Purpose.EVENTS, 1, 7), pythia_seed(0, Purpose.PILEUP, 1, 7)
    (100008, 1100008)
    """
    if not (0 <= index < FILES_MAX and 0 < code < _CODES):
        raise ValueError(f"there is no seed for file {index} of class {code}")
    return (run_seed * _STRIDE + (purpose * _CODES + code) * FILES_MAX + index) % PYTHIA_SEEDS + 1


def detector_random(run_seed: int, purpose: Purpose, code: int, index: int) -> np.random.Generator:
    """The random numbers of a file's detector: independent streams of numpy's SeedSequence."""
    return np.random.default_rng(np.random.SeedSequence(run_seed, spawn_key=(purpose, code, index)))
