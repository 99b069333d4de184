"""The stream of chunks: the same bytes whoever makes them, losses that are counted, runs that go on, flat memory."""

from __future__ import annotations

import errno
import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import awkward as ak
import numpy as np
import pytest
import uproot

from benchmarks.mock import mock_jets, write_mock_file
from data_prep.errors import InputFileError
from data_prep.readers import Reader
from data_prep.readers.layouts.jetclass import JetClassReader
from data_prep.store.jet_images import open_dataset
from data_prep.store.packed_arrays import DamagedBytesError
from data_prep.store.split import SPLITS
from data_prep.streams import chunk_bytes
from data_prep.streams.entry_range import EntryRange, ranges
from data_prep.streams.executors import Executor, Task
from data_prep.streams.executors.dask_cluster import DaskCluster
from data_prep.streams.executors.environment import environment
from data_prep.streams.executors.processes import Processes
from data_prep.streams.executors.serial import Serial
from data_prep.streams.finished_chunks import FinishedChunks
from data_prep.streams.jet_images import JetImages
from data_prep.streams.losses import Loss, Losses, Tolerance
from data_prep.streams.production import ImageTask, make_images
from data_prep.system.machine import FILES, MachineError
from tests.data_prep.images.test_jets import contents, settings

ROOT = Path(__file__).parents[3]
JETS = 300


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Gluon and top jets, 300 each."""
    folder = tmp_path_factory.mktemp("root")
    for name in ("g", "t"):
        write_mock_file(folder / f"{name}.root", mock_jets(name, JETS, seed=1))
    return [folder / "g.root", folder / "t.root"]


class Shuffled(Serial):
    """Does its tasks in a random order."""

    slots = 4

    def __init__(self, seed: int) -> None:
        super().__init__()
        self._random = random.Random(seed)

    def wait(self) -> tuple[int, Exception | None]:
        self._random.shuffle(self._tasks)
        return super().wait()


def run(
    files: list[Path], out: Path, executor: Executor | None = None, reader: Reader | None = None, **options: Any
) -> tuple[dict[str, Any], dict[str, bytes], list[str]]:
    """Make a dataset: account, bytes of every file (sums too), warnings."""
    configuration = settings(chunk_jets=options.pop("chunk_jets", 70))
    reader = reader or JetClassReader(configuration.options)
    counts = {file: JetClassReader(configuration.options).count(file) for file in files}
    out.mkdir()
    warnings: list[str] = []
    seen: list[int] = []
    cutflow, summary = make_images(
        counts, JetImages.of(reader, configuration), out, seen.append, warnings.append, executor=executor, **options
    )
    assert sum(seen) == sum(counts.values())
    summary.save(out / "summary.npz")
    return cutflow.to_json(), contents(out), warnings


@pytest.fixture(scope="module")
def expected(files: list[Path], tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Account and bytes of a run in this process, a file a chunk."""
    account, content, _ = run(files, tmp_path_factory.mktemp("expected") / "d", chunk_jets=1000)
    return account, content


@pytest.fixture
def scheduler() -> Iterator[str]:
    """The address of a Dask cluster of two processes."""
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, host="127.0.0.1"
    ) as cluster:
        yield cluster.scheduler_address


@pytest.mark.parametrize("chunk_jets", [13, 70, 299, 301])
@pytest.mark.parametrize("seed", [1, 2])
def test_the_order_of_completion_changes_no_byte(
    files: list[Path], tmp_path: Path, expected: Any, chunk_jets: int, seed: int
) -> None:
    assert run(files, tmp_path / "d", Shuffled(seed), chunk_jets=chunk_jets)[:2] == expected


def test_processes_change_no_byte(files: list[Path], tmp_path: Path, expected: Any) -> None:
    with Processes(2) as executor:
        for chunk_jets in (70, 45):
            assert run(files, tmp_path / str(chunk_jets), executor, chunk_jets=chunk_jets)[:2] == expected


def test_a_dask_cluster_changes_no_byte(files: list[Path], tmp_path: Path, expected: Any, scheduler: str) -> None:
    with DaskCluster(scheduler) as executor:
        assert executor.slots == 2
        for chunk_jets in (70, 45):
            assert run(files, tmp_path / str(chunk_jets), executor, chunk_jets=chunk_jets)[:2] == expected


@dataclass(frozen=True)
class BrokenReader:
    """Fails for the entries from 140 of a file, as often as it is told."""

    options: Any
    broken: str
    times: int
    calls: list[int] = field(default_factory=list)
    fault: Exception | None = None

    def count(self, file: Path) -> int:
        return JetClassReader(self.options).count(file)

    def read(self, file: Path, start: int, stop: int) -> Any:
        if file.name == self.broken and start == 140:
            self.calls.append(start)
            if len(self.calls) <= self.times:
                raise self.fault or InputFileError("cannot be read (the disk is tired)", file=file)
        return JetClassReader(self.options).read(file, start, stop)


def test_a_chunk_that_fails_is_tried_again(files: list[Path], tmp_path: Path, expected: Any) -> None:
    reader = BrokenReader(settings().options, "g.root", times=2)
    account, content, warnings = run(files, tmp_path / "d", Shuffled(1), reader)
    assert (account, content) == expected
    assert warnings == []
    assert len(reader.calls) == 3


