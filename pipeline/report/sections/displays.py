"""Events as people look at them: image, truth and what the emulated design says, side by side, with the jets."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup

from data_prep.grids.tower_geometry import Towers
from models.tasks.event_maps import Maps
from models.tasks.event_measure import panoptic
from models.tasks.event_settings import EventModelSettings
from models.tasks.jet_lists import found_jets, jet_lists
from pipeline.plots.event_display import Prediction, event_display, first_of_each_kind
from pipeline.plots.style import svg_text
from pipeline.report import svg
from pipeline.report.event_results import BATCH, load_event_results
from pipeline.report.run_folder import RunFolder
from pipeline.report.section import Section
from pipeline.report.sections.events import TASKS


def values(run: RunFolder) -> dict[str, Any]:
    """The first test events of each kind."""
    results = load_event_results(run)
    grid = results.events.dataset.metadata.grid
    figures: list[Markup] = []
    test = results.events.split("test")
    for number, (index, event) in enumerate(first_of_each_kind(test.batches(BATCH))):
        said = prediction(results.maps(index, index + 1), results.settings, results.events.towers)
        label = f"Test event {index}: towers, truth, and output of the emulated design"
        figures.append(svg.inline(svg_text(event_display(event, grid, said)), f"display-{number}", label))
    return {"figures": figures, "task": results.settings.task}


def prediction(maps: Maps, settings: EventModelSettings, towers: Towers) -> Prediction:
    """What a network says about one event, by its task."""
    if settings.task == "segmentation":
        return Prediction(classes=maps.classes()[0])
    found = found_jets(maps, settings.detection)
    jets = jet_lists(found, maps.fraction, settings.detection, towers)[0]
    if settings.task == "detection":
        return Prediction(jets=jets)
    return Prediction(classes=panoptic(maps, settings.detection, towers)[0][0], jets=jets)


SECTION = Section("displays", "Events", "Event displays", values, tasks=TASKS)
