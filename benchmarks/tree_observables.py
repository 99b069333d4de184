"""What each group of observables adds to boosted trees: macro-AUC on the same test jets, with paired differences.

python -m benchmarks.tree_observables build/demo/20_images --train-config configs/demo/train.yaml
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from data_prep.observables.columns import OBSERVABLES
from data_prep.store.jet_images import open_dataset
from models.baselines.tree_inputs import RATIOS, load_inputs
from models.baselines.trees import fit, predict
from models.metrics.bootstrap import REPLICAS, macro_auc_replicas, value_with_error
from models.settings import TrainSettings
from pipeline.configuration import load

NAMES = (*OBSERVABLES, *RATIOS)
CLASSIC = ("sdmass", "tau21", "tau32", "multiplicity", "pt")
SHAPES = ("girth", "ptd", "lha", "tau1", "tau2", "tau3", "tau43")
GROUPS = {
    "soft-drop mass, τ21, τ32, multiplicity, pT": CLASSIC,
    "and ungroomed mass": (*CLASSIC, "mass"),
    "and girth, pTD, LHA, τ1 to τ3, τ43": (*CLASSIC, "mass", *SHAPES),
    "all observables": NAMES,
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("images", type=Path, metavar="20_images")
    parser.add_argument("--train-config", type=Path, required=True)
    given = parser.parse_args(arguments)
    settings, dataset = load(given.train_config, TrainSettings), open_dataset(given.images)
    train, validation, test = (load_inputs(dataset, split, "all") for split in ("train", "validation", "test"))
    scores = {}
    for title, names in GROUPS.items():
        columns = [NAMES.index(name) for name in names]
        trees = fit(
            (train[0][:, columns], *train[1:]),
            (validation[0][:, columns], *validation[1:]),
            settings.trees,
            settings.seed,
        )
        scores[title] = predict(trees, test[0][:, columns])
    replicas = macro_auc_replicas(scores, test[1], test[2], REPLICAS, settings.seed)
    print("| trees on | macro-AUC | difference from the first |\n| --- | --- | --- |")
    first = next(iter(replicas.values()))
    for title, values in replicas.items():
        whole, gain = value_with_error(values), value_with_error(values, first)
        shown = f"{gain.value:+.4f} ± {gain.error:.4f}" if values is not first else ""
        print(f"| {title} | {whole.value:.4f} ± {whole.error:.4f} | {shown} |")


if __name__ == "__main__":
    main()
