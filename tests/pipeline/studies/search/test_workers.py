"""What becomes of a search whose workers end."""

from __future__ import annotations

from pathlib import Path

import pytest

from data_prep.errors import PipelineError
from data_prep.system.machine import DISK, MachineError
from pipeline.studies.search import workers
from pipeline.studies.search.settings import SearchSettings
from pipeline.studies.search.space import Space
from pipeline.studies.search.workers import Crew, Job


class Ended:
    """A worker that has ended."""

    def __init__(self, code: int, begun: bool) -> None:
        self.code, self.begun = code, begun
        self.pipe = self

    def alive(self) -> bool:
        return False

    def poll(self) -> bool:
        return self.begun

    def end(self) -> tuple[int, str]:
        return self.code, "no more of it\nstd::bad_alloc\n"


@pytest.fixture
def crew(tmp_path: Path) -> Crew:
    settings = SearchSettings.model_validate({"budget": {"trials": 1}, "space": {"model.a": [1]}})
    space = Space.of(settings.space, {"model": {"a": 1}})
    return Crew(Job(settings, space, "", "sqlite://", tmp_path, (10, 60)), 1)


def _ends(crew: Crew, exitcode: int, trials: int, begun: bool = True) -> None:
    crew._processes[0] = Ended(exitcode, begun)  # type: ignore[assignment]
    crew.mend(trials, replace=False)


def test_a_full_disk_is_the_end(crew: Crew, tmp_path: Path) -> None:
    with pytest.raises(MachineError, match="No space left on device") as caught:
        _ends(crew, workers.NO_ROOM, 0)
    assert (caught.value.lack, caught.value.file) == (DISK, str(tmp_path))


@pytest.mark.parametrize("exitcode", [0, workers.INTERRUPTED])
def test_who_ends_as_it_should_is_replaced_for_ever(crew: Crew, exitcode: int) -> None:
    for _ in range(3 * workers.DEATHS):
        _ends(crew, exitcode, 0)


def test_workers_that_die_are_replaced_while_trials_end(crew: Crew) -> None:
    for trials in range(3 * workers.DEATHS):
        _ends(crew, -9, trials)
    for _ in range(workers.DEATHS - 1):
        _ends(crew, -9, 3 * workers.DEATHS)
    with pytest.raises(
        PipelineError,
        match=r"5 workers died one after the other.* signal 9 .*bad_alloc .*--workers",
    ):
        _ends(crew, -9, 3 * workers.DEATHS)


def test_workers_that_die_before_they_begin_are_not_replaced_for_long(crew: Crew) -> None:
    _ends(crew, -6, 0, begun=False)
    with pytest.raises(PipelineError, match="2 workers died"):
        _ends(crew, -6, 0, begun=False)
