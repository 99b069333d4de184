"""ROOT to images, jets/s on one core, beside the floor and the alternatives, in one run.

    python -m benchmarks.images                      # mock jets, seeded
    python -m benchmarks.images build/demo/10_root   # your files

Every line starts from the same ROOT files. The floor only reads the branches that the stage reads. The loop is numpy,
jet by jet around `np.histogram2d`, with the steps of the stage (centre, roll, flip, fill, normalise), and once more
without roll and flip. EnergyFlow's `pixelate` centres, fills and normalises. The stage computes the jet masses too. The
slow ways take their constituents from our reader, so that the images alone are compared. Times are CPU time of the
process (all its threads together), the best of some repetitions; only the ratios matter. The speed of reading
depends mostly on the compression: zlib, uproot's default, costs more than everything else together.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.mock import CLASSES, mock_jets, write_mock_file
from data_prep.images.jets import ImagesSettings, images_of, select
from data_prep.images.kernel import pixelise
from data_prep.jets.chunk import STORED_FEATURES, JetChunk
from data_prep.readers import chunks, root
from data_prep.readers.files import input_files
from data_prep.readers.layouts.jetclass import AXIS, EVENT, TREE, JetClassReader
from data_prep.steps.program import Program
from data_prep.streams.cutflow import Fate
from data_prep.streams.jet_images import JetImages
from data_prep.streams.production import make_images
from pipeline.configuration import load

CONFIGURATION = Path(__file__).parents[1] / "configs" / "demo" / "images.yaml"
STEPS = [{"step": "centre"}, {"step": "roll"}, {"step": "flip"}, {"step": "normalise", "norm": "l1"}]
LOOP_JETS = 3000
"""The slow ways are timed on so many jets."""


def main() -> None:
    """Parse the arguments, run everything, print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("inputs", nargs="*", help="JetClass files, folders or patterns (default: mock jets)")
    parser.add_argument("--jets", type=int, default=20_000, help="mock jets a class")
    compressions = ("lz4", "zlib", "zstd")
    parser.add_argument("--compression", choices=compressions, default="lz4", help="of the mock files")
    parser.add_argument("--pixels", type=int, default=32, help="pixels along each side")
    parser.add_argument("--repeat", type=int, default=3, help="repetitions, the best counts")
    options = parser.parse_args()
    settings = load(CONFIGURATION, ImagesSettings)
    grid = settings.grid.model_copy(update={"pixels": options.pixels})
    settings = ImagesSettings.model_validate(settings.model_dump() | {"grid": grid.model_dump(), "steps": STEPS})
    with tempfile.TemporaryDirectory() as folder:
        files = (
            input_files(options.inputs)
            if options.inputs
            else mock_files(Path(folder), options.jets, options.compression)
        )
        report(files, settings, options.repeat)


def mock_files(folder: Path, jets: int, compression: str) -> list[Path]:
    """One file of mock jets a class of the demo."""
    names = [name for name in CLASSES if name != "h"]
    for name in names:
        write_mock_file(folder / f"{name}.root", mock_jets(name, jets, seed=1), compression)
    return sorted(folder.iterdir())


def report(files: list[Path], settings: ImagesSettings, repeat: int) -> None:
    """Time everything and print jets/s and ratios."""
    reader = JetClassReader(settings.options)
    counts = {file: reader.count(file) for file in files}
    jets = sum(counts.values())
    sample = reader.read(files[0], 0, min(LOOP_JETS, counts[files[0]]))
    agree(sample, settings)

    def floor() -> None:
        for file in files:
            with root.open_tree(file, TREE) as tree:
                branches = (*reader.required, *STORED_FEATURES, EVENT, *AXIS)
                for start in range(0, counts[file], settings.chunk_jets):
                    root.read(tree, file, branches, start, min(start + settings.chunk_jets, counts[file]))

    def stage() -> None:
        for file in files:
            for chunk in chunks(reader, file, settings.chunk_jets):
                images_of(chunk, settings)

    def dataset() -> None:
        with tempfile.TemporaryDirectory() as folder:
            make_images(counts, JetImages.of(reader, settings), Path(folder), lambda _: None)

    read = best(lambda: [None for file in files for _ in chunks(reader, file, settings.chunk_jets)], repeat) / jets
    loop = read + best(lambda: list(loop_images(sample, settings, roll_and_flip=True)), repeat) / sample.jets
    seconds = {
        "read the branches alone (floor)": best(floor, repeat) / jets,
        "ROOT -> images": best(stage, repeat) / jets,
        "ROOT -> Parquet dataset": best(dataset, repeat) / jets,
        "ROOT -> loop, the same steps": loop,
        "ROOT -> loop, centre and fill only": read
        + best(lambda: list(loop_images(sample, settings, roll_and_flip=False)), repeat) / sample.jets,
        "ROOT -> EnergyFlow pixelate": read
        + best(lambda: list(energyflow_images(sample, settings)), repeat) / sample.jets,
        "(constituents -> images, no reading)": best(lambda: images_of(sample, settings), repeat) / sample.jets,
    }
    constituents = sample.offsets[-1] / sample.jets
    side = settings.grid.pixels
    print(f"{jets:,} jets in {len(files)} files, {constituents:.0f} constituents a jet, {side} x {side} pixels\n")
    ours = seconds["ROOT -> images"]
    print(f"{'':36} {'jets/s':>10}   this / ROOT -> images")
    for name, cost in seconds.items():
        print(f"{name:36} {1 / cost:>10,.0f}   {ours / cost:.3f}")
    print(f"\nROOT -> images: {loop / ours:.0f} x the loop (goal 20), ", end="")
    print(f"{seconds['read the branches alone (floor)'] / ours:.2f} of the floor (goal 0.33)")


