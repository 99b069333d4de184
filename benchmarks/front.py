"""Designs of a search's front on jets that the search did not use, with the image builder and without.

    python -m benchmarks.front                         # the search of `make search RUN=search`
    python -m benchmarks.front build/own/28_search --jets build/own/10_root
    python -m benchmarks.front --streamed 8 4 2 1      # the hand-made design by rows too, of so many a clock
    python -m benchmarks.front --streamed 4 2 1 --trained build/search/30_model/model.h5   # only these, fully trained

The search selects on validation jets, so the AUC of its best designs is biased upwards there. Here its networks, as
hardware computes them, are measured on test jets. LUTs and flip-flops are those that yosys counted in the search; the
image builder (16 candidates, all in one clock) is counted here, once for every size of image.
"""

from __future__ import annotations

import argparse
import math
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from data_prep.fixed_point import FixedType
from data_prep.grids.square import SquareGrid
from data_prep.jets.candidates import CandidateSettings
from data_prep.readers.detect import reader_of
from data_prep.readers.files import input_files
from data_prep.store.jet_images import open_dataset
from hls_projects.blocks.compose import compose
from hls_projects.blocks.image_builder import ImageBuilder
from hls_projects.network.port import Port
from hls_projects.rtl.forms.assemble import write_design
from hls_projects.rtl.image_builder_alone import write_image_builder
from hls_projects.rtl.synthesis.cost import design_cost
from hls_projects.rtl.synthesis.synthesis import synthesise
from hls_projects.settings import BuilderSettings, VariantSettings
from models.files.load import load_model
from models.quantization.exact import exact_inference
from models.training.short_training import Judge, TaggerQuality, prepare_threads, read_jets
from pipeline.configuration import load
from pipeline.studies.search.files import Files, files_of, read_files
from pipeline.studies.search.image_sets import make_sets
from pipeline.studies.search.networks import hardware_network, model_file
from pipeline.studies.search.pick import read_front
from pipeline.studies.search.settings import SearchSettings
from pipeline.studies.search.space import Space

HEAD = (
    "| trial | pixels | macro-AUC | accuracy | rejection | LUT | FF | clocks | an image every "
    "| with the builder: LUT | FF | clocks |"
)


@dataclass
class Counts:
    """LUTs and flip-flops of image builders.

    Attributes:
        seconds: processor time for one of them.
    """

    seconds: int
    _known: dict[tuple[SquareGrid, FixedType], tuple[int, int]] = field(default_factory=dict)

    def of(self, builder: ImageBuilder, grid: SquareGrid, input_type: FixedType, files: Files) -> tuple[int, int]:
        """LUT and FF of a builder whose pixels are cast to the type of a network's input."""
        if (grid, input_type) not in self._known:
            port = Port(name="image", shape=builder.shape, type=input_type)
            variant, form = VariantSettings(ternary=False), BuilderSettings()
            with tempfile.TemporaryDirectory() as scratch:
                folder = Path(scratch) / "rtl"
                write_image_builder(builder, port, "builder", files.hardware.rtl, variant, form, folder)
                cells = synthesise(folder, Path(scratch) / "synthesis", cpu_seconds=self.seconds)
            self._known[grid, input_type] = cells.lut, cells.ff
        return self._known[grid, input_type]


def quality(files: Files, network: Any, images: Path) -> TaggerQuality:
    """What a network reaches on all test jets."""
    dataset = open_dataset(images / files.image_set)
    jets = read_jets(dataset, "test", dataset.split("test").rows, 0)
    return Judge(exact_inference(network), jets).quality(50)


