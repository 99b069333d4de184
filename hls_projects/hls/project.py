"""`hls.json`: what an HLS project is, as data. Nothing here needs TensorFlow or hls4ml."""

from __future__ import annotations

from pathlib import Path

from data_prep.settings import Settings
from hls_projects.hls.image_builder import HlsBuilder
from hls_projects.hls.jet_finder import HlsFinder
from hls_projects.json_record import JsonRecord
from hls_projects.network.port import Port
from hls_projects.settings import HlsSettings
from models.files.meaning import Meaning


class TracedLayer(Settings):
    """A layer whose output the emulation can show."""

    name: str
    """Layer of the lowered model."""
    size: int
    """Number of its outputs."""


class HlsProject(JsonRecord):
    """What `hls.json` holds: all that is needed to build and run the emulation."""

    format: int = 1
    """Version of this file format."""
    name: str
    """Top function."""
    settings: HlsSettings
    """Backend, io type, part, clock."""
    inputs: tuple[Port, ...]
    """Inputs in order."""
    outputs: tuple[Port, ...]
    """Outputs in order."""
    traced: tuple[TracedLayer, ...]
    """Layers in the order of the data flow; those that hls4ml leaves out as identities are missing."""
    builder: HlsBuilder | None = None
    """The image builder, and how the top function from candidates is called; none where images come ready-made."""
    finder: HlsFinder | None = None
    """The jet finder behind the network, and how the top function to the list of jets is called; none where the network
    gives no heatmap."""
    meaning: Meaning | None = None
    """What inputs and outputs of the network are; none where that is not known, as of a model that was brought."""

    @property
    def top(self) -> str:
        """The function that is exported: from candidates on where the project builds the images."""
        return f"{self.name}_candidates" if self.builder else self.name

    @property
    def top_inputs(self) -> tuple[Port, ...]:
        """What that function takes."""
        return self.builder.builder.ports if self.builder else self.inputs

    @classmethod
    def load(cls, project: Path) -> HlsProject:
        """Read `hls.json` of a project folder.

        Raises:
            InputFileError: when there is no such file or it holds something else.
        """
        return cls.read(project / "hls.json", "HLS project", "convert")
