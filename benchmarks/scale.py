"""Images from many files: the speed-up of a second process, and memory against the number of jets, in one run.

    python -m benchmarks.scale                                  # mock jets, seeded; 10,000 to 1,000,000
    python -m benchmarks.scale --input build/demo/10_root       # your files, repeated
    python -m benchmarks.scale --jets 10000 100000 10000000

The files are repeated by symbolic links until there are enough jets, and read from the page cache. Every line is a
process of its own that runs the stage's stream (ROOT to Parquet with finished chunks kept, no plots; compiled and
started beforehand), with one worker and with two. If the machine is in use by others, the speed-up in wall-clock time
means little, so the speed-up in CPU time is given too: CPU time with one worker, over the larger of that of the busiest
process and that of all processes shared by the cores, which is what the cores alone would take. Memory is the peak
resident set of the main process, and of its largest worker.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import awkward as ak
import numpy as np

from benchmarks.mock import CLASSES, mock_jets, write_mock_file
from data_prep.images.jets import ImagesSettings
from data_prep.readers.detect import reader_of
from data_prep.readers.files import input_files
from data_prep.streams.executors import Executor
from data_prep.streams.executors.processes import Processes
from data_prep.streams.executors.serial import Serial
from data_prep.streams.jet_images import JetImages
from data_prep.streams.production import make_images
from data_prep.system.processors import cores
from pipeline.configuration import load

CONFIGURATION = Path(__file__).parents[1] / "configs" / "demo" / "images.yaml"
FILE_JETS = 10_000
"""Mock jets a file."""
WARM_JETS = 5000
"""Jets that every worker's code is compiled with."""


def main() -> None:
    """Parse the arguments, run everything, print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--input", nargs="*", help="files to repeat (default: mock jets)")
    parser.add_argument("--jets", type=int, nargs="*", default=[10_000, 100_000, 1_000_000], help="numbers of jets")
    parser.add_argument("--workers", type=int, nargs="*", default=[1, 2], help="numbers of workers")
    parser.add_argument("--one", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(one(Path(options.one[0]), int(options.one[1]), Path(options.one[2]))))
        return
    with tempfile.TemporaryDirectory() as folder:
        report(Path(folder), options.input, options.jets, options.workers)


def report(folder: Path, given: list[str] | None, jets: list[int], workers: list[int]) -> None:
    """Run every case and print its line."""
    files = input_files(given) if given else mock_files(folder / "mock")
    settings = load(CONFIGURATION, ImagesSettings)
    counts = reader_of(files, settings.options, settings.layout)[1]
    used = cores()
    print(f"{len(files)} files of {sum(counts.values()):,} jets, repeated; {used} cores\n")
    head = ("jets", "workers", "wall s", "jets/s", "CPU s", "x wall", "x CPU", "MB main", "MB worker", "load")
    print("".join(f"{name:>11}" for name in head))
    for number in jets:
        links = repeat(folder / f"{number}", counts, number)
        reference: dict[str, float] | None = None
        for count in workers:
            out = folder / f"out-{number}-{count}"
            call = [sys.executable, "-m", "benchmarks.scale", "--one", str(links), str(count), str(out)]
            done = subprocess.run(call, check=True, capture_output=True, text=True, cwd=CONFIGURATION.parents[2])
            measured = json.loads(done.stdout)
            reference = reference or measured
            row = (
                f"{measured['jets']:,}",
                count,
                f"{measured['wall']:.1f}",
                f"{measured['jets'] / measured['wall']:,.0f}",
                f"{measured['cpu']:.1f}",
                f"{reference['wall'] / measured['wall']:.2f}",
                f"{reference['cpu'] / max(measured['busiest'], measured['cpu'] / used):.2f}",
                f"{measured['main']:.0f}",
                f"{measured['worker']:.0f}",
                f"{os.getloadavg()[0]:.1f}",
            )
            print("".join(f"{value:>11}" for value in row), flush=True)


def mock_files(folder: Path) -> list[Path]:
    """A file with mock jets of all classes of the demo, mixed, compressed by zlib, as uproot does."""
    folder.mkdir()
    parts = [mock_jets(name, FILE_JETS // 5, seed=1) for name in CLASSES if name != "h"]
    order = np.random.default_rng(1).permutation(FILE_JETS)
    mixed = {name: ak.concatenate([part[name] for part in parts])[order] for name in parts[0]}
    flat = {name: ak.to_numpy(values) if values.ndim == 1 else values for name, values in mixed.items()}
    write_mock_file(folder / "mock.root", flat, "zlib")
    return [folder / "mock.root"]


def repeat(folder: Path, counts: dict[Path, int], jets: int) -> Path:
    """A folder with links to the files, in turn, until there are so many jets."""
    folder.mkdir()
    total = number = 0
    while total < jets:
        for file, entries in counts.items():
            (folder / f"{number:06d}.root").symlink_to(file.absolute())
            number, total = number + 1, total + entries
            if total >= jets:
                break
    return folder


def one(folder: Path, workers: int, out: Path) -> dict[str, float]:
    """One case, in a process of its own; the processes are started beforehand, as they are once a run."""
    settings = load(CONFIGURATION, ImagesSettings)
    files = sorted(folder.iterdir())
    reader, _, _ = reader_of(files[:1], settings.options, settings.layout)
    counts = {file: reader.count(file) for file in files}
    executor: Executor = Serial() if workers == 1 else Processes(workers)
    with executor, tempfile.TemporaryDirectory() as work:
        # compiles, and starts the processes
        out.mkdir()
        (out / "warm").mkdir()
        little = settings.model_copy(update={"chunk_jets": 500})
        make_images(
            {files[0]: WARM_JETS}, JetImages.of(reader, little), out / "warm", lambda _: None, executor=executor
        )
        (out / "d").mkdir()
        before, start = cpu(executor), time.perf_counter()
        images = JetImages.of(reader, settings)
        make_images(counts, images, out / "d", lambda _: None, executor=executor, work=Path(work))
        wall = time.perf_counter() - start
        spent = [after - then for after, then in zip(cpu(executor), before, strict=True)]
        memory = [peak(process) for process in pids(executor)]
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {
        "jets": sum(counts.values()),
        "wall": wall,
        "cpu": sum(spent),
        "busiest": max(spent),
        "main": own,
        "worker": max(memory, default=0.0),
    }


def pids(executor: Executor) -> list[int]:
    """The worker processes."""
    if not isinstance(executor, Processes):
        return []
    return [server.worker.pid for server in executor._workers]


def cpu(executor: Executor) -> list[float]:
    """CPU seconds of this process and of each worker, all their threads together."""
    ticks = os.sysconf("SC_CLK_TCK")
    seconds = [time.process_time()]
    for pid in pids(executor):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        seconds.append((int(fields[11]) + int(fields[12])) / ticks)
    return seconds


def peak(pid: int) -> float:
    """The peak resident set of a process, MB."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


if __name__ == "__main__":
    main()
