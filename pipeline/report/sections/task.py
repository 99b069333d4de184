"""The task in a few sentences: the jets, their images, the network, and the hardware."""

from __future__ import annotations

from typing import Any

from data_prep.events.batch import TOWER_CLASSES
from data_prep.events.settings import EventDescription
from data_prep.store.event_images import holds_events, open_event_dataset
from data_prep.store.jet_images import open_dataset
from hls_projects.hls.project import HlsProject
from pipeline.artefacts.origin import simulation_of
from pipeline.report.run_folder import NotMadeError, RunFolder, reading
from pipeline.report.section import Section


def values(run: RunFolder) -> dict[str, Any]:
    """The images, the network and the design of the run, as far as they are known."""
    images = _description(run)
    project = _project(run)
    files = len(run.manifests["20_images"].inputs) if "20_images" in run.manifests else 0
    network = run.manifests["30_model"].configuration.get("model") if "30_model" in run.manifests else None
    if images is None and project is None:
        raise NotMadeError("nothing of this run has been made", remedy="make it with `make`")
    return {
        "images": images,
        "of_events": isinstance(images, EventDescription),
        "tower_classes": TOWER_CLASSES[1:],
        "task": (network or {}).get("task", "classification"),
        "project": project,
        "simulated": _simulated(run),
        "files": files,
        "network": network,
    }


def _simulated(run: RunFolder) -> dict[str, Any] | None:
    """The configuration of the simulation, in this run or in another run whose sample is used."""
    if "20_images" in run.manifests:
        return simulation_of(run.path / "20_images")
    sample = run.manifests.get("10_root")
    return None if sample is None else sample.configuration.get("generate")


def _description(run: RunFolder) -> Any:
    if "20_images" not in run.manifests:
        return None
    with reading("20_images"):
        folder = run.require("20_images")
        return (open_event_dataset if holds_events(folder) else open_dataset)(folder).metadata


def _project(run: RunFolder) -> HlsProject | None:
    if "50_hls" not in run.manifests:
        return None
    with reading("50_hls/hls.json"):
        return HlsProject.load(run.require("50_hls"))


SECTION = Section(10, "Task", "The task", values)
