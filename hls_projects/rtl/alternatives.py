"""What the other forms of a design would take: traced, and neither written nor proven."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from data_prep.errors import UnsupportedModelError
from hls_projects.blocks.compose import builder_of
from hls_projects.blocks.image_builder import ImageBuilder
from hls_projects.network.network import Network
from hls_projects.progress import Progress
from hls_projects.rtl.build_builder import build_builder, other_forms
from hls_projects.rtl.cell_counts import count_cells_of
from hls_projects.rtl.machine import Pipelining
from hls_projects.rtl.record import Alternative, BuilderRecord
from hls_projects.rtl.rewrite import pool_first
from hls_projects.rtl.streamed import of_candidates, streamed
from hls_projects.settings import HardwareSettings, VariantSettings


def streamed_forms(
    network: Network, hardware: HardwareSettings, variant: VariantSettings, progress: Progress
) -> tuple[list[Alternative], str]:
    """The network streamed by every number of rows that goes; from candidates on with a serial builder.

    Args:
        network: the lowered model, with the image builder in front of it where it starts from candidates.
        hardware: which numbers of rows are asked for (`rtl.trade_off`); without them, all that divide the image.
        variant: how the logic is built.
        progress: shows how far it is.

    Returns:
        the forms, and why the first of those that do not go does not.
    """
    settings, per_clock = hardware.rtl, hardware.builder.candidates_per_clock
    source = pool_first(network) if variant.pool_first else network
    pipelining = Pipelining(settings.delay, ternary=variant.ternary)
    first = builder_of(network)
    rows = (first or network.types.inputs[0]).shape[0]
    wanted = settings.trade_off
    if wanted is None:
        wanted = tuple(n for n in range(1, rows) if rows % n == 0)
    forms, reason = [], ""
    with progress("comparing forms", len(wanted), "forms") as advance:
        for number in wanted:
            try:
                if first is None:
                    made = streamed(source, hardware.name, number, pipelining, variant.saturation)
                else:
                    made = of_candidates(source, hardware.name, per_clock, number, pipelining, variant.saturation)
            except UnsupportedModelError as error:
                reason = reason or error.problem
            else:
                forms.append(
                    Alternative(
                        form="streamed",
                        rows=number,
                        interval=made.interval,
                        latency=made.latency,
                        estimate=round(made.machine.estimate),
                        registers=made.machine.registers,
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
    """What the image builder takes alone, synthesised, and what its other forms would.

    Args:
        builder: makes the images.
        image: the network alone, without the builder.
        hardware: form of the builder, and how long its synthesis may take.
        variant: how the logic is built.
        folder: to make, for the builder alone.
        progress: shows how far it is.
        warn: is told that yosys is missing.
    """
    shutil.rmtree(folder, ignore_errors=True)
    port, name = image.types.inputs[0], f"{hardware.name}_image"
    record = build_builder(builder, port, name, hardware.rtl, variant, hardware.builder, folder)
    counted, _ = count_cells_of([folder], [record.estimate], hardware.rtl.synthesis_seconds, progress, warn)
    others = other_forms(builder, port, hardware.rtl, variant)
    kept = [each for each in others if (each.form, each.per_clock) != (record.form, record.per_clock)]
    return record.model_copy(update={"synthesis": counted[0]}), kept
