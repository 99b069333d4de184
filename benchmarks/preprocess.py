"""What each preprocessing step, channel and grid costs, in one run.

    python -m benchmarks.preprocess                      # mock jets, seeded
    python -m benchmarks.preprocess build/demo/10_root   # your files

Every line makes the sparse images of the same jets with another choice of steps. Pixelising alone is the centring on
the jet axis that every image needs, and the pixels. A step is timed on top of that: its cost is the difference.
Times are CPU time of the process, the best of some repetitions that take turns; only the ratios matter.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import TypeAdapter

from benchmarks.mock import CLASSES, mock_jets, write_mock_file
from data_prep.grids.grid import Grid
from data_prep.grids.hexagonal import HexagonalGrid
from data_prep.grids.square import SquareGrid
from data_prep.grids.towers import TowerGrid
from data_prep.images.augment import AugmentationSettings, augmented
from data_prep.images.channels import Channel
from data_prep.images.jets import ImagesSettings, images_of
from data_prep.images.kernel import pixelise
from data_prep.jets.chunk import JetChunk
from data_prep.readers import Options
from data_prep.readers.files import input_files
from data_prep.readers.layouts.jetclass import JetClassReader
from data_prep.steps.order import Steps
from data_prep.steps.program import Program
from data_prep.streams.cutflow import Fate

STEPS = TypeAdapter(Steps)
CENTRE: dict[str, Any] = {"step": "centre"}
ROLL, FLIP, ZOOM = {"step": "roll"}, {"step": "flip"}, {"step": "zoom", "reference": 700}
SUBJET = CENTRE | {"on": "leading_subjet", "radius": 0.2}
ALL = (CENTRE, ROLL, FLIP, ZOOM, {"step": "normalise", "norm": "l1"})
EVERY: tuple[Channel, ...] = ("pt", "charged", "neutral", "photon", "multiplicity")
ALONE = "pixelising alone (centre on the jet axis)"
GOAL = 0.5


def main() -> None:
    """Parse the arguments, run everything, print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("inputs", nargs="*", help="JetClass files, folders or patterns (default: mock jets)")
    parser.add_argument("--jets", type=int, default=10_000, help="jets, those of all files together")
    parser.add_argument("--pixels", type=int, default=32, help="pixels along each side of the square window")
    parser.add_argument("--repeat", type=int, default=15, help="repetitions, the best counts")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        chunk = jets(input_files(options.inputs) if options.inputs else mock_files(Path(folder)), options.jets)
    print(f"{chunk.jets:,} jets, {chunk.offsets[-1] / chunk.jets:.0f} constituents a jet\n")
    report(chunk, options.pixels, options.repeat)


def mock_files(folder: Path) -> list[Path]:
    """One file of mock jets a class of the demo."""
    for name in CLASSES:
        write_mock_file(folder / f"{name}.root", mock_jets(name, 4000, seed=1))
    return sorted(folder.iterdir())


