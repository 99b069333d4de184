"""The unrolled form: a whole image every clock."""

from __future__ import annotations

from hls_projects.rtl.clocked.machine import Machine, Pipelining, port_intervals
from hls_projects.rtl.logic.trace import Logic


def unrolled(logic: Logic, name: str, pipelining: Pipelining) -> tuple[Machine, int]:
    """Pipeline the logic of a whole network.

    Args:
        logic: what `trace` made.
        name: of the design.
        pipelining: where registers go.

    Returns:
        the machine, and its latency in clocks.
    """
    machine = Machine(name, pipelining)
    intervals = [interval for port in logic.network.graph.inputs for interval in port_intervals(port)]
    image = machine.input(intervals, (len(intervals),))
    return machine, machine.output([machine.pipelined("stage", logic.comb, [image.signal], image.time)])