def line(point: Mapping[str, Any], files: Files, search: Path, images: Path, counts: Counts) -> str:
    """One line of the table."""
    model = load_model(model_file(search, point["trial"]))
    measured = quality(files, model, images)
    network, grid = hardware_network(model, files), files.images.grid
    words = [
        str(point["trial"]),
        f"{grid.pixels} over ±{grid.half_width}" if isinstance(grid, SquareGrid) else grid.kind,
        f"{measured.macro_auc:.4f} ± {measured.error:.4f}",
        f"{measured.accuracy:.1%}",
        f"{math.exp(measured.rejection):.1f}",
        *(f"{point[name]:,}" for name in ("lut", "ff", "clocks", "interval")),
    ]
    if isinstance(grid, SquareGrid):
        builder = ImageBuilder.of(CandidateSettings(), grid)
        lut, ff = counts.of(builder, grid, network.graph.inputs[0].type, files)
        cost = design_cost(compose(builder, network), files.hardware)
        words += [f"{point['lut'] + lut:,}", f"{point['ff'] + ff:,}", str(cost.clocks)]
    return f"| {' | '.join(words)} |"


def by_rows(model: Path, name: str, files: Files, rows: int, seconds: int) -> str:
    """The line of a design whose images come some rows a clock: the same scores in another form."""
    network = hardware_network(load_model(model), files)
    rtl = files.hardware.rtl.model_copy(update={"form": "streamed", "rows": rows})
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "rtl"
        timing = write_design(network, files.hardware.name, rtl, rtl.variants[0], folder, files.hardware.builder).design
        cells = synthesise(folder, Path(scratch) / "synthesis", cpu_seconds=seconds)
    words = (f"{name}, {rows} rows a clock", cells.lut, cells.ff, timing.latency, timing.interval)
    return "| {} | | | | | {:,} | {:,} | {} | {} | | | |".format(*words)


def designs(search: Path, front: Mapping[str, Any]) -> Iterator[tuple[Mapping[str, Any], Files]]:
    """What yosys counted of the front, the smallest first, and the hand-made design."""
    space = Space.of(load(search / "search.yaml", SearchSettings).space, read_files(search).content)
    points = [point for point in front["points"] if point["lut"] is not None]
    points.sort(key=lambda point: point["lut"])
    base = front["hand_made"]
    if base is not None and base["lut"] is not None and all(point["trial"] != base["trial"] for point in points):
        points.append(base)
    for point in points:
        yield point, files_of(space.content(point["point"]))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("search", type=Path, nargs="?", default=Path("build/search/28_search"), help="made by `search`")
    parser.add_argument("--jets", default="build/symmetries/10_root", help="what it was searched with")
    parser.add_argument("--seconds", type=int, default=900, help="processor time for counting what the search did not")
    parser.add_argument("--streamed", type=int, nargs="*", default=[], metavar="ROWS", help="rows a clock")
    parser.add_argument("--trained", type=Path, metavar="MODEL", help="by rows this network of the hand-made design")
    given = parser.parse_args()
    if given.trained is not None and not given.streamed:
        parser.error("--trained needs --streamed")
    if not given.search.is_dir():
        print(f"{given.search} is not there; `make search RUN=search` makes it")
        return
    prepare_threads(2)
    base = read_files(given.search)
    if given.trained is not None:
        for rows in given.streamed:
            print(by_rows(given.trained, "trained fully", base, rows, given.seconds), flush=True)
        return
    front = read_front(given.search)
    chosen = list(designs(given.search, front))
    if not chosen:
        print("nothing of the front was synthesised")
        return
    description = chosen[0][1].images
    reader, jets, _ = reader_of(input_files([given.jets]), description.options, description.layout)
    counts = Counts(given.seconds)
    with tempfile.TemporaryDirectory() as images:
        make_sets({files.image_set: files.images for _, files in chosen}, reader, jets, Path(images), 2)
        print(f"{HEAD}\n|{' --- |' * (HEAD.count('|') - 1)}", flush=True)
        for point, files in chosen:
            print(line(point, files, given.search, Path(images), counts), flush=True)
    for rows in given.streamed if front["hand_made"] else ():
        trial = front["hand_made"]["trial"]
        print(by_rows(model_file(given.search, trial), str(trial), base, rows, given.seconds), flush=True)


if __name__ == "__main__":
    main()
