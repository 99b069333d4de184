"""Figures of the stage `train`: loss and accuracy by epoch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from pipeline.plots.style import COLOURS, style

_ROWS = (("loss", "loss"), ("accuracy", "accuracy"))


def training_curves(history: Mapping[str, Mapping[str, Any]]) -> Figure:
    """Loss and accuracy of each network: training (line) and validation (dashed), the kept epoch marked.

    Args:
        history: by title of the network `loss`, `val_loss`, `accuracy`, `val_accuracy` (one number an epoch) and
            `best_epoch` (index).
    """
    with style():
        columns = max(len(history), 1)
        figure = Figure(figsize=(1.2 + 3.9 * columns, 6.6), layout="constrained")
        panels = figure.subplots(len(_ROWS), columns, sharex="col", sharey="row", squeeze=False)
        for column, (title, curves) in enumerate(history.items()):
            for row, (key, label) in enumerate(_ROWS):
                axes = panels[row, column]
                _draw(axes, curves[key], curves[f"val_{key}"], int(curves["best_epoch"]))
                if column == 0:
                    axes.set_ylabel(label)
            panels[0, column].set_title(title, loc="left", fontsize="x-small", fontweight="bold")
            panels[-1, column].set_xlabel("epoch")
            panels[-1, column].xaxis.set_major_locator(MaxNLocator(nbins=5, integer=True))
        if history:
            panels[0, -1].legend()
        return figure


def _draw(axes: Any, training: Sequence[float], validation: Sequence[float], best: int) -> None:
    epochs = np.arange(1, len(training) + 1)
    axes.plot(epochs, training, color=COLOURS[0], label="training")
    axes.plot(epochs, validation, color=COLOURS[2], linestyle="--", label="validation")
    axes.plot(epochs[best], validation[best], "o", color=COLOURS[2], markersize=7, label="kept")
