"""Training curves in the report."""

from __future__ import annotations

from pipeline.plots.style import svg_text
from pipeline.plots.training import training_curves

HISTORY = {
    "loss": [1.0, 0.8, 0.7],
    "val_loss": [0.9, 0.75, 0.8],
    "accuracy": [0.4, 0.5, 0.6],
    "val_accuracy": [0.45, 0.55, 0.5],
    "best_epoch": 1,
}


def test_curves_and_the_kept_epoch() -> None:
    figure = training_curves({"one": HISTORY, "two": HISTORY})
    assert len(figure.axes) == 4
    training, validation, kept = figure.axes[0].lines
    assert training.get_xdata().tolist() == [1, 2, 3]
    assert list(training.get_ydata()) == HISTORY["loss"]
    assert list(validation.get_ydata()) == HISTORY["val_loss"]
    assert (float(kept.get_xdata()[0]), float(kept.get_ydata()[0])) == (2.0, 0.75)
    assert list(figure.axes[2].lines[1].get_ydata()) == HISTORY["val_accuracy"]


def test_the_same_numbers_give_the_same_bytes() -> None:
    assert svg_text(training_curves({"one": HISTORY})) == svg_text(training_curves({"one": HISTORY}))
