"""Regression: pT and masses of a jet, alone or beside its kind, and beside what the pixels add up to."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from models.architectures.architecture import HARDWARE
from models.settings import ModelSettings, TrainSettings
from models.tasks.task import Progress, Task, Training


def train(images: Path, model: ModelSettings, how: TrainSettings, work: Path, progress: Progress) -> Training:
    """Train the networks, and measure them and the sums of the pixels on the same test jets."""
    from data_prep.store.jet_images import open_dataset
    from models.regression import training
    from models.training.in_turn import counting

    dataset = open_dataset(images)
    trained = training.train(dataset, model, how, work, counting(progress, "jets"))
    measured = training.measure(dataset, model, trained, how.seed)
    arrays: dict[str, Any] = {"truth": measured.truth, "weight": measured.weight}
    if measured.label is not None:
        arrays["label"] = measured.label
    arrays |= {f"scores_{name}": values for name, values in (measured.scores or {}).items()}
    arrays |= measured.predicted
    figures = [
        f"{name} {closure.whole.resolution:.3f}"
        for name, closure in measured.closures[HARDWARE].items()
        if closure.whole
    ]
    line = f"resolution of the quantized network on {len(measured.weight):,} test jets: {', '.join(figures)}"
    return Training(trained, dataset.metadata, measured.as_json(), {"values.npz": arrays}, line)


def meaning(model: ModelSettings, classes: tuple[str, ...]) -> dict[str, Any]:
    """One number a target, behind one logit a class where there is a tagger beside them."""
    numbers = model.regression
    return {"classes": classes if numbers is None or numbers.beside_tagger else (), "regression": numbers}


def also(model: Mapping[str, Any]) -> tuple[str, ...]:
    """A tagger, where one stands beside the regression."""
    return ("classification",) if (model.get("regression") or {}).get("beside_tagger", False) else ()


TASK = Task(settings=ModelSettings, images="jets", train=train, meaning=meaning, also=also)
