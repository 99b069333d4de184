"""A schedule says what a shift register with a reset does."""

from __future__ import annotations

from collections import deque

import numpy as np
import pytest

from data_prep.fixed_point import FixedType
from hls_projects.network.port import Port
from hls_projects.rtl.design import RtlDesign
from hls_projects.rtl.simulation.traffic import TrafficPlan, schedule


def _design(interval: int, step: int, latency: int) -> RtlDesign:
    port = Port(name="x", shape=(interval,), type=FixedType(4, 4))
    return RtlDesign(
        name="dut",
        form="streamed",
        inputs=(port,),
        outputs=(port,),
        beats=interval,
        interval=interval,
        interval_step=step,
        latency=latency,
        verilog=(),
        vhdl=(),
    )


@pytest.mark.parametrize(("interval", "step", "latency"), [(1, 1, 2), (1, 1, 4), (1, 1, 23), (4, 1, 9), (6, 2, 40)])
@pytest.mark.parametrize("images", [1, 2, 7, 11, 150])
def test_results_are_those_of_a_shift_register(interval: int, step: int, latency: int, images: int) -> None:
    design = _design(interval, step, latency)
    for seed in range(20):
        plan = schedule(design, images, TrafficPlan(seed=seed))
        starts, resets = dict(map(tuple, plan.starts)), set(plan.resets.tolist())
        assert len(starts) == len(plan.starts)
        on_the_way: deque[int | None] = deque([None] * latency)
        seen = []
        for clock in range(plan.clocks):
            out = on_the_way.pop()
            if out is not None and clock not in resets:
                seen.append((clock, out))
            on_the_way.appendleft(starts.get(clock))
            if clock in resets:
                on_the_way = deque([None] * latency)
        assert seen == list(map(tuple, plan.results))
        assert sorted(row for _, row in seen) == list(range(images)), "every vector comes out once"
        gaps = np.diff(plan.starts[:, 0])
        pairs = zip(plan.starts[:-1, 0], plan.starts[1:, 0], strict=True)
        between = [bool(resets & set(range(first, second))) for first, second in pairs]
        free = gaps[~np.array(between, dtype=bool)]
        assert (free >= interval).all()
        assert ((free - interval) % step == 0).all()