def test_a_lost_chunk_is_told_and_the_rest_is_kept(files: list[Path], tmp_path: Path) -> None:
    reader = BrokenReader(settings().options, "g.root", times=3)
    account, _, warnings = run(files, tmp_path / "d", None, reader, tolerance=Tolerance(allow_lost=0.12))
    assert account["entries"] == {"read": 530, "lost": 70}
    assert account["read"] == 530 == account["kept"] + account["dropped"]
    reason = "cannot be read (the disk is tired)"
    assert account["lost"] == [{"file": str(files[0]), "start": 140, "stop": 210, "reason": reason}]
    assert warnings == [f"{files[0]}: entries 140-209 lost: {reason}"]
    # what is kept is what remains of the file without the lost jets
    jets = mock_jets("g", JETS, seed=1)
    rest = [*range(140), *range(210, JETS)]
    (tmp_path / "rest").mkdir()
    write_mock_file(tmp_path / "rest" / "g.root", {name: values[rest] for name, values in jets.items()})
    run([tmp_path / "rest" / "g.root", files[1]], tmp_path / "alone")
    for split in SPLITS:
        found, alone = (open_dataset(tmp_path / name).split(split).whole for name in ("d", "alone"))
        for name in ("offsets", "pixel", "value", "label", "weight", "event"):
            np.testing.assert_array_equal(getattr(found, name), getattr(alone, name))
        assert found.places is not None
        assert alone.places is not None
        np.testing.assert_array_equal(found.places.file, alone.places.file)
        of_rest = np.array([*rest, *[0] * 70])[alone.places.entry]
        np.testing.assert_array_equal(found.places.entry, np.where(alone.places.file, alone.places.entry, of_rest))


def test_every_image_knows_its_jet(files: list[Path], tmp_path: Path) -> None:
    """File by number, entry in it: there stand the pT and the label of the row."""
    run(files, tmp_path / "d")
    assert json.loads((tmp_path / "d" / "files.json").read_text()) == ["g.root", "t.root"]
    wanted = {name: mock_jets(name, JETS, seed=1)["jet_pt"] for name in ("g", "t")}
    seen = 0
    for split in open_dataset(tmp_path / "d").splits.values():
        jets = split.whole
        assert jets.places is not None
        assert jets.places.jet.tolist() == [0] * len(jets)
        for row in range(len(jets)):
            name = ("g", "t")[jets.places.file[row]]
            assert jets.features["jet_pt"][row] == wanted[name][jets.places.entry[row]]
            assert jets.label[row] == jets.places.file[row]
            seen += 1
    assert seen > 300


def test_more_losses_than_allowed_are_an_error_that_keeps_what_is_finished(
    files: list[Path], tmp_path: Path, expected: Any
) -> None:
    reader = BrokenReader(settings().options, "g.root", times=3)
    work = tmp_path / "work"
    work.mkdir()
    with pytest.raises(InputFileError, match=r"entries 140-209 lost: .*tired") as error:
        run(files, tmp_path / "d", None, reader, work=work)
    assert error.value.file == str(files[0])
    assert "--allow-lost 0.117" in str(error.value)
    assert len(list(work.iterdir())) == 9
    # the same again, where only the lost chunk is made
    account, content, _ = run(files, tmp_path / "again", None, reader, work=work)
    assert (account, content) == expected
    assert len(reader.calls) == 4


def test_strict_stops_at_the_first_failure(files: list[Path], tmp_path: Path) -> None:
    reader = BrokenReader(settings().options, "g.root", times=9)
    with pytest.raises(InputFileError, match="tired"):
        run(files, tmp_path / "d", None, reader, tolerance=Tolerance(retries=1, strict=True, allow_lost=1))
    assert len(reader.calls) == 2


@pytest.mark.parametrize("lacking", [MachineError(FILES), OSError(errno.EMFILE, "Too many open files")])
def test_what_the_machine_lacks_is_no_loss(files: list[Path], tmp_path: Path, expected: Any, lacking: Any) -> None:
    reader = BrokenReader(settings().options, "g.root", times=3, fault=lacking)
    work = tmp_path / "work"
    work.mkdir()
    with pytest.raises(MachineError, match="no more files"):
        run(files, tmp_path / "d", None, reader, work=work, tolerance=Tolerance(allow_lost=1))
    account, content, _ = run(files, tmp_path / "again", None, reader, work=work)
    assert (account, content) == expected


