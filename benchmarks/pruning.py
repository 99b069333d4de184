"""Logic saved by zeros among the weights and by fewer bits in some channels, counted by yosys.

    python -m benchmarks.pruning                        # the tagger of configs/demo on the images of `make images`
    python -m benchmarks.pruning --points dense half    # some of the points
    python -m benchmarks.pruning --work build/pruning   # can be stopped and continued

The float network is trained once; every point starts from it, is trained quantized, lowered, unrolled and counted by
yosys as in `rtl`. A point takes a training and some minutes of synthesis.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from data_prep.store.jet_images import ImageDataset, open_dataset
from hls_projects.lowering.lower import lower
from hls_projects.lowering.types import prove_network
from hls_projects.rtl.forms.assemble import write_design
from hls_projects.rtl.synthesis.synthesis import synthesise
from hls_projects.settings import HardwareSettings, VariantSettings
from models.architectures.registry import HARDWARE
from models.metrics.taggers import performance
from models.quantization.exact import exact_inference
from models.settings import ModelSettings, TrainSettings
from models.training import network as training
from models.training import taggers
from models.training.pruning_settings import PruningSettings
from models.training.scores import predict, truth
from pipeline.configuration import load

FLOAT = "float_separable"
"""Where the quantized network starts from."""
VARIANT = VariantSettings(ternary=False)


@dataclass(frozen=True)
class Point:
    """What differs from the run's own configuration.

    Attributes:
        title: as it is printed.
        sparsity: share of the weights that become 0.
        width: of the weights behind the first convolution: what is changed of it.
    """

    title: str
    sparsity: float = 0.0
    width: dict[str, Any] = field(default_factory=dict)

    def network(self, settings: ModelSettings) -> ModelSettings:
        """The network of this point."""
        content = settings.model_dump()
        for block in content["blocks"]:
            for kernel in ("depthwise", "pointwise"):
                if block["depthwise"] is not None:
                    block[kernel] |= self.width
        for layer in (*content["dense"], content["output"]):
            layer["weights"] |= self.width
        return ModelSettings.model_validate(content)

    def training(self, settings: TrainSettings) -> TrainSettings:
        """Its training."""
        pruning = PruningSettings(sparsity=self.sparsity) if self.sparsity else None
        return settings.model_copy(update={"pruning": pruning})


POINTS = {
    "dense": Point("as configured"),
    "30": Point("30 % zeros", 0.3),
    "half": Point("50 % zeros", 0.5),
    "70": Point("70 % zeros", 0.7),
    "four": Point("4 bits", width={"bits": 4}),
    "mean": Point("2 to 5 bits, 4 on average", width={"mean_bits": 4.0}),
    "both": Point("50 % zeros, 2 to 5 bits, 4 on average", 0.5, {"mean_bits": 4.0}),
}


def measure(
    point: Point,
    dataset: ImageDataset,
    model: ModelSettings,
    how: TrainSettings,
    hardware: HardwareSettings,
    work: Path,
) -> str:
    """One line of the table."""
    how, model = point.training(how), point.network(model)
    trained = taggers.train_networks(dataset, model, how, work, _silent, only={HARDWARE})[-1]
    label, weight = truth(dataset, "test")
    weights = trained.arithmetic.weights
    scores = predict(exact_inference(trained.model), dataset, "test")
    auc = performance(scores, label, dataset.classes, weight).macro_auc
    network = prove_network(lower(trained.model))
    with tempfile.TemporaryDirectory() as folder:
        rtl, scratch = Path(folder, "rtl"), Path(folder, "synthesis")
        logic = write_design(network, hardware.name, hardware.rtl, VARIANT, rtl)
        scratch.mkdir()
        cells = synthesise(rtl, scratch, cpu_seconds=hardware.rtl.synthesis_seconds)
    size = f"{cells.lut:,} | {cells.ff:,} | {cells.carry:,} | {logic.estimate:,.0f} | {logic.design.latency}"
    return f"| {point.title} | {weights.nonzero:,} of {weights.all:,} | {auc:.4f} | {size} |"


def _silent(title: str, jets: int) -> AbstractContextManager[Callable[[int], None]]:
    return nullcontext(lambda done: None)


def main() -> None:
    """Print the table, a line a point."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=Path, default=Path("build/demo/20_images"), help="made by `images`")
    parser.add_argument("--config", type=Path, default=Path("configs/demo"), help="folder of the configuration")
    parser.add_argument("--points", nargs="*", choices=POINTS, default=list(POINTS), help="what is measured")
    parser.add_argument("--work", type=Path, help="folder that keeps the trainings, of one configuration")
    given = parser.parse_args()
    if not given.images.is_dir():
        print(f"{given.images} is not there; `make images` makes it")
        return
    how = load(given.config / "train.yaml", TrainSettings)
    model = load(given.config / "model.yaml", ModelSettings)
    hardware = load(given.config / "hardware.yaml", HardwareSettings)
    training.prepare(how)
    dataset = open_dataset(given.images)
    print("| weights | not 0 | macro-AUC | LUT | FF | CARRY4 | estimate (LUT) | clocks |\n|" + " --- |" * 8, flush=True)
    with tempfile.TemporaryDirectory() as folder:
        work = given.work or Path(folder)
        work.mkdir(parents=True, exist_ok=True)
        taggers.train_networks(dataset, model, how, work, _silent, only={FLOAT})
        for name in given.points:
            place = work / name
            place.mkdir(exist_ok=True)
            shutil.copy(work / f"{FLOAT}.npz", place)
            print(measure(POINTS[name], dataset, model, how, hardware, place), flush=True)


if __name__ == "__main__":
    main()