def jets(files: Sequence[Path], number: int) -> JetChunk:
    """So many jets of each class together, with charge and kind of their constituents."""
    reader = JetClassReader(Options(particles=True))
    parts = [reader.read(file, 0, min(reader.count(file), -(-number // len(files)))) for file in files]
    offsets = [np.zeros(1, np.int64)]
    for part in parts:
        offsets.append(part.offsets[1:] + offsets[-1][-1])
    names = ["pt", "eta", "phi", "energy", "charge", "particle_kind"]
    names += ["jet_pt", "jet_eta", "jet_phi", "jet_mass", "label", "event", "weight"]
    joined = {name: np.concatenate([getattr(part, name) for part in parts]) for name in names}
    stored = {name: np.concatenate([part.stored[name] for part in parts]) for name in parts[0].stored}
    return JetChunk(offsets=np.concatenate(offsets), stored=stored, **joined)


def choices(pixels: int) -> dict[str, tuple[Grid, Sequence[dict[str, Any]], tuple[Channel, ...]]]:
    """What is timed: grid, steps and channels by name."""
    square = SquareGrid(pixels=pixels, half_width=0.8)
    hexagons = HexagonalGrid(kind="hexagonal", rings=pixels // 2, pitch=1.6 / pixels)
    pt: tuple[Channel, ...] = ("pt",)
    steps: dict[str, Sequence[dict[str, Any]]] = {
        ALONE: [CENTRE],
        "centre on the centroid": [CENTRE | {"on": "centroid"}],
        "centre on the leading constituent": [CENTRE | {"on": "leading_constituent"}],
        "centre on the leading subjet": [SUBJET],
        "centre, keep: energy (naive)": [CENTRE | {"keep": "energy"}],
        "+ roll": [CENTRE, ROLL],
        "+ roll, method: in_plane (naive)": [CENTRE, ROLL | {"method": "in_plane"}],
        "+ flip": [CENTRE, FLIP],
        "+ zoom": [CENTRE, ZOOM],
        "+ normalise, l1": [CENTRE, ALL[-1]],
        "+ normalise, l2": [CENTRE, {"step": "normalise", "norm": "l2"}],
        "+ normalise, power_of_two": [CENTRE, {"step": "normalise", "norm": "power_of_two"}],
        "all steps: + roll + flip + zoom + normalise": ALL,
        "all steps, centred on the leading subjet": [SUBJET, *ALL[1:]],
    }
    return {name: (square, step, pt) for name, step in steps.items()} | {
        "channels pt, charged, neutral, photon, multiplicity": (square, [CENTRE], EVERY),
        "hexagonal grid": (hexagons, [CENTRE], pt),
        "hexagonal grid, all steps": (hexagons, ALL, pt),
        "towers, no step": (TowerGrid(kind="towers"), [], pt),
    }


def report(chunk: JetChunk, pixels: int, repeat: int) -> None:
    """Time everything and print the table."""
    kept = np.full(chunk.jets, Fate.KEPT, np.uint8)
    work = {
        name: (grid, Program.of(STEPS.validate_python(steps), channels))
        for name, (grid, steps, channels) in choices(pixels).items()
    }
    seconds = dict.fromkeys(work, np.inf)
    for round_ in range(repeat + 1):
        for name, (grid, program) in work.items():
            start = time.process_time()
            pixelise(chunk, kept, grid, program)
            if round_:  # the first one compiles
                seconds[name] = min(seconds[name], (time.process_time() - start) / chunk.jets)
    alone = seconds[ALONE]
    print(f"{'':52} {'jets/s':>10} {'µs/jet':>8} {'more':>8}   of the speed alone")
    for name, cost in seconds.items():
        print(f"{name:52} {1 / cost:>10,.0f} {1e6 * cost:>8.2f} {1e6 * (cost - alone):>+8.2f}   {alone / cost:.2f}")
    augmentation(chunk, pixels, repeat)
    reached = alone / seconds["all steps: + roll + flip + zoom + normalise"]
    print(f"\nall steps together: {reached:.2f} of the speed of pixelising alone (goal {GOAL})")


def augmentation(chunk: JetChunk, pixels: int, repeat: int) -> None:
    """Dense images of a batch as they are, and turned at random."""
    settings = ImagesSettings.model_validate(
        {
            "classes": [{"name": "one", "label": "x"}, {"name": "other", "label": "y"}],
            "grid": {"pixels": pixels, "half_width": 0.8},
            "steps": [CENTRE],
            "split": {"train": 1.0, "validation": 0.0, "test": 0.0},
        }
    )
    batch = images_of(JetChunk(**(vars(chunk) | {"label": np.zeros(chunk.jets, np.uint8)})), settings).batch
    print(f"\n{'dense images of a training batch':52} {'jets/s':>10} {'µs/jet':>8}")
    for name, rotation in (("as they are", None), ("turned by lattice turns", "lattice"), ("by any angle", "any")):
        chosen = None if rotation is None else AugmentationSettings.model_validate({"rotation": rotation, "flip": True})
        best = np.inf
        for round_ in range(repeat + 1):
            start = time.process_time()
            for first in range(0, len(batch), 256):
                part = batch.slice(first, min(first + 256, len(batch)))
                part.dense() if chosen is None else augmented(part, settings.grid, chosen, np.random.default_rng(1))
            if round_:
                best = min(best, (time.process_time() - start) / len(batch))
        print(f"{name:52} {1 / best:>10,.0f} {1e6 * best:>8.2f}")


if __name__ == "__main__":
    main()
