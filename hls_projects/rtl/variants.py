"""The variants of a design that `hardware.yaml` names, written and counted, and which of them is the smallest."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from hls_projects.network.network import Network
from hls_projects.progress import Progress
from hls_projects.rtl.forms.assemble import WrittenDesign, write_design
from hls_projects.rtl.record import VariantRecord
from hls_projects.rtl.synthesis.cell_counts import count_cells_of
from hls_projects.settings import HardwareSettings


@dataclass(frozen=True)
class Variants:
    """The same network built in several ways.

    Attributes:
        designs: the designs, in the order of `hardware.yaml`.
        folders: that hold them.
        records: size and latency of each.
        reason: why cells were not counted, where they were not.
    """

    designs: tuple[WrittenDesign, ...]
    folders: tuple[Path, ...]
    records: tuple[VariantRecord, ...]
    reason: str

    @property
    def kept(self) -> int:
        """The number of the smallest."""
        return smallest(self.records)


def smallest(records: Sequence[VariantRecord]) -> int:
    """The number of the smallest variant: by synthesised LUTs where there are any; an estimate never beats a count."""
    return min(range(len(records)), key=lambda number: _size(records[number]))


def build_variants(
    network: Network, hardware: HardwareSettings, work: Path, progress: Progress, warn: Callable[[str], None]
) -> Variants:
    """Build and synthesise every variant.

    Args:
        network: the lowered model, with the image builder in front of it where it starts from candidates.
        hardware: form, variants, and how long the synthesis of one may take.
        work: folder for the designs; what stands there of an earlier run is removed.
        progress: shows how far it is.
        warn: is told that yosys is missing.

    Raises:
        UnsupportedModelError: a network that cannot be built in this form.
    """
    settings = hardware.rtl
    folders = tuple(work / f"variant{number}" for number in range(len(settings.variants)))
    designs = []
    with progress("building", len(folders), "variants") as advance:
        for folder, variant in zip(folders, settings.variants, strict=True):
            shutil.rmtree(folder, ignore_errors=True)
            designs.append(write_design(network, hardware.name, settings, variant, folder, hardware.builder))
            advance(1)
    estimates = [design.estimate for design in designs]
    counted, reason = count_cells_of(folders, estimates, settings.synthesis_seconds, progress, warn)
    records = tuple(
        VariantRecord(
            variant=variant,
            latency=design.design.latency,
            estimate=round(design.estimate),
            registers=design.registers,
            synthesis=cells,
        )
        for variant, design, cells in zip(settings.variants, designs, counted, strict=True)
    )
    return Variants(tuple(designs), folders, records, reason)


def _size(record: VariantRecord) -> tuple[bool, int]:
    counted = record.synthesis
    return (True, record.estimate) if counted is None else (False, counted.lut)
