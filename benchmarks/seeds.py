"""How far the numbers of a tagger change from one training to the next: mean and spread over several seeds.

    python -m benchmarks.seeds                             # configs/demo on the images of `make images`, three seeds
    python -m benchmarks.seeds configs/jetclass5 --images build/jetclass5/20_images --seeds 5
    python -m benchmarks.seeds --synthesise                # LUTs counted by yosys too, some minutes a seed

Every seed trains all networks of the run as `train` does, measures them on the same test jets, lowers the quantized one
and estimates its logic. Nothing of `build/<run>/` is changed. A seed that is done is kept in `--out`, and one that was
stopped goes on from its last epoch. The first seed is that of train.yaml. `seeds.json` holds what is printed.

The spread is the standard deviation of a single training, the error that of the mean.
"""

from __future__ import annotations

import argparse
import json
import math
import shutil
import statistics
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from data_prep.errors import ConfigurationError, PipelineError
from data_prep.store.jet_images import ImageDataset, open_dataset
from hls_projects.blocks.compose import compose
from hls_projects.blocks.image_builder import ImageBuilder
from hls_projects.lowering.lower import lower
from hls_projects.lowering.types import prove_network
from hls_projects.network.network import Network
from hls_projects.rtl.forms.assemble import write_design
from hls_projects.rtl.synthesis.cost import design_cost
from hls_projects.rtl.synthesis.synthesis import synthesise
from hls_projects.settings import HardwareSettings
from models.architectures.registry import HARDWARE
from models.settings import ModelSettings, TrainSettings
from models.tasks.registry import TaskChoice
from models.training import network as training
from models.training import taggers
from pipeline.artefacts.code_version import code_hash
from pipeline.artefacts.hashes import content_hash
from pipeline.artefacts.json_file import write_json
from pipeline.configuration import load


@dataclass(frozen=True)
class Run:
    """What is trained.

    Attributes:
        model, train, hardware: the run's configuration.
        dataset: its images.
        made_of: what a result depends on besides the seed.
    """

    model: ModelSettings
    train: TrainSettings
    hardware: HardwareSettings
    dataset: ImageDataset
    made_of: Mapping[str, Any]

    @classmethod
    def read(cls, config: Path, images: Path) -> Run:
        """The run of a folder of configuration files.

        Raises:
            ConfigurationError: files that cannot be used, or a run without a tagger of its own.
        """
        if load(config / "model.yaml", TaskChoice).task != "classification":
            raise ConfigurationError("'task' is not classification", file=config / "model.yaml", remedy="take a tagger")
        model, train = load(config / "model.yaml", ModelSettings), load(config / "train.yaml", TrainSettings)
        hardware = load(config / "hardware.yaml", HardwareSettings)
        made_of = {
            "model": model.model_dump(mode="json"),
            "train": train.model_dump(mode="json", exclude={"seed"}),
            "hardware": hardware.model_dump(mode="json"),
            "images": content_hash(images),
            "code": [code_hash(stage) for stage in ("train", "lower", "rtl")],
        }
        return cls(model, train, hardware, open_dataset(images), made_of)

    def seeds(self, number: int) -> list[int]:
        """Seeds that have no initial network in common."""
        return [self.train.seed + training * self.train.float_training.starts for training in range(number)]


def measure(run: Run, seed: int, work: Path) -> dict[str, Any]:
    """Train with one seed; `values` are numbers by name, null where there is none.

    Args:
        run: what is trained.
        seed: instead of that of train.yaml.
        work: a folder for checkpoints, of this seed alone.
    """
    how = run.train.model_copy(update={"seed": seed})
    trained = taggers.train_networks(run.dataset, run.model, how, work, _silent)
    performance = taggers.compare(run.dataset, trained, how, _silent).performance
    values: dict[str, float | None] = {
        f"macro-AUC, {name}": measured.macro_auc for name, measured in performance.items()
    }
    if run.hardware.rtl.form != "none":
        model = next(trained_network.model for trained_network in trained if trained_network.network.name == HARDWARE)
        cost = design_cost(_network(run, model), run.hardware)
        values |= {"LUT, estimate": cost.lut, "clocks": cost.clocks, "clocks from image to image": cost.interval}
    return {"seed": seed, "made_of": run.made_of, "values": values}


def count(run: Run, seed: int, work: Path) -> dict[str, float]:
    """LUTs and flip-flops of the trained network, counted by yosys."""
    how = run.train.model_copy(update={"seed": seed})
    trained = taggers.train_networks(run.dataset, run.model, how, work, _silent, only={HARDWARE})
    network = _network(run, trained[-1].model)
    rtl = run.hardware.rtl
    variant = rtl.variants[design_cost(network, run.hardware).variant]
    with tempfile.TemporaryDirectory() as folder:
        design, scratch = Path(folder, "rtl"), Path(folder, "synthesis")
        write_design(network, run.hardware.name, rtl, variant, design, run.hardware.builder)
        scratch.mkdir()
        cells = synthesise(design, scratch, cpu_seconds=rtl.synthesis_seconds)
    return {"LUT": cells.lut, "FF": cells.ff}


