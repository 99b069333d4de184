"""The grouping of towers into jets: panoptic quality of every class, float and quantized."""

from __future__ import annotations

from typing import Any

from data_prep.events.batch import TOWER_CLASSES
from pipeline.report.event_differences import from_float
from pipeline.report.event_results import event_settings
from pipeline.report.results import QUANTIZED, display_order, titles
from pipeline.report.run_folder import RunFolder, reading
from pipeline.report.section import Section, Tile, fraction


def values(run: RunFolder) -> dict[str, Any]:
    """Panoptic, segmentation and recognition quality by class."""
    metrics = run.json("30_model", "metrics.json")
    names = titles(run)
    with reading("30_model/metrics.json"):
        panoptic = metrics["panoptic"]
        networks = [{"title": names.get(name, name)} | panoptic[name] for name in display_order(panoptic)]
        events = metrics["events"]
        changes = from_float(metrics, "panoptic", {"any_jet": "PQ of any jet", "mean": "mean PQ over classes"})
    return {
        "classes": TOWER_CLASSES,
        "networks": networks,
        "events": events,
        "changes": changes,
        "settings": event_settings(run).detection,
    }


def tiles(run: RunFolder) -> list[Tile]:
    """The panoptic quality of the quantized network."""
    metrics = run.json("30_model", "metrics.json")
    with reading("30_model/metrics.json"):
        if "panoptic" not in metrics:
            return []
        description = "panoptic quality of the quantized network, mean over classes"
        return [(fraction(metrics["panoptic"][QUANTIZED]["mean"], 3), description)]


SECTION = Section(
    170,
    "Panoptic",
    "Towers grouped into jets",
    values,
    tasks=frozenset({"panoptic"}),
    subject="Panoptic segmentation of events",
    tiles=tiles,
)
