"""The size and latency of the other forms of a design: traced, and neither written nor proven."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from data_prep.errors import UnsupportedModelError
from hls_projects.blocks.compose import builder_of
from hls_projects.blocks.image_builder import ImageBuilder
from hls_projects.network.network import Network
from hls_projects.progress import Progress
from hls_projects.rtl.clocked.machine import Pipelining
from hls_projects.rtl.forms.rewrite import pool_first
from hls_projects.rtl.forms.streamed import of_candidates, streamed
from hls_projects.rtl.image_builder_alone import other_forms, write_image_builder
from hls_projects.rtl.record import Alternative, BuilderRecord
from hls_projects.rtl.synthesis.cell_counts import count_cells_of
from hls_projects.settings import HardwareSettings, VariantSettings


def streamed_forms(
    network: Network, hardware: HardwareSettings, variant: VariantSettings, progress: Progress
) -> tuple[list[Alternative], str]:
    """The network streamed with every number of rows that is possible; from candidates on with a serial image builder.

    Args:
        network: the lowered model, with the image builder in front of it where it starts from candidates.
        hardware: which numbers of rows are asked for (`rtl.trade_off`); without them, all that divide the image.
        variant: how the logic is built.
        progress: shows how far it is.

    Returns:
        the forms, and the reason of the first number of rows that is refused.
    """
    settings, per_clock = hardware.rtl, hardware.builder.candidates_per_clock
    source = pool_first(network) if variant.pool_first else network
    pipelining = Pipelining(settings.delay, ternary=variant.ternary)
    first = builder_of(network)
    rows = (first or network.graph.inputs[0]).shape[0]
    row_counts = settings.trade_off
    if row_counts is None:
        row_counts = tuple(n for n in range(1, rows) if rows % n == 0)
    forms, reason = [], ""
    with progress("comparing forms", len(row_counts), "forms") as advance:
        for number in row_counts:
            try:
                if first is None:
                    design = streamed(source, hardware.name, number, pipelining, variant.saturation)
                else:
                    design = of_candidates(source, hardware.name, per_clock, number, pipelining, variant.saturation)
            except UnsupportedModelError as error:
                reason = reason or error.problem
            else:
                forms.append(
                    Alternative(
                        form="streamed",
                        rows=number,
                        interval=design.interval,
                        latency=design.latency,
                        estimate=round(design.machine.estimate),
                        registers=design.machine.registers,
                    )
                )
            advance(1)
    return forms, reason


def builder_forms(
    builder: ImageBuilder,
    image: Network,
    hardware: HardwareSettings,
    variant: VariantSettings,
    folder: Path,
    progress: Progress,
    warn: Callable[[str], None],
) -> tuple[BuilderRecord, list[BuilderRecord]]:
    """The size of the image builder alone, synthesised, and the estimates of its other forms.

    Args:
        builder: the image builder.
        image: the network alone, without the builder.
        hardware: form of the builder, and how long its synthesis may take.
        variant: how the logic is built.
        folder: is created, for the image builder alone.
        progress: shows how far it is.
        warn: is told that yosys is missing.
    """
    shutil.rmtree(folder, ignore_errors=True)
    port, name = image.graph.inputs[0], f"{hardware.name}_image"
    record = write_image_builder(builder, port, name, hardware.rtl, variant, hardware.builder, folder)
    counted, _ = count_cells_of([folder], [record.estimate], hardware.rtl.synthesis_seconds, progress, warn)
    others = other_forms(builder, port, hardware.rtl, variant)
    kept = [other for other in others if (other.form, other.per_clock) != (record.form, record.per_clock)]
    return record.model_copy(update={"synthesis": counted[0]}), kept
