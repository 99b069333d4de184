"""The builder of pair images as logic, all pairs in one clock. `PairBuilder.build` says what it must compute.

For few candidates: N of them have N(N - 1)/2 pairs, and every pixel counts those that lie in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
from alkaid.types import CombLogic

from hls_projects.blocks.pair_builder import PairBuilder
from hls_projects.rtl.clocked.machine import Machine, Pipelining, port_intervals
from hls_projects.rtl.clocked.write import write
from hls_projects.rtl.design import RtlDesign
from hls_projects.rtl.forms.pair_serial import turns_of
from hls_projects.rtl.logic.quantizer import Form, quantize
from hls_projects.rtl.logic.trace import logic_of
from hls_projects.rtl.logic.values import (
    Tensor,
    bit,
    both,
    chosen,
    field,
    fresh,
    gated,
    inverted,
    larger,
    objects,
    tree,
    variable,
)


def pair_image(builder: PairBuilder, form: Form, inputs: Sequence[Tensor]) -> Tensor:
    """The image of candidates, [rows, columns, channels].

    Args:
        builder: what is built.
        form: how quantizers saturate.
        inputs: traced values of the builder's ports.
    """
    pt, eta, phi = inputs
    steps = [one * 2.0**builder.candidates.pt.type.fraction for one in pt]
    there = [one.unary_bit_op("any") for one in steps]
    logs = [_logarithm(builder, one) for one in steps]
    around = [_turned(builder, one) for one in phi]
    hits: list[list[tuple[Any, Any]]] = [[] for _ in range(builder.shape[2])]
    for i, j in combinations(range(len(pt)), 2):
        distance = _distance(builder, eta[i] - eta[j], around[i] - around[j])
        row, column = _one_hot(logs[i] + logs[j], builder.rows), _one_hot(distance, builder.columns)
        channel = sum(bound <= i for bound in builder.leading)
        in_row = [gated(both(there[i], there[j]), one) for one in row]
        across = sum((one * 2.0**k for k, one in enumerate(column)), variable(0.0))
        hits[channel].append((in_row, across))
    rows, columns, channels = builder.shape
    made = np.empty(builder.shape, dtype=object)
    for k, r in np.ndindex(channels, rows):
        lit = [gated(in_row[r], across) for in_row, across in hits[k]]
        for c in range(columns):
            count = tree([bit(one, c) for one in lit], lambda a, b: a + b)
            made[r, c, k] = variable(quantize(count, builder.result, form))
    return made


def trace_pairs(builder: PairBuilder, form: Form = "bits") -> CombLogic:
    """The program of the whole builder: all inputs to all pixels, flat, in order."""
    inputs = []
    for port in builder.ports:
        kind = port.type
        inputs.append(objects([fresh(kind.minimum, kind.maximum, kind.step) for _ in range(port.shape[0])]))
    return logic_of(np.concatenate(inputs), pair_image(builder, form, inputs).ravel())


def write_parallel(
    builder: PairBuilder, name: str, folder: Path, pipelining: Pipelining, form: Form = "bits"
) -> RtlDesign:
    """Write the parallel builder alone: an image a clock.

    Args:
        builder: what is built.
        name: top module.
        folder: made; gets `rtl.json`, `verilog/` and `vhdl/`.
        pipelining: where registers go.
        form: how quantizers saturate.
    """
    machine = Machine(name, pipelining)
    intervals = [interval for port in builder.ports for interval in port_intervals(port)]
    given = machine.input(intervals, (len(intervals),))
    latency = machine.output([machine.pipelined("stage", trace_pairs(builder, form), [given.signal], given.time)])
    image = builder.ports[0].model_copy(update={"name": "image", "shape": builder.shape, "type": builder.result})
    design = RtlDesign(
        name=name,
        form="unrolled",
        builder="parallel",
        inputs=builder.ports,
        outputs=(image,),
        beats=1,
        interval=1,
        latency=latency,
        verilog=(),
        vhdl=(),
    )
    folder.mkdir(parents=True)
    return write(machine, design, folder)


def _logarithm(builder: PairBuilder, pt: Any) -> Any:
    """By the leading one, from the lowest bit on; any value where pT is 0."""
    mantissa = builder.mantissa
    found = variable(0.0)
    for position in range(1, builder.candidates.pt.bits):
        taken = min(position, mantissa)
        behind = field(pt, position - taken, taken) * 2.0 ** (mantissa - taken)
        found = chosen(bit(pt, position), behind + float(position << mantissa), found)
    return found


def _turned(builder: PairBuilder, phi: Any) -> Any:
    """φ in one turn from 0 on."""
    first, *others = turns_of(builder)
    found = chosen(phi.is_negative(), phi + float(first), phi).quantize(0, (first - 1).bit_length(), 0)
    for turn in others:
        less = found - float(turn)
        found = chosen(less.is_negative(), found, less).quantize(0, (turn - 1).bit_length(), 0)
    return found


def _distance(builder: PairBuilder, d_eta: Any, d_phi: Any) -> Any:
    """Twice the larger and once the smaller."""
    half_turn = float(builder.candidates.per_pi)
    x, y = _magnitude(d_eta), _magnitude(d_phi)
    y = chosen((half_turn - y).is_negative(), 2 * half_turn - y, y)
    return x + y + larger(x, y)


def _magnitude(value: Any) -> Any:
    return chosen(value.is_negative(), -value, value)


def _one_hot(value: Any, thresholds: Sequence[int]) -> list[Any]:
    """For each pixel along an axis whether the value lies in it."""
    reached = [variable(1.0), *(inverted((value - float(t)).is_negative()) for t in thresholds)]
    above = [*reached[1:], variable(0.0)]
    return [both(low, inverted(high)) for low, high in zip(reached, above, strict=True)]
