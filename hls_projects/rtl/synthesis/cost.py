"""The size of a network as logic, traced and not written: seconds, where synthesis takes minutes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hls_projects.network.network import Network
from hls_projects.rtl.forms.assemble import AssembledDesign, assemble
from hls_projects.rtl.logic.trace import Logic
from hls_projects.settings import HardwareSettings


@dataclass(frozen=True)
class DesignCost:
    """A design by its compiler.

    Attributes:
        lut: by the cost model; no synthesised count.
        registers: bits as written.
        clocks: from the first pixels to the scores.
        interval: clocks from one image to the next.
        variant: which of the variants of hardware.yaml it is, the smallest.
    """

    lut: float
    registers: int
    clocks: int
    interval: int
    variant: int


def design_cost(network: Network, hardware: HardwareSettings) -> DesignCost:
    """The smallest of the variants that hardware.yaml names.

    Args:
        network: the lowered model, with the image builder in front of it where it starts from candidates.
        hardware: form, depth of the pipeline, variants.

    Raises:
        UnsupportedModelError: a network that cannot be built in this form.
    """
    traces: dict[tuple[bool, str], Logic] = {}
    variants = hardware.rtl.variants
    designs = [
        assemble(network, hardware.name, hardware.rtl, variant, hardware.builder, traces) for variant in variants
    ]
    smallest = min(range(len(designs)), key=lambda number: designs[number].machine.estimate)
    return _cost(designs[smallest], smallest)


def _cost(design: AssembledDesign, number: int) -> DesignCost:
    timing: Mapping[str, int] = design.timing
    machine = design.machine
    return DesignCost(machine.estimate, machine.registers, timing["latency"], timing["interval"], number)
