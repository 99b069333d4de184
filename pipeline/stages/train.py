"""`train`: the networks of a task on one set of images."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from data_prep.errors import ConfigurationError, TrainingSettingsError
from pipeline.artefacts.artefact import Workspace, artefact
from pipeline.artefacts.json_file import write_json
from pipeline.configuration import load
from pipeline.console import done, progress, warn
from pipeline.options import ModelConfig, result, settings_file

if TYPE_CHECKING:
    from models.files.meaning import Meaning
    from models.settings import TrainSettings
    from models.tasks.settings import Task
    from models.training.taggers import Comparison


EXAMPLE = r"""
python -m pipeline train --config configs/demo/train.yaml \
  --model-config configs/demo/model.yaml \
  build/demo/20_images --out build/demo/30_model
"""


def run(
    images: Annotated[Path, typer.Argument(help="Images: a folder made by `images`.")],
    config: Annotated[Path, settings_file("train.yaml")],
    model_config: ModelConfig,
    out: Annotated[Path, result("a folder, build/<run>/30_model")],
) -> None:
    """Train float and quantized networks on images.

    Each is measured on the same test images. The task is that of model.yaml: classification, regression,
    segmentation, detection or panoptic, which is both of these.
    """
    from models.settings import TrainSettings
    from models.tasks.choice import settings_of

    task = _task(model_config)
    how, network = load(config, TrainSettings), load(model_config, settings_of(task))
    with artefact(out, "train", settings={"train": how, "model": network}, inputs={"images": images}) as space:
        from models.training.network import prepare

        prepare(how)
        try:
            line = _BY_TASK.get(task, _events)(images, network, how, space)
        except ConfigurationError as error:
            file = config if isinstance(error, TrainingSettingsError) else model_config
            raise type(error)(error.what, file=file, remedy=error.remedy) from None
    done("train", line)


def _task(model: Path) -> Task:
    """The task that a model.yaml names; what else it holds is looked at afterwards."""
    from models.tasks.choice import TaskChoice

    return load(model, TaskChoice).task


def _classification(images: Path, network: Any, how: TrainSettings, space: Workspace) -> str:
    """Taggers beside the baselines of trees."""
    import numpy as np

    from data_prep.store.jet_images import open_dataset
    from models.files.meaning import Meaning
    from models.training.taggers import compare, train_networks

    dataset = open_dataset(images)
    taggers = train_networks(dataset, network, how, space.work, _progress)
    comparison = compare(dataset, taggers, how, _progress)
    _save(taggers, space, Meaning.of_training(dataset.metadata, network))
    write_json(space.path / "metrics.json", comparison.as_json())
    np.savez_compressed(
        space.path / "scores.npz", label=comparison.label, weight=comparison.weight, **comparison.scores
    )
    by_name = {tagger.network.name: tagger for tagger in taggers}
    titles = {name: tagger.network.title for name, tagger in reversed(by_name.items())}
    titles |= {name: _TREES[name] for name in comparison.beats_trees}
    found = ", ".join(f"{title} {comparison.macro_auc(name):.4f}" for name, title in titles.items())
    return (
        f"macro-AUC on {len(comparison.label):,} test jets: {found}{_beside_trees(comparison)}{_rejected(comparison)}"
    )


_TREES = {"trees": "trees", "trees_seen": "trees on what the network sees"}
"""The baselines for people."""


def _beside_trees(comparison: Comparison) -> str:
    """The network for hardware less each baseline; what lets one doubt it is warned of."""
    differences = {name: found for name, found in comparison.beats_trees.items() if found is not None}
    if not comparison.beats_trees:
        warn(
            "there are no trees on hand-made observables to compare with, for these images were made without: "
            "run `images` again, without 'observables: false' in images.yaml"
        )
    for name, found in differences.items():
        if found.value <= 0:
            warn(
                f"the image network does not beat {_TREES[name]} on these jets: {found.value:+.4f} ± {found.error:.4f} "
                "in macro-AUC"
            )
    text = "".join(
        f"; the quantized network less {_TREES[name]}: {each.value:+.4f} ± {each.error:.4f}"
        for name, each in differences.items()
    )
    if len(comparison.beats_trees) == 1:
        text += " (the network sees all constituents: no other trees)"
    return text


def _rejected(comparison: Comparison) -> str:
    """The rejection of the background's classes alone by the network for hardware, at its highest working point."""
    from models.architectures.registry import HARDWARE

    against = comparison.performance[HARDWARE].against
    if against is None:
        return ""
    point, by_class = list(against.rejection.items())[-1]
    found = [f"{name} {each.rejection:,.1f}" for name, each in by_class.items() if each.rejection is not None]
    return f"; rejection of {', '.join(against.classes)} at ε_S = {point}: {', '.join(found)}" if found else ""


