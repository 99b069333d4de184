"""Classification: which kind of jet an image shows, beside boosted trees on observables of the same jets."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from models.architectures.architecture import HARDWARE
from models.settings import ModelSettings, TrainSettings
from models.tasks.task import Progress, Task, Training

if TYPE_CHECKING:
    from models.training.taggers import Comparison

TREES = {"trees": "trees", "trees_seen": "trees on what the network sees"}
"""The baselines for people."""


def train(images: Path, model: ModelSettings, how: TrainSettings, work: Path, progress: Progress) -> Training:
    """Train taggers and baselines, and measure them on the same test jets."""
    from data_prep.store.jet_images import open_dataset
    from models.training.in_turn import counting
    from models.training.taggers import compare, train_networks

    dataset, bar = open_dataset(images), counting(progress, "jets")
    taggers = train_networks(dataset, model, how, work, bar)
    comparison = compare(dataset, taggers, how, bar)
    arrays: dict[str, Any] = {"label": comparison.label, "weight": comparison.weight, **comparison.scores}
    titles = {tagger.network.name: tagger.network.title for tagger in reversed(taggers)}
    titles |= {name: TREES[name] for name in comparison.beats_trees}
    figures = ", ".join(f"{title} {comparison.macro_auc(name):.4f}" for name, title in titles.items())
    line = (
        f"macro-AUC on {len(comparison.label):,} test jets: {figures}{_beside_trees(comparison)}{_rejected(comparison)}"
    )
    return Training(
        taggers, dataset.metadata, comparison.as_json(), {"scores.npz": arrays}, line, tuple(_doubts(comparison))
    )


def _doubts(comparison: Comparison) -> list[str]:
    """Baselines that are lacking, or as good as the network for hardware."""
    if not comparison.beats_trees:
        return [
            "there are no trees on hand-made observables to compare with, for these images were made without: "
            "run `images` again, without 'observables: false' in images.yaml"
        ]
    return [
        f"the image network does not beat {TREES[name]} on these jets: "
        f"{difference.value:+.4f} ± {difference.error:.4f} in macro-AUC"
        for name, difference in comparison.beats_trees.items()
        if difference is not None and difference.value <= 0
    ]


def _beside_trees(comparison: Comparison) -> str:
    """The network for hardware less each baseline."""
    text = "".join(
        f"; the quantized network less {TREES[name]}: {difference.value:+.4f} ± {difference.error:.4f}"
        for name, difference in comparison.beats_trees.items()
        if difference is not None
    )
    if len(comparison.beats_trees) == 1:
        text += " (the network sees all constituents: no other trees)"
    return text


def _rejected(comparison: Comparison) -> str:
    """The rejection of the background's classes alone by the network for hardware, at its highest working point."""
    against = comparison.performance[HARDWARE].against
    if against is None:
        return ""
    point, by_class = list(against.rejection.items())[-1]
    rejections = [
        f"{name} {result.rejection:,.1f}" for name, result in by_class.items() if result.rejection is not None
    ]
    return (
        f"; rejection of {', '.join(against.classes)} at ε_S = {point}: {', '.join(rejections)}" if rejections else ""
    )


def meaning(model: ModelSettings, classes: tuple[str, ...]) -> dict[str, Any]:
    """One logit a class."""
    return {"classes": classes}


TASK = Task(settings=ModelSettings, images="jets", train=train, meaning=meaning)
