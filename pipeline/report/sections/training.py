"""The training of the networks: loss and accuracy by epoch."""

from __future__ import annotations

from typing import Any

from pipeline.plots.style import svg_text
from pipeline.plots.training import training_curves
from pipeline.report import svg
from pipeline.report.results import display_order, titles
from pipeline.report.run_folder import NotMadeError, RunFolder, reading
from pipeline.report.section import Section


def values(run: RunFolder) -> dict[str, Any]:
    """The curves, and each network's best epoch."""
    history = run.json("30_model", "history.json")
    if not history:
        raise NotMadeError("30_model/history.json contains no network", remedy="make it again")
    with reading("30_model/history.json"):
        names = {name: titles(run).get(name, name) for name in display_order(history)}
        networks = [_network(title, history[name]) for name, title in names.items()]
        figure = training_curves({title: history[name] for name, title in names.items()})
    label = "Loss and accuracy of each network on training and validation jets, by epoch"
    return {"figure": svg.inline(svg_text(figure), "training", label), "networks": networks}


def _network(title: str, history: dict[str, Any]) -> dict[str, Any]:
    best = int(history["best_epoch"])
    return {
        "title": title,
        "epochs": len(history["loss"]),
        "best": best + 1,
        "loss": float(history["loss"][best]),
        "val_loss": float(history["val_loss"][best]),
        "val_accuracy": float(history["val_accuracy"][best]),
        "learning_rate": max(float(rate) for rate in history["learning_rate"]),
    }


SECTION = Section(90, "Training", "Training", values)
