"""The production: exact counts, the same bytes on any number of cores, resuming, ending at once."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import uproot

from data_prep.errors import PipelineError
from data_prep.generate.production import Shard, make_jets, produce, shards
from data_prep.generate.settings import GenerateSettings, JetSettings

ROOT = Path(__file__).parents[3]


def quick(**changes: object) -> GenerateSettings:
    return GenerateSettings.model_validate(
        {"classes": ["w", "g"], "jets_per_class": 50, "shard_size": 30, "multiparton_interactions": False} | changes
    )


def hashes(folder: Path) -> dict[str, str]:
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in sorted(folder.iterdir())}


def test_shards_add_up_and_classes_take_turns() -> None:
    files = shards(quick(jets_per_class=70))
    assert [(shard.name, shard.index, shard.size) for shard in files] == [
        ("w", 0, 30),
        ("g", 0, 30),
        ("w", 1, 30),
        ("g", 1, 30),
        ("w", 2, 10),
        ("g", 2, 10),
    ]
    assert files[3].file == "g_00001.root"


def test_exact_number_of_jets_and_event_identifiers() -> None:
    counted: list[int] = []
    jets, event = make_jets(quick(), Shard("w", 3, 41), counted.append)
    assert len(jets.event) == len(event) == len(jets.pid) == sum(counted) == 41
    assert len(jets.offsets) == 42
    assert jets.offsets[-1] == len(jets.constituents.px)
    assert np.all(event >> 56 == 4)
    assert np.all((event >> 32) & 0xFFFFFF == 3)
    identifiers, times = np.unique(event, return_counts=True)
    assert times.max() == 2  # both W of an event
    assert len(identifiers) > 20


def test_files_do_not_depend_on_the_number_of_processes_and_a_run_resumes(tmp_path: Path) -> None:
    one_process, two_processes = tmp_path / "one", tmp_path / "two"
    one_process.mkdir()
    two_processes.mkdir()
    counted: list[int] = []
    files = produce(quick(), one_process, 1, counted.append)
    assert [file.name for file in files] == ["g_00000.root", "g_00001.root", "w_00000.root", "w_00001.root"]
    assert [uproot.open(file)["tree"].num_entries for file in files] == [30, 20, 30, 20]

    for name in ("w_00000.root", "w_00001.root"):
        (two_processes / name).write_bytes(b"finished before")
    counted = []
    produce(quick(), two_processes, 2, counted.append)
    assert counted[:2] == [30, 20]
    finished = hashlib.sha256(b"finished before").hexdigest()
    assert hashes(two_processes) == hashes(one_process) | dict.fromkeys(("w_00000.root", "w_00001.root"), finished)


def test_impossible_cuts_are_an_error(tmp_path: Path) -> None:
    impossible = quick(classes=["w"], jets=JetSettings(pt=(3000.0, 3100.0)))
    with pytest.raises(PipelineError, match=r"class w: 0 jets in 2000 events .*pt_hat"):
        produce(impossible, tmp_path, 1, lambda _: None)
    assert list(tmp_path.iterdir()) == []


def test_impossible_scattering_is_an_error() -> None:
    settings = quick(pt_hat=(1400.0, 1450.0), collision_energy=2810.0, classes=["t"])
    with pytest.raises(PipelineError, match="Pythia"):
        make_jets(settings, Shard("t", 0, 10), lambda _: None)


INTERRUPTED = """
import sys
from pathlib import Path
from data_prep.generate.production import produce
from data_prep.generate.settings import GenerateSettings

if __name__ == "__main__":
    settings = GenerateSettings(classes=("w",), jets_per_class=100000, shard_size=20, multiparton_interactions=False)
    produce(settings, Path(sys.argv[1]), 2, lambda count: None)
"""


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_an_interrupted_run_leaves_finished_files_and_no_process(tmp_path: Path, how: signal.Signals) -> None:
    """Ctrl-C reaches the whole process group; a killed parent cannot end its workers, they see it for themselves."""
    script, folder = tmp_path / "run.py", tmp_path / "files"
    script.write_text(INTERRUPTED)
    folder.mkdir()
    run = subprocess.Popen(
        [sys.executable, str(script), str(folder)],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stderr=subprocess.PIPE,
        start_new_session=True,
        text=True,
    )
    try:
        limit = time.monotonic() + 60
        while len(list(folder.glob("w_*.root"))) < 2 and time.monotonic() < limit:
            time.sleep(0.05)
        if how is signal.SIGINT:
            os.killpg(run.pid, how)
        else:
            run.kill()
        # The pipe closes when the last process of the session has ended.
        _, stderr = run.communicate(timeout=60)
    finally:
        if run.poll() is None:
            os.killpg(run.pid, signal.SIGKILL)
    assert run.returncode == -how
    if how is signal.SIGINT:
        assert stderr.count("Traceback") == 1  # the parent's own; the workers are silent
        assert "KeyboardInterrupt" in stderr
    finished = sorted(folder.glob("w_*.root"))
    assert len(finished) >= 2
    assert all(uproot.open(file)["tree"].num_entries == 20 for file in finished)
