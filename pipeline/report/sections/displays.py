"""Event displays: image, truth and output of the emulated design, side by side, with the jets."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup

from models.events.task import event_task
from pipeline.plots.event_display import event_display, first_of_each_kind
from pipeline.plots.style import svg_text
from pipeline.report import svg
from pipeline.report.event_results import BATCH, load_event_results
from pipeline.report.run_folder import RunFolder
from pipeline.report.section import Section
from pipeline.report.sections.events import TASKS


def values(run: RunFolder) -> dict[str, Any]:
    """The first test events of each kind."""
    results = load_event_results(run)
    task = event_task(results.settings.task)
    grid = results.events.dataset.metadata.grid
    figures: list[Markup] = []
    test = results.events.split("test")
    for number, (index, event) in enumerate(first_of_each_kind(test.batches(BATCH))):
        prediction = task.prediction(results.maps(index, index + 1), results.settings, results.events.towers)
        label = f"Test event {index}: towers, truth, and output of the emulated design"
        figures.append(svg.inline(svg_text(event_display(event, grid, prediction)), f"display-{number}", label))
    return {"figures": figures, "task": results.settings.task}


SECTION = Section(100, "Events", "Event displays", values, tasks=TASKS)
