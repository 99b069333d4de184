"""One event as people look at it: its towers, their truth and what a network says, with the jets drawn on them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.colors import ListedColormap, LogNorm
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle

from data_prep.events.batch import QUARK_GLUON, TOWER_CLASSES, TRUTH_CLASSES, EventBatch
from data_prep.grids.trigger_towers import EventGrid
from models.events.maps import Prediction
from models.metrics.jet_matching import JetList
from pipeline.plots.style import COLOURS, style

CLASS_COLOURS = ("#ffffff", "#efe6cf", COLOURS[0], COLOURS[1], COLOURS[2], "#bdbdbd")
"""The colours of `TRUTH_CLASSES`."""
_FOUND_COLOUR = COLOURS[3]
_FAINTEST = 0.5
"""Towers below this transverse energy (GeV) are drawn as empty."""


def first_of_each_kind(batches: Iterable[EventBatch]) -> list[tuple[int, EventBatch]]:
    """The events that are shown: the first of each kind with its number, those with tops before those with bosons.

    The kind of an event is the highest code of its jets (`TOWER_CLASSES`). One without jets is shown only where a kind
    is missing.
    """
    events: dict[int, tuple[int, EventBatch]] = {}
    first, wanted = 0, len(TOWER_CLASSES) - QUARK_GLUON
    for batch in batches:
        for index, (start, stop) in enumerate(zip(batch.jet_offsets[:-1], batch.jet_offsets[1:], strict=True)):
            jet_class = int(batch.jet_kind[start:stop].max(initial=0))
            if jet_class not in events:
                events[jet_class] = first + index, batch.slice(index, index + 1)
        first += len(batch)
        if sum(jet_class >= QUARK_GLUON for jet_class in events) == wanted:
            break
    return [events[jet_class] for jet_class in sorted(events, reverse=True)][:wanted]


def event_display(event: EventBatch, grid: EventGrid, predicted: Prediction | None = None) -> Figure:
    """One event: its calorimeters, the truth of its towers with the truth jets, and the prediction or the tracks.

    Args:
        event: a batch of one event.
        grid: its towers.
        predicted: what a network says; in its place the tracks are drawn where there is none.
    """
    with style():
        image = event.dense()[0, :, event.wrap : event.wrap + event.shape[1]]
        figure = Figure(figsize=(15.3, 5.4), layout="constrained")
        panels = figure.subplots(1, 3, sharex=True, sharey=True)
        drawn = _show_energy(panels[0], "calorimeters", image[..., :2].sum(axis=2), grid)
        _show_classes(panels[1], "truth", event.dense_class()[0], grid)
        for panel in panels[:2]:
            draw_truth(panel, event)
        if predicted is None:
            _show_energy(panels[2], "tracks", image[..., 2:].sum(axis=2), grid)
            draw_truth(panels[2], event)
        else:
            empty = np.zeros(event.shape[:2], np.uint8)
            _show_classes(panels[2], "prediction", empty if predicted.classes is None else predicted.classes, grid)
            if predicted.jets is None:
                draw_truth(panels[2], event)
            else:
                draw_found(panels[2], predicted.jets)
        for panel in panels:
            panel.set_xlabel(r"$\varphi$")
            panel.set_xlim(-np.pi, np.pi)
            panel.set_ylim(-grid.eta_max, grid.eta_max)
        panels[0].set_ylabel(r"$\eta$")
        figure.colorbar(drawn, ax=list(panels), label=r"$E_T$, $p_T$ (GeV)", shrink=0.8, extend="max")
        handles: list[Any] = [
            Patch(facecolor=colour, edgecolor="grey", label=name)
            for colour, name in zip(CLASS_COLOURS, TRUTH_CLASSES, strict=True)
        ]
        if predicted is not None and predicted.jets is not None:
            handles.append(Line2D([], [], color=_FOUND_COLOUR, linestyle="--", label="found jet"))
        figure.legend(handles=handles, loc="outside lower center", ncols=len(handles), frameon=False)
        return figure


def draw_truth(panel: Any, event: EventBatch) -> None:
    """Draw the truth jets of one event: box and axis; a box that crosses φ = π goes on at the other side."""
    for eta, phi, jet_class, box in zip(event.jet_eta, event.jet_phi, event.jet_kind, event.jet_box, strict=True):
        _draw_jet(panel, eta, phi, box, CLASS_COLOURS[jet_class], "-")


def draw_found(panel: Any, jets: JetList) -> None:
    """Draw found jets, each with its pT (GeV)."""
    for pt, eta, phi, box in zip(jets.pt, jets.eta, jets.phi, jets.box, strict=True):
        _draw_jet(panel, eta, phi, box, _FOUND_COLOUR, "--")
        panel.annotate(f"{pt:.0f}", (phi, eta), (5, 5), textcoords="offset points", fontsize="x-small", clip_on=True)


def _draw_jet(panel: Any, eta: float, phi: float, box: npt.NDArray[Any], colour: str, line: str) -> None:
    low, high, left, right = (float(border) for border in box)
    for turn in (-2 * np.pi, 0.0, 2 * np.pi):
        look: dict[str, Any] = {"fill": False, "edgecolor": colour, "linewidth": 2, "linestyle": line}
        panel.add_patch(Rectangle((left + turn, low), right - left, high - low, **look))
    panel.plot([phi], [eta], marker="+", color=colour, markersize=12, markeredgewidth=2)


def _show_energy(panel: Any, title: str, values: npt.NDArray[Any], grid: EventGrid) -> Any:
    look = {"norm": LogNorm(_FAINTEST, 200), "cmap": "viridis"}
    return draw_towers(panel, title, np.where(values >= _FAINTEST, values, np.nan), grid, **look)


def _show_classes(panel: Any, title: str, values: npt.NDArray[Any], grid: EventGrid) -> None:
    draw_towers(
        panel, title, values, grid, cmap=ListedColormap(CLASS_COLOURS), vmin=-0.5, vmax=len(CLASS_COLOURS) - 0.5
    )


def draw_towers(panel: Any, title: str, values: npt.NDArray[Any], grid: EventGrid, **look: Any) -> Any:
    """Draw a value a tower [rows, columns]; what is drawn, for a colour bar."""
    edges = (-np.pi, np.pi, -grid.eta_max, grid.eta_max)
    panel.set_title(title, loc="left", fontweight="bold")
    return panel.imshow(values, extent=edges, origin="lower", interpolation="nearest", aspect="auto", **look)
