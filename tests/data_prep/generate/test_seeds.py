"""Seeds: no two files of a run share one, whatever its size; those of other runs lie elsewhere."""

from __future__ import annotations

import numpy as np
import pytest

from data_prep.generate.processes import MINIMUM_BIAS, PROCESSES
from data_prep.generate.seeds import BLOCK, FILES_MAX, PYTHIA_SEEDS, Purpose, detector_random, pythia_seed

CODES = [MINIMUM_BIAS.code, *(process.code for process in PROCESSES.values())]


@pytest.mark.parametrize("run", [0, 5, 2**63 - 1])
def test_no_two_files_of_a_run_share_a_seed_of_pythia(run: int) -> None:
    """All files of all classes of the largest run: of 2.4 million numbers drawn, 3,200 pairs would be equal."""
    seeds = np.array(
        [
            (pythia_seed(run, purpose, code, 0) - 1 + np.arange(FILES_MAX)) % PYTHIA_SEEDS + 1
            for purpose in Purpose
            for code in CODES
        ]
    )
    for index in (0, 1, FILES_MAX - 1):  # files are counted off
        assert seeds[-1, index] == pythia_seed(run, Purpose.PILOT, CODES[-1], index)
    assert np.unique(seeds).size == seeds.size == 24 * FILES_MAX
    assert seeds.min() >= 1
    assert seeds.max() <= 900_000_000  # Pythia 8.3 manual, "Random-Number Seed"


def test_runs_whose_seeds_are_near_share_none() -> None:
    bases = np.array([pythia_seed(run, Purpose.EVENTS, 1, 0) for run in range(101)])
    apart = np.abs(bases[:, None] - bases[None])
    apart = np.minimum(apart, PYTHIA_SEEDS - apart) + BLOCK * np.eye(101, dtype=np.int64)
    assert apart.min() >= BLOCK


def test_detectors_have_streams_of_their_own() -> None:
    places = [
        (run, purpose, code, index) for run in (1, 2) for purpose in Purpose for code in (1, 2) for index in (0, 1)
    ]
    drawn = {float(detector_random(*place).random()) for place in places}
    assert len(drawn) == len(places)
    assert detector_random(*places[3]).random() == detector_random(*places[3]).random()


@pytest.mark.parametrize(("code", "index"), [(1, FILES_MAX), (1, -1), (0, 0), (10, 0)])
def test_what_has_no_seed_is_refused(code: int, index: int) -> None:
    with pytest.raises(ValueError, match="there is no seed"):
        pythia_seed(1, Purpose.EVENTS, code, index)
