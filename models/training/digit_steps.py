"""A training behind the training: digits are taken away in steps, and behind each the network is trained further.

The digits that each weight may have are kept in a file before a step is trained, so a training that was stopped and
started again ends as one that ran through.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from tensorflow import keras

from data_prep.system.whole import whole_file
from models.settings import TrainSettings
from models.training import network as training
from models.training.batches import Feed, Images, Scores
from models.training.digit_settings import DigitSettings
from models.training.digits import Floats, Limits, Part, cheapest, parts, squared_gradients, total
from models.training.objective import Objective


def train_with_fewer(
    model: keras.Model,
    before: training.History,
    dataset: Images,
    settings: TrainSettings,
    fewer: DigitSettings,
    checkpoint: Path,
    advance: training.Advance,
    objective: Objective,
    scores: Mapping[str, Scores] = training.NO_SCORES,
) -> training.History:
    """Take digits of a trained quantized network away and train it further, step by step.

    Args:
        model: the network, compiled as it was trained; its quantizers are no plain ones afterwards.
        before: its training.
        dataset: the images.
        settings: how it was trained.
        fewer: how many digits are left.
        checkpoint: of its training; those of the steps stand beside it.
        advance: called with the number of images of every training step.
        objective: what it is trained for.
        scores: of the teachers that the objective has, by split.

    Returns:
        Both trainings as one.

    Raises:
        PipelineError: a training that diverged.
    """
    found = parts(model)
    feed = Feed(dataset.split("train"), settings.batch, objective=objective, scores=scores.get("train"))

    def squares() -> list[Floats]:
        variables = [part.kernel.variable for part in found]
        return squared_gradients(model, variables, feed.dataset(dataset.shape, settings.seed))

    def beside(number: int, what: str) -> Path:
        return checkpoint.with_name(f"{checkpoint.stem}_digits_{number}{what}.npz")

    phase, history = fewer.phase(settings.quantized_training), before
    for number, share in enumerate(steps(found, fewer, lambda number: beside(number, "_left"), squares)):
        file = beside(number, "")
        further = training.train(model, dataset, phase, settings, file, advance, objective=objective, scores=scores)
        history = further.behind(history, share)
    return history


def steps(
    found: Sequence[Part],
    settings: DigitSettings,
    file: Callable[[int], Path],
    squares: Callable[[], list[Floats]],
) -> Iterator[float]:
    """Take digits away, step by step; between two of them the network is trained.

    Args:
        found: the kernels.
        settings: how many, and in what steps.
        file: where the limits of a step are kept; a stopped training reads them there.
        squares: measures the mean squared gradients now.

    Yields:
        The share of digits that the limits of the step allow.
    """
    whole: float | None = None
    for number, share in enumerate(settings.shares):
        whole, limits = _load(file(number)) or (whole, None)
        if whole is None:
            whole = total(found)
        if limits is None:
            limits = cheapest(found, squares(), share * whole)
            _save(file(number), whole, limits)
        for part, limit in zip(found, limits, strict=True):
            part.kernel.quantizer.limits = limit
        yield total(found, limits) / max(whole, 1e-30)


def _save(path: Path, whole: float, limits: Limits) -> None:
    with whole_file(path) as partial, partial.open("wb") as file:
        np.savez(file, np.float64(whole), *limits)


def _load(path: Path) -> tuple[float, Limits] | None:
    if not path.exists():
        return None
    with np.load(path, allow_pickle=False) as arrays:
        whole, *limits = [arrays[f"arr_{number}"] for number in range(len(arrays.files))]
    return float(whole), limits