def _network(run: Run, model: Any) -> Network:
    network, builder = prove_network(lower(model)), ImageBuilder.of_images(run.dataset.metadata)
    return network if builder is None else compose(builder, network)


def _silent(title: str, jets: int) -> AbstractContextManager[Callable[[int], None]]:
    return nullcontext(lambda done: None)


def kept(file: Path, run: Run) -> dict[str, Any] | None:
    """What an earlier call found with a seed.

    Raises:
        ConfigurationError: it was found with other settings, images or code.
    """
    if not file.exists():
        return None
    earlier: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    others = [key for key, value in run.made_of.items() if earlier["made_of"].get(key) != value]
    if others:
        reason = f"was measured with something else: {', '.join(others)}"
        raise ConfigurationError(reason, file=file, remedy="remove the folder, or give another --out")
    return earlier


def summary(results: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, float | None]]:
    """Mean, spread of a single training and error of the mean of every number that all seeds have."""
    moments: dict[str, dict[str, float | None]] = {}
    for name in results[0]["values"]:
        values = [result["values"].get(name) for result in results]
        if None not in values:
            spread = statistics.stdev(values) if len(values) > 1 else None
            error = None if spread is None else spread / math.sqrt(len(values))
            moments[name] = {"mean": statistics.fmean(values), "spread": spread, "error": error}
    return moments


def table(numbers: Mapping[str, Mapping[str, float | None]]) -> str:
    """The summary in lines of a table."""
    lines = ["| | mean | spread of one training | error of the mean |", "| --- | --- | --- | --- |"]
    for name, number in numbers.items():
        form = "{:.4f}" if name.startswith("macro-AUC") else "{:,.0f}" if "LUT" in name or name == "FF" else "{:.1f}"
        figures = ["–" if number[key] is None else form.format(number[key]) for key in ("mean", "spread", "error")]
        lines.append(f"| {name} | {' | '.join(figures)} |")
    return "\n".join(lines)


def measure_all(run: Run, number: int, out: Path, *, synthesised: bool = False) -> dict[str, Any]:
    """Every seed, one after the other; the content of `seeds.json`."""
    results = []
    for seed in run.seeds(number):
        file, work = out / f"seed_{seed}.json", out / f"seed_{seed}"
        work.mkdir(parents=True, exist_ok=True)
        result = kept(file, run)
        # Checkpoints go on only in what they were begun with.
        begun = work / "made_of.json"
        if begun.exists() and json.loads(begun.read_text(encoding="utf-8")) != run.made_of:
            shutil.rmtree(work)
            work.mkdir()
        write_json(begun, run.made_of)
        if result is None:
            result = measure(run, seed, work)
            write_json(file, result)
        if synthesised and run.hardware.rtl.form != "none" and "LUT" not in result["values"]:
            result["values"] |= count(run, seed, work)
            write_json(file, result)
        print(f"seed {seed}: {_line(result['values'])}", flush=True)
        results.append(result)
    content = {"seeds": [seed_result["seed"] for seed_result in results], "results": summary(results)}
    write_json(out / "seeds.json", content)
    return content


def _line(values: Mapping[str, float | None]) -> str:
    return ", ".join(f"{name} {'–' if value is None else f'{value:,.6g}'}" for name, value in values.items())


def main() -> None:
    """Print a line a seed, then mean and spread."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "config", type=Path, nargs="?", default=Path("configs/demo"), help="folder of the configuration"
    )
    parser.add_argument("--images", type=Path, help="made by `images`; build/<run>/20_images where nothing is said")
    parser.add_argument("--seeds", type=int, default=3, help="how many trainings")
    parser.add_argument("--out", type=Path, help="folder that keeps what is done; build/seeds/<run> by default")
    parser.add_argument("--synthesise", action="store_true", help="count LUTs and flip-flops with yosys too")
    given = parser.parse_args()
    if given.seeds < 1:
        parser.error("--seeds: at least 1")
    name = given.config.resolve().name
    images, out = given.images or Path("build", name, "20_images"), given.out or Path("build", "seeds", name)
    if not images.is_dir():
        print(f"{images} is not there; `make RUN={name} images` makes it")
        return
    try:
        run = Run.read(given.config, images)
        training.prepare(run.train)
        print(table(measure_all(run, given.seeds, out, synthesised=given.synthesise)["results"]))
    except PipelineError as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
