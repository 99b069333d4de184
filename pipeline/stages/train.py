"""`train`: the taggers and the baseline on one set of jet images."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Annotated

import typer

from data_prep.errors import ConfigurationError
from pipeline.artefact import artefact, write_json
from pipeline.configuration import load
from pipeline.console import done, progress, warn

Images = Annotated[Path, typer.Argument(help="The images that `images` made.", show_default=False)]
Config = Annotated[Path, typer.Option("--config", help="How to train: train.yaml.", show_default=False)]
Model = Annotated[Path, typer.Option("--model", help="The network: model.yaml.", show_default=False)]
Out = Annotated[Path, typer.Option("--out", help="The folder to make.", show_default=False)]


def run(images: Images, config: Config, model: Model, out: Out) -> None:
    """Train the float taggers, the quantized tagger and the baseline of trees; measure them on the same test jets."""
    from models.settings import ModelSettings, TrainSettings

    how, network = load(config, TrainSettings), load(model, ModelSettings)

    import numpy as np

    from data_prep.dataset import open_dataset
    from models.load import save_model
    from models.taggers import TREES, compare, train_networks
    from models.training import prepare

    dataset = open_dataset(images)
    with artefact(out, "train", settings={"train": how, "model": network}, inputs=[images]) as space:
        prepare(how)
        try:
            taggers = train_networks(dataset, network, how, space.work, _progress)
        except ConfigurationError as error:
            raise ConfigurationError(error.what, file=model, remedy=error.remedy) from None
        comparison = compare(dataset, taggers, how, _progress)
        for tagger in taggers:
            save_model(tagger.model, space.path / f"{tagger.network.name}.h5")
        by_name = {tagger.network.name: tagger for tagger in taggers}
        write_json(space.path / "history.json", {name: tagger.history.as_json() for name, tagger in by_name.items()})
        write_json(
            space.path / "arithmetic.json", {name: tagger.arithmetic.as_json() for name, tagger in by_name.items()}
        )
        write_json(space.path / "metrics.json", comparison.as_json())
        np.savez_compressed(
            space.path / "scores.npz", label=comparison.label, weight=comparison.weight, **comparison.scores
        )
    titles = {name: tagger.network.title for name, tagger in reversed(by_name.items())} | {TREES: "trees"}
    found = ", ".join(f"{title} {comparison.macro_auc(name):.4f}" for name, title in titles.items())
    done("train", f"macro-AUC on {len(comparison.label):,} test jets: {found}")
    if not comparison.beats_trees:
        warn("the image network does not beat trees on hand-made observables on these jets")


def _progress(title: str, jets: int) -> AbstractContextManager[Callable[[int], None]]:
    return progress(title, jets, "jets")
