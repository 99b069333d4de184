"""The processing before the ports of the design of a run, if it is known."""

from __future__ import annotations

from functools import cache

from data_prep.store.event_images import holds_events, open_event_dataset
from data_prep.store.jet_images import open_dataset
from hls_projects.before_ports import BeforePorts
from hls_projects.hls.project import HlsProject
from pipeline.report.run_folder import RunFolder, reading


@cache
def before_ports(run: RunFolder, *, builder_inside: bool | None = None) -> BeforePorts | None:
    """The processing of the images of this run before the ports; None if it has no images.

    Args:
        run: the run.
        builder_inside: whether the design builds the image itself; None: as in the HLS project.

    Raises:
        NotMadeError: a file of it cannot be read.
    """
    if "20_images" not in run.manifests:
        return None
    if builder_inside is None:
        builder_inside = False
        if "50_hls" in run.manifests:
            with reading("50_hls/hls.json"):
                builder_inside = HlsProject.load(run.require("50_hls")).builder is not None
    with reading("20_images"):
        folder = run.require("20_images")
        images = (open_event_dataset if holds_events(folder) else open_dataset)(folder).metadata
    return BeforePorts.of(images, builder_inside=builder_inside)