def _regression(images: Path, network: Any, how: TrainSettings, space: Workspace) -> str:
    """Numbers of a jet beside what the pixels add up to."""
    import numpy as np

    from data_prep.store.jet_images import open_dataset
    from models.architectures.registry import HARDWARE
    from models.files.meaning import Meaning
    from models.tasks import regression_training as regression

    dataset = open_dataset(images)
    trained = regression.train(dataset, network, how, space.work, _progress)
    measured = regression.measure(dataset, network, trained, how.seed)
    _save(trained, space, Meaning.of_training(dataset.metadata, network))
    write_json(space.path / "metrics.json", measured.as_json())
    tagger: dict[str, Any] = {"label": measured.label} if measured.label is not None else {}
    tagger |= {f"scores_{name}": values for name, values in (measured.scores or {}).items()}
    np.savez_compressed(
        space.path / "values.npz", truth=measured.truth, weight=measured.weight, **tagger, **measured.found
    )
    found = [f"{name} {each.whole.resolution:.3f}" for name, each in measured.closures[HARDWARE].items() if each.whole]
    return f"resolution of the quantized network on {len(measured.weight):,} test jets: {', '.join(found)}"


def _events(images: Path, network: Any, how: TrainSettings, space: Workspace) -> str:
    """Segmentation, detection or both, beside plain methods on the same towers."""
    import numpy as np

    from models.architectures.registry import HARDWARE
    from models.files.meaning import Meaning
    from models.tasks import events
    from models.tasks.event_data import open_events
    from models.tasks.event_measure import measure

    dataset = open_events(images)
    trained = events.train(dataset, network, how, space.work, _progress)
    predictors = {
        each.network.name: events.predictor(each.model, network, each.network.name == HARDWARE) for each in trained
    }
    test = dataset.split("test")
    with progress("measure", test.rows, "events") as advance:
        lists: dict[str, Any] = {}
        found = measure(
            test.batches(events.BATCH),
            predictors,
            network,
            dataset.towers,
            advance,
            lists,
            validation=lambda: dataset.split("validation").batches(events.BATCH),
            eta_max=dataset.eta_max,
        )
    _save(trained, space, Meaning.of_training(dataset.dataset.metadata, network))
    write_json(space.path / "metrics.json", found)
    if lists:
        np.savez_compressed(
            space.path / "jets.npz", fraction=events.fraction(network, quantized=True), **vars(lists[HARDWARE])
        )
    figures = []
    if "segmentation" in found:
        figures.append(f"mean IoU {_figure(found['segmentation'][HARDWARE]['mean_iou'])}")
    if "detection" in found:
        jets = found["detection"][HARDWARE]
        figures.append(f"efficiency {_figure(jets['efficiency'])} with {_figure(jets['fakes'])} fakes")
    if "panoptic" in found:
        figures.append(f"panoptic quality {_figure(found['panoptic'][HARDWARE]['mean'])}")
    return f"quantized network on {found['events']:,} test events: {', '.join(figures)}"


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


_BY_TASK = {"classification": _classification, "regression": _regression}


def _save(trained: Sequence[Any], space: Workspace, meaning: Meaning) -> None:
    """What all tasks leave of their networks: models, what their inputs and outputs mean, history, arithmetic."""
    from models.files.load import save_model
    from models.files.meaning import MEANING

    for each in trained:
        save_model(each.model, space.path / f"{each.network.name}.h5")
    meaning.save(space.path / MEANING)
    write_json(space.path / "history.json", {each.network.name: each.history.as_json() for each in trained})
    write_json(space.path / "arithmetic.json", {each.network.name: each.arithmetic.as_json() for each in trained})


def _progress(title: str, jets: int) -> AbstractContextManager[Callable[[int], None]]:
    return progress(title, jets, "jets")
