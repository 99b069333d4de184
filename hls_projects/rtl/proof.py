"""Trained model = interpreter = fast emulator = simulated RTL, on every vector."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from tensorflow import keras

from data_prep.errors import PipelineError
from hls_projects.hls.emulated_outputs import EmulatedOutputs
from hls_projects.network.graph import Graph
from hls_projects.proof.compare import Tally, at_ports, count, predict, summarise, with_activation
from hls_projects.proof.compared import Compared
from hls_projects.proof.record import LayerProof, Proof
from hls_projects.proof.vectors import RawSource, SomeVectors, SourceOf, Vectors, VectorSource, raw_inputs
from hls_projects.rtl.simulation.ghdl import VhdlSimulator
from hls_projects.rtl.simulation.simulated import Simulated
from hls_projects.rtl.simulation.traffic import Traffic
from hls_projects.rtl.simulation.verilator import VerilogSimulator

Integers = npt.NDArray[np.int64]
Form = Callable[[list[Integers]], Sequence[npt.NDArray[Any]]]
"""Raw inputs [vectors, …] to raw outputs [vectors, …]."""

VERILOG, VHDL = "simulated Verilog", "simulated VHDL"


@dataclass(frozen=True)
class RtlComparison:
    """The result of the comparison.

    Attributes:
        proof: a line an output and form.
        verilog: what the Verilog was driven with.
        vhdl: what the VHDL was driven with; none where it was not simulated.
        outputs: int64 [vectors, …] an output of the simulated Verilog for the vectors that are data.
    """

    proof: Proof
    verilog: Traffic
    vhdl: Traffic | None
    outputs: list[Integers]


@dataclass(frozen=True)
class VectorBatch:
    """Some vectors of one kind.

    Attributes:
        kind: what they are.
        number: of the first.
        inputs: one array [vectors, …] an input: values, or raw integers of the ports.
        raw: the same as raw integers of the ports.
    """

    kind: str
    number: int
    inputs: tuple[Vectors, ...] | tuple[Integers, ...]
    raw: list[Integers]

    @property
    def flat(self) -> Integers:
        """int64 [vectors, elements of all inputs]."""
        return np.concatenate([x.reshape(len(x), -1) for x in self.raw], axis=1)


def prove(
    trained: keras.Model,
    graph: Graph,
    forms: Mapping[str, Form],
    verilog: VerilogSimulator,
    vhdl: VhdlSimulator | None,
    vhdl_vectors: int,
    vectors: Sequence[VectorSource | RawSource],
    batch: int,
    advance: Callable[[int], None] = lambda n: None,
    given: Callable[[VectorBatch], tuple[Vectors, ...]] | None = None,
) -> RtlComparison:
    """Compare the outputs of the trained model with every form of the hardware.

    Args:
        trained: the model before lowering, in exact inference.
        graph: the lowered model, with the image builder where the hardware starts from candidates.
        forms: software forms by name, such as interpreter and fast emulator.
        verilog: the compiled Verilog; it gets every vector.
        vhdl: the compiled VHDL, which is much slower.
        vhdl_vectors: how many vectors it gets, some of every kind.
        vectors: test vectors by kind.
        batch: vectors at a time.
        advance: called with the number of vectors done.
        given: the inputs of the trained model, of a batch; those of the hardware where there are none.

    Raises:
        ProofFailedError: when a simulation breaks the timing of the ports.
    """
    given = given or (lambda part: at_ports(part.inputs, graph))
    names = [*forms, VERILOG, *([VHDL] if vhdl else [])]
    tallies = {Compared(output=i, form=n).name: Tally(port.type) for n in names for i, port in enumerate(graph.outputs)}

    def check(
        part: VectorBatch, expected: list[npt.NDArray[np.float32]], name: str, results: Sequence[npt.NDArray[Any]]
    ) -> None:
        for i, port in enumerate(graph.outputs):
            values = port.type.to_float(results[i].reshape(len(part.raw[0]), *port.shape))
            activated = with_activation(values, port.left_out)
            title = Compared(output=i, form=name).name
            count(tallies[title], title, expected[i], activated, part.number, part.kind, on_grid=port.left_out is None)

    kept: list[list[Integers]] = []
    seen: list[Traffic] = []
    for part, simulated in _simulated(verilog, _batches(graph, vectors, batch)):
        expected = predict(trained, given(part))
        for name, form in forms.items():
            check(part, expected, name, form(part.raw))
        outputs = _split(simulated.outputs, graph)
        check(part, expected, VERILOG, outputs)
        seen.append(simulated.traffic)
        if part.kind.endswith("data"):
            kept.append(outputs)
        advance(len(part.raw[0]))
    traffic = None
    if vhdl is not None:
        share = -(-vhdl_vectors // len(vectors))
        few: list[SourceOf[Any]] = [SomeVectors(source, np.arange(min(share, source.count))) for source in vectors]
        parts = list(_batches(graph, few, share))
        # In one go, for GHDL elaborates the design anew each time, which takes longer than to simulate some vectors.
        (simulated,) = vhdl.run([np.concatenate([part.flat for part in parts])])
        ends = np.cumsum([len(part.raw[0]) for part in parts])[:-1]
        for part, rows in zip(parts, np.split(simulated.outputs, ends), strict=True):
            check(part, predict(trained, given(part)), VHDL, _split(rows, graph))
        traffic = simulated.traffic
    outputs = [np.concatenate(batches) for batches in zip(*kept, strict=True)]
    return RtlComparison(summarise(tallies, vectors), Traffic.total(seen), traffic, outputs)


def _batches(graph: Graph, vectors: Sequence[SourceOf[Any]], size: int) -> Iterator[VectorBatch]:
    number = 0
    for source in vectors:
        for inputs in source.batches(size):
            yield VectorBatch(source.kind, number, inputs, raw_inputs(graph.inputs, inputs))
            number += len(inputs[0])


def _simulated(simulator: VerilogSimulator, batches: Iterator[VectorBatch]) -> Iterator[tuple[VectorBatch, Simulated]]:
    """Every batch with what the simulator gave for it; the simulator works ahead."""
    waiting: deque[VectorBatch] = deque()

    def flat() -> Iterator[Integers]:
        for part in batches:
            waiting.append(part)
            yield part.flat

    for simulated in simulator.run(flat()):
        yield waiting.popleft(), simulated


def _split(outputs: Integers, graph: Graph) -> list[Integers]:
    sizes = [int(np.prod(port.shape)) for port in graph.outputs]
    parts = np.split(outputs, np.cumsum(sizes)[:-1], axis=1)
    return [part.reshape(-1, *port.shape) for part, port in zip(parts, graph.outputs, strict=True)]


def with_hls(proof: Proof, graph: Graph, csim: Path, outputs: list[Integers]) -> Proof:
    """Add the comparison with the HLS emulation, of the data vectors that both were given.

    Args:
        proof: of model and RTL.
        graph: its output ports.
        csim: the proof of the HLS emulation, its integers beside it (`.npz`) where it was given data.
        outputs: of the simulated Verilog for the same data.

    Raises:
        PipelineError: when the HLS emulation is not proven, or was given other data.
    """
    hls_proof = Proof.load(csim)
    if hls_proof.status != "proven":
        raise PipelineError("the HLS emulation is not proven", file=csim, remedy="run `csim` again")
    if not outputs:
        return proof
    hls = EmulatedOutputs.load(csim.with_suffix(".npz")).raw
    # Where the HLS emulation ran on some of the data only, the integers are those of the fast emulator that equals it.
    form = "fast emulation" if hls_proof.available else "HLS emulation"
    layers, mismatches = list(proof.layers), 0
    for i, (port, expected, simulated) in enumerate(zip(graph.outputs, hls, outputs, strict=True)):
        if expected.size != simulated.size:
            raise PipelineError("the HLS emulation was run on other data", file=csim, remedy="run `csim` again")
        differ = int((expected.reshape(simulated.shape) != simulated).sum())
        title = Compared(output=i, form=f"{VERILOG} and {form}").name
        layers.append(LayerProof(name=title, type=port.type.name, values=simulated.size, mismatches=differ))
        mismatches += differ
    if mismatches:
        reason = f"{mismatches} integers of the simulated Verilog and the HLS emulation differ"
        return proof.model_copy(update={"status": "failed", "reason": reason, "mismatches": mismatches})
    total = sum(layer.values for layer in layers)
    return proof.model_copy(update={"layers": tuple(layers), "reason": f"all {total} integers are equal"})
