"""The streamed form: an image comes in some rows a clock, and every layer works on the rows that are there.

A tensor is a flow: beats of some rows, one every few clocks. A layer whose windows reach over beats keeps the rows
before in registers (its line buffer); rows outside the image are zeroed at the beats where they are. Every delay is
constant, so the control is one bit that walks along with the image, a tick a clock. Layers that need no rows of other
beats are fused into one pipelined block.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from alkaid.trace.fixed_variable import FVariable

from data_prep.errors import UnsupportedModelError
from hls_projects.blocks.compose import builder_of
from hls_projects.network.graph import Node
from hls_projects.network.layer import plain_layer
from hls_projects.network.network import Network
from hls_projects.rtl.clocked.flow import Flow, Segment
from hls_projects.rtl.clocked.machine import Machine, Pipelining, Wires, port_intervals
from hls_projects.rtl.forms.rewrite import row_by_row
from hls_projects.rtl.forms.serial_builder import check_serial, serial_image
from hls_projects.rtl.logic.quantizer import Form
from hls_projects.rtl.logic.tracer import Tracer
from hls_projects.rtl.logic.values import ADDERS, Tensor


@dataclass(frozen=True)
class Streamed:
    """A streamed design.

    Attributes:
        machine: its clocked logic.
        beats: clocks in which an image, or its candidates, come in.
        interval: clocks from the begin of an image to that of the next, at least.
        interval_step: an image may also come a multiple of this many clocks later.
        latency: clocks.
    """

    machine: Machine
    beats: int
    interval: int
    interval_step: int
    latency: int


def streamed(network: Network, name: str, rows: int, pipelining: Pipelining, form: Form = "bits") -> Streamed:
    """Stream a network.

    Args:
        network: the lowered model, with one image as its only input.
        name: of the design.
        rows: of the image in one clock.
        pipelining: where registers go; its `cutoff`.
        form: how quantizers saturate.

    Raises:
        UnsupportedModelError: where the network or the number of rows cannot be streamed, and why.
    """
    return _Streamer(row_by_row(network), Machine(name, pipelining), Tracer(form)).run(rows)


def of_candidates(
    network: Network, name: str, per_clock: int, rows: int | None, pipelining: Pipelining, form: Form = "bits"
) -> Streamed:
    """A network of candidates that come some a clock.

    Args:
        network: the image builder and the lowered model behind it.
        name: of the design.
        per_clock: candidates in one clock.
        rows: of the image in one clock through the network; none for the whole image at once.
        pipelining: where registers go; its `cutoff`.
        form: how quantizers saturate.

    Raises:
        UnsupportedModelError: where the network cannot be streamed with these numbers, and why.
    """
    return _Streamer(row_by_row(network), Machine(name, pipelining), Tracer(form)).run_candidates(per_clock, rows)


class _Streamer:
    """Streams a network node by node."""

    def __init__(self, network: Network, machine: Machine, tracer: Tracer) -> None:
        self.network = network
        self.machine = machine
        self.tracer = tracer
        self.step = 1
        self.least = 1
        ends = [port.name for port in network.graph.outputs]
        names = [name for node in network.graph.layers for name in node.inputs] + ends
        self.users = {name: names.count(name) for name in names}

    def run(self, rows: int) -> Streamed:
        """Stream an image that comes in by rows."""
        ports = self.network.graph.inputs
        if len(ports) != 1 or len(ports[0].shape) != 3:
            raise UnsupportedModelError("only a network with one image as input can be streamed", remedy="unroll it")
        height, columns, channels = ports[0].shape
        _check_rows(height, rows)
        beat = ports[0].model_copy(update={"shape": (rows, columns, channels)})
        image = self._at(self.machine.input(port_intervals(beat), beat.shape), height // rows, 1)
        latency = self._rest({ports[0].name: image}, self.network.graph.layers)
        beats = height // rows
        return Streamed(self.machine, beats, self._interval(beats), self.step, latency)

    def run_candidates(self, per_clock: int, rows: int | None) -> Streamed:
        """Stream an image that is built of candidates, by rows or as a whole."""
        nodes = self.network.graph.layers
        first = builder_of(self.network)
        if first is None or first.builder is None:
            raise UnsupportedModelError("this network takes images, not candidates", remedy="compose it with a builder")
        beats = check_serial(first.builder, per_clock)
        height = first.shape[0]
        by = rows or next(n for n in range(1, height + 1) if height % n == 0 and height // n <= beats)
        _check_rows(height, by)
        # One candidate a clock leaves the clocks to write one pixel a clock.
        taken = None if rows is None and per_clock == 1 else by
        flow = serial_image(self.machine, first.builder, first.result, self.tracer.form, per_clock, taken)
        if rows is None:
            flow = self._gathered(flow, flow.beats, f"{first.name}_image")
        if self.users[first.name] > 1:
            flow = self._at(self._closed(flow, first.name), flow.beats, flow.every)
        latency = self._rest({first.name: flow}, nodes[1:])
        return Streamed(self.machine, beats, self._interval(max(beats, height // by)), self.step, latency)

    def _interval(self, clocks: int) -> int:
        """The smallest interval between images that come in so many clocks: all layers are done with one by then."""
        return -(-max(clocks, self.least) // self.step) * self.step

    def _rest(self, flows: dict[str, Flow], nodes: Sequence[Node]) -> int:
        """Stream the nodes and connect the outputs; returns the latency in clocks."""
        for node in nodes:
            flow = self._layer(node, [flows[name] for name in node.inputs])
            if self.users.get(node.name, 0) > 1:
                flow = self._at(self._closed(flow, node.name), flow.beats, flow.every)
            flows[node.name] = flow
        results = []
        for port in self.network.graph.outputs:
            whole = self._gathered(flows[port.name], flows[port.name].beats, f"{port.name}_whole")
            results.append(self._closed(whole, f"{port.name}_result"))
        return self.machine.output(results)

    def _layer(self, node: Node, inputs: list[Flow]) -> Flow:
        rows = plain_layer(node.kind).rows
        if len(inputs) > 1:
            inputs = self._aligned(inputs, node.name)
        elif rows == "window" and inputs[0].beats > 1:
            return self._windowed(node, inputs[0])
        elif rows in ("repeated", "spread") and _has_clocks(node, inputs[0]):
            return self._one_by_one(node, inputs[0])
        elif rows == "moved" and not _keeps_rows(node, inputs[0]):
            inputs = [self._gathered(inputs[0], inputs[0].beats, node.name)]
        elif rows == "added" and node.padding[0] != (0, 0) and inputs[0].beats > 1:
            raise UnsupportedModelError(
                f"layer '{node.name}' adds rows, and a stream has no clocks for them",
                remedy="pad in the convolution (padding='same'), or unroll the network",
            )
        return self._local(node, inputs)

    def _local(self, node: Node, inputs: list[Flow], values: Tensor | None = None) -> Flow:
        """A layer that needs nothing but the beat at hand."""
        first = inputs[0]
        given = [flow.values for flow in inputs] if values is None else [values]
        shape = node.shape
        if first.beats > 1:
            shape = (node.shape[0] // first.beats, *node.shape[1:])
        outputs = self.tracer.layer(
            node.model_copy(update={"shape": shape}), self.network.weights.get(node.name), given
        )
        return Flow(first.beats, first.every, outputs, first.segment)

    def _windowed(self, node: Node, flow: Flow) -> Flow:
        """A layer whose windows reach over `node.window[0]` rows."""
        window, stride, (above, below) = node.window[0], node.strides[0], node.padding[0]
        rows, height, rows_out = flow.rows, flow.rows * flow.beats, node.shape[0]
        out = rows // stride if rows % stride == 0 else 1
        steps = out * stride // rows if rows % stride == 0 or stride % rows == 0 else 0
        if not steps or rows_out % out:
            raise UnsupportedModelError(
                f"layer '{node.name}' makes {rows_out} rows of {height} with a stride of {stride}, which does not fit "
                f"{rows} rows a clock",
                remedy="choose another number of rows a clock, or unroll the network",
            )
        beats, needed = rows_out // out, (out - 1) * stride + window
        last = (out - 1) * stride - above + window - 1
        arrival = last // rows
        """The beat with the last row that the first output needs."""
        start = -above - arrival * rows
        """The first row of the window, counted from the first of that beat."""
        held = -(start // rows)
        update = {"shape": (out, *node.shape[1:]), "padding": ((0, 0), node.padding[1])}
        node = node.model_copy(update=update)
        weights = self.network.weights.get(node.name)
        if held <= 0 and not above and not below and steps == 1 and flow.beats == beats:
            values = self.tracer.layer(node, weights, [flow.values[start : start + needed]])
            return Flow(beats, flow.every, values, flow.segment)
        wires = self._closed(flow, f"{node.name}_rows")
        times = [wires.time + (arrival + m * steps) * flow.every for m in range(beats)]
        ticks = range(wires.time, times[-1] + 1, flow.every)
        virtual = len(ticks) - flow.beats
        if flow.every > 1 and virtual > 0:
            # The rows of zeros below an image take clocks too: one before the next image begins, more at its own ones.
            self.least = max(self.least, flow.beats * flow.every)
            self.step = math.lcm(self.step, flow.every if virtual > 1 else 1)
        segment = Segment(times[0])
        seen = self._history(segment, wires, held, list(ticks), flow.every, node.name)
        block = seen[start + held * rows : start + held * rows + needed]
        for row in range(needed):
            outside = [m for m in range(beats) if not 0 <= m * out * stride - above + row < height]
            if outside:
                block[row] = self._zeroed(segment, block[row], [times[m] for m in outside], len(outside) == beats)
        return Flow(beats, flow.every * steps, self.tracer.layer(node, weights, [block]), segment)

    def _one_by_one(self, node: Node, flow: Flow) -> Flow:
        """A row that becomes several: one after the other, so that what is behind works on one at a time."""
        name, count = node.name, node.window[0]
        self.least = max(self.least, flow.beats * flow.every)
        wires, every = self._closed(flow, f"{name}_row"), flow.every // count
        times = [wires.time + n * flow.every for n in range(flow.beats)]
        if wires.signal.size:
            held = self.machine.register(f"{name}_held", wires.signal, self.machine.any_tick(times))
            wires = Wires(held, wires.intervals, wires.shape, wires.time)
        segment = Segment(wires.time + 1)
        row = segment.read(wires)
        if plain_layer(node.kind).rows == "spread":
            zeros = [time + 1 + k * every for time in times for k in range(1, count)]
            row = self._zeroed(segment, row, zeros, always=False)
        one = node.model_copy(update={"shape": (1, *node.shape[1:]), "window": (1, node.window[1])})
        return Flow(flow.beats * count, every, self.tracer.layer(one, None, [row]), segment)

    def _history(self, segment: Segment, wires: Wires, held: int, ticks: list[int], every: int, name: str) -> Tensor:
        """The rows of the last beats and this one, the oldest first; a register a beat."""
        if held <= 0:
            return segment.read(wires).copy()
        enable = None if every == 1 else self.machine.any_tick(ticks)
        pieces = [wires]
        for number in range(held):
            before = pieces[-1]
            signal = before.signal
            if signal.size:
                signal = self.machine.register(f"{name}_line{number + 1}", signal, enable)
            pieces.append(Wires(signal, before.intervals, before.shape, before.time))
        return np.concatenate([segment.read(piece) for piece in reversed(pieces)], axis=0)

    def _zeroed(self, segment: Segment, row: Tensor, times: Sequence[int], always: bool) -> Tensor:
        """A row that is zero at some beats."""
        if always:
            return self.tracer.constants(np.zeros(row.shape))
        bit = FVariable(0.0, 1.0, 1.0, hwconf=ADDERS, latency=0.0)
        segment.sources.append(self.machine.any_tick(times))
        segment.inputs.append(np.array([bit], dtype=object))
        result = np.empty(row.shape, dtype=object)
        for index, value in np.ndenumerate(row):
            zero = value.from_const(0.0, hwconf=ADDERS)
            result[index] = value if value.low == value.high == 0 else bit.msb_mux(zero, value)
        return result

    def _gathered(self, flow: Flow, beats: int, name: str) -> Flow:
        """The same tensor with `beats` beats made one."""
        if beats == 1:
            return flow
        wires = self._closed(flow, f"{name}_rows")
        ticks = [wires.time + n * flow.every for n in range(flow.beats)]
        segment = Segment(wires.time + (beats - 1) * flow.every)
        values = self._history(segment, wires, beats - 1, ticks, flow.every, name)
        return Flow(flow.beats // beats, flow.every * beats, values, segment)

    def _aligned(self, flows: list[Flow], name: str) -> list[Flow]:
        """Flows with beats of equal size at equal times, in one segment."""
        beats = math.gcd(*(flow.beats for flow in flows))
        wires = []
        for number, flow in enumerate(flows):
            wide = self._gathered(flow, flow.beats // beats, f"{name}_{number}_wide")
            wires.append(self._closed(wide, f"{name}_{number}_side"))
            every = wide.every
        time = max(side.time for side in wires)
        segment = Segment(time)
        late = [self.machine.delayed(side, time - side.time, f"{name}_{i}_late") for i, side in enumerate(wires)]
        return [Flow(beats, every, segment.read(side), segment) for side in late]

    def _at(self, wires: Wires, beats: int, every: int) -> Flow:
        """Numbers in a register as the begin of a segment."""
        segment = Segment(wires.time)
        return Flow(beats, every, segment.read(wires), segment, wires)

    def _closed(self, flow: Flow, name: str) -> Wires:
        """The numbers of a flow in a register."""
        if flow.wires is not None:
            return flow.wires
        segment = flow.segment
        return self.machine.block(name, segment.sources, segment.flat, flow.values, segment.time)


def _has_clocks(node: Node, flow: Flow) -> bool:
    """Whether the rows that one row becomes can leave one by one before the next comes."""
    return flow.beats > 1 and flow.rows == 1 and node.window[0] > 1 and flow.every % node.window[0] == 0


def _keeps_rows(node: Node, flow: Flow) -> bool:
    """Whether a layer that moves numbers moves them within their row alone."""
    return len(node.shape) == 3 and node.shape[0] == flow.rows * flow.beats


def _check_rows(height: int, rows: int) -> None:
    if height % rows:
        raise UnsupportedModelError(
            f"{rows} rows a clock do not divide an image of {height} rows", remedy="choose a divisor of it"
        )