def test_damage_in_the_middle_of_a_file_loses_its_chunk_alone(files: list[Path], tmp_path: Path) -> None:
    """Baskets of 100 jets, of which the second is overwritten."""
    damaged = tmp_path / "g.root"
    jets = mock_jets("g", JETS, seed=1)
    with uproot.recreate(damaged, compression=uproot.ZLIB(1)) as file:
        tree = file.mktree("tree", _types(jets), counter_name=lambda _: "npart")
        for start in range(0, JETS, 100):
            tree.extend({name: values[start : start + 100] for name, values in jets.items()})
    with uproot.open(damaged) as file:
        at = file["tree"]["part_px"].member("fBasketSeek")[1]
    content = bytearray(damaged.read_bytes())
    content[at + 200 : at + 400] = bytes(200)
    damaged.write_bytes(content)
    tolerance = Tolerance(retries=1, allow_lost=0.5)
    account, _, warnings = run([damaged, files[1]], tmp_path / "d", chunk_jets=100, tolerance=tolerance)
    assert [(each["start"], each["stop"]) for each in account["lost"]] == [(100, 200)]
    assert account["entries"] == {"read": 500, "lost": 100}
    assert len(warnings) == 1


def _types(branches: dict[str, Any]) -> dict[str, Any]:
    return {
        name: ak.type(values).content if isinstance(values, ak.Array) else values.dtype
        for name, values in branches.items()
    }


def test_a_run_goes_on_from_its_finished_chunks(files: list[Path], tmp_path: Path, expected: Any) -> None:
    work = tmp_path / "work"
    work.mkdir()

    class Interrupted(Serial):
        def wait(self) -> tuple[int, Exception | None]:
            if len(list(work.glob("*.chunk"))) == 4:
                raise KeyboardInterrupt
            return super().wait()

    with pytest.raises(KeyboardInterrupt):
        run(files, tmp_path / "d", Interrupted(), work=work)
    finished = sorted(work.iterdir())
    assert len(finished) == 4
    # one of them is spoiled meanwhile
    content = bytearray(finished[0].read_bytes())
    content[-1] ^= 1
    finished[0].write_bytes(content)
    made: list[EntryRange] = []

    class Counting(Serial):
        def submit(self, number: int, task: Task) -> None:
            assert isinstance(task, ImageTask)
            made.append(task.part)
            super().submit(number, task)

    assert run(files, tmp_path / "again", Counting(), work=work)[:2] == expected
    assert len(made) == len(list(ranges(dict.fromkeys(files, JETS), 70))) - 3


def test_chunks_of_other_code_are_not_taken(files: list[Path], tmp_path: Path) -> None:
    images = JetImages.of(JetClassReader(settings().options), settings())
    part = EntryRange(files[0], 0, 50)
    data = ImageTask(images, part, environment())()
    assert chunk_bytes.to_bytes(images.from_bytes(data), environment()) == data
    FinishedChunks(tmp_path, environment()).save(part, data)
    assert FinishedChunks(tmp_path, environment()).load(part) == data
    assert FinishedChunks(tmp_path, environment()).load(EntryRange(files[0], 0, 51)) is None
    assert FinishedChunks(tmp_path, "other").load(part) is None


@pytest.mark.parametrize("place", [0, 20, 41, 45, 300, -1])
def test_changed_bytes_are_noticed(files: list[Path], place: int) -> None:
    images = JetImages.of(JetClassReader(settings().options), settings())
    data = bytearray(ImageTask(images, EntryRange(files[0], 0, 50), environment())())
    data[place] ^= 4
    for bad in (bytes(data), bytes(data[: len(data) // 2]), b""):
        with pytest.raises(DamagedBytesError):
            images.from_bytes(bad)


def test_files_that_cannot_be_counted_count_as_average_ones() -> None:
    losses = Losses(300, 3, [Loss("x.root", None, None, "is empty")])
    assert losses.fraction == 0.25
    losses.check(0.25)
    with pytest.raises(InputFileError, match="x.root: is empty"):
        losses.check(0.2)


MEMORY = """
import json, resource, sys
from pathlib import Path
from data_prep.streams.jet_images import JetImages
from data_prep.streams.production import make_images
from data_prep.images.jets import ImagesSettings
from data_prep.readers.layouts.jetclass import JetClassReader

folder, out, most = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
settings = ImagesSettings.model_validate(json.loads(sys.argv[4]))
reader = JetClassReader(settings.options)
files = {file: reader.count(file) for file in sorted(folder.iterdir())[:most]}
make_images(files, JetImages.of(reader, settings), out, lambda _: None)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def test_memory_does_not_grow_with_the_number_of_jets(tmp_path: Path) -> None:
    """9 and 21 times 10,000 jets: images that stay would be 22 MB more, where 4 MB were seen without.

    Observables go the way of the images, and would take a minute here.
    """
    folder = tmp_path / "files"
    folder.mkdir()
    for name in ("g", "t"):
        write_mock_file(folder / f"0{name}.root", mock_jets(name, 5000, seed=1))
        for copy in range(1, 21):
            os.link(folder / f"0{name}.root", folder / f"{copy}{name}.root")
    configuration = settings(chunk_jets=2500, selection={}, observables=False).model_dump_json()
    peaks = []
    for most in (18, 42):
        out = tmp_path / str(most)
        out.mkdir()
        call = [sys.executable, "-c", MEMORY, str(folder), str(out), str(most), configuration]
        done = subprocess.run(call, capture_output=True, text=True, check=True, cwd=ROOT, timeout=120)
        peaks.append(int(done.stdout) / 1024)
        shutil.rmtree(out)
    assert peaks[1] - peaks[0] < 12, peaks