def best(work: Callable[[], Any], repeat: int) -> float:
    """CPU seconds of the fastest of some repetitions, after one that compiles."""
    work()
    times = []
    for _ in range(repeat):
        root.close()  # what a reader keeps of the last file must not help the next repetition
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return min(times)


def centred(chunk: JetChunk) -> Iterator[tuple[npt.NDArray[np.float32], ...]]:
    """pT, Δη, Δφ jet by jet."""
    for jet in range(chunk.jets):
        part = slice(chunk.offsets[jet], chunk.offsets[jet + 1])
        phi = chunk.phi[part] - chunk.jet_phi[jet]
        yield chunk.pt[part], chunk.eta[part] - chunk.jet_eta[jet], (phi + np.pi) % (2 * np.pi) - np.pi


def loop_images(chunk: JetChunk, settings: ImagesSettings, *, roll_and_flip: bool) -> Iterator[npt.NDArray[np.float64]]:
    """The loop that everybody writes first."""
    edges = settings.grid.edges()
    for pt, eta, phi in centred(chunk):
        if roll_and_flip:
            pt, eta, phi = rolled_and_flipped(pt, eta, phi)
        image = np.histogram2d(eta, phi, bins=[edges, edges], weights=pt)[0]
        yield image / image.sum()


def rolled_and_flipped(
    pt: npt.NDArray[Any], eta: npt.NDArray[Any], phi: npt.NDArray[Any]
) -> tuple[npt.NDArray[Any], npt.NDArray[Any], npt.NDArray[Any]]:
    """The steps `roll` and `flip` for one jet in numpy."""
    x, y, z = pt * np.cos(phi), pt * np.sin(phi), pt * np.sinh(eta)
    weight = 1 / np.sqrt(x * x + y * y + z * z)
    angle = np.arctan2(2 * (weight * y * z).sum(), (weight * (z * z - y * y)).sum()) / 2
    y, z = np.cos(angle) * y - np.sin(angle) * z, np.sin(angle) * y + np.cos(angle) * z
    pt = np.hypot(x, y)
    eta, phi = np.arcsinh(z / pt), np.arctan2(y, x)
    up, right = (pt * np.sign(eta)).sum(), (pt * np.sign(phi)).sum()
    return pt, -eta if up < 0 else eta, -phi if right < 0 else phi


def energyflow_images(chunk: JetChunk, settings: ImagesSettings) -> Iterator[Any]:
    """Images by EnergyFlow (arXiv:1612.01551 preprocessing: it centres on the pT-weighted centroid)."""
    with redirect_stdout(StringIO()):  # it greets
        from energyflow.utils import pixelate
    side, width = settings.grid.pixels, 2 * settings.grid.half_width
    # it does not know that φ is periodic, so it is given differences
    for pt, eta, phi in centred(chunk):
        yield pixelate(np.stack([pt, eta, phi], axis=1), npix=side, img_width=width, nb_chan=1, norm=True)


def agree(chunk: JetChunk, settings: ImagesSettings) -> None:
    """Check that kernel and loop make the same images."""
    images = pixelise(chunk, select(chunk, settings.selection), settings.grid, Program.of(settings.steps))
    different = image = 0
    for fate, expected in zip(images.fate, loop_images(chunk, settings, roll_and_flip=True), strict=True):
        if fate == Fate.KEPT:
            dense = np.zeros(expected.size)
            part = slice(images.offsets[image], images.offsets[image + 1])
            dense[images.pixel[part]] = images.value[part]
            different += bool(np.abs(dense - expected.ravel()).max() > 1e-4)
            image += 1
    # float32 puts a constituent on a border into the neighbouring pixel now and then
    if different > 0.01 * image:
        raise SystemExit(f"{different} of {image} images differ from the loop's")
    print(f"images equal to the loop's: {image - different:,} of {image:,} (float32 moves constituents on a border)")


if __name__ == "__main__":
    main()
