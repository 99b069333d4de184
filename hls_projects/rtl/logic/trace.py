"""A network as logic: every layer traced, nothing shared between pixels, one clock an image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from alkaid.trace import trace as compile_logic
from alkaid.types import CombLogic

from hls_projects.network.network import Network
from hls_projects.rtl.logic.passes import simplified
from hls_projects.rtl.logic.quantizer import Form
from hls_projects.rtl.logic.tracer import Tracer, inputs_of
from hls_projects.rtl.logic.values import Tensor


@dataclass(frozen=True)
class Logic:
    """Combinational logic of a whole network.

    Attributes:
        comb: the compiler's program: all inputs to all outputs, flat, in order.
        network: what it computes.
    """

    comb: CombLogic
    network: Network

    @property
    def estimate(self) -> float:
        """The compiler's own estimate of LUTs; no synthesised count."""
        return float(self.comb.cost)

    def interpret(self, raw: Sequence[npt.NDArray[np.int64]], threads: int = 0) -> list[npt.NDArray[np.int64]]:
        """Run the compiler's interpreter.

        Args:
            raw: int64 [vectors, …] an input, in the type of its port.
            threads: how many; 0 for all cores.

        Returns:
            int64 [vectors, …] an output.
        """
        ports = self.network.graph.inputs
        columns = [port.type.to_float(x.reshape(len(x), -1)) for port, x in zip(ports, raw, strict=True)]
        outputs = self.comb.predict(np.ascontiguousarray(np.concatenate(columns, axis=1)), n_threads=threads)
        results, first = [], 0
        for port in self.network.graph.outputs:
            size = int(np.prod(port.shape))
            values = np.ldexp(outputs[:, first : first + size], port.type.fraction).astype(np.int64)
            results.append(values.reshape(-1, *port.shape))
            first += size
        return results


def trace(network: Network, form: Form = "bits") -> Logic:
    """Trace a network.

    Args:
        network: the lowered model.
        form: how its quantizers saturate.

    Raises:
        UnsupportedModelError: for a quantizer that the RTL does not have.
    """
    tracer = Tracer(form)
    inputs = inputs_of(network)
    tensors: dict[str, Any] = dict(zip((port.name for port in network.graph.inputs), inputs, strict=True))
    for node in network.graph.layers:
        sources = [tensors[name] for name in node.inputs]
        tensors[node.name] = tracer.layer(node, network.weights.get(node.name), sources)
    outputs = [tensors[port.name].ravel() for port in network.graph.outputs]
    return Logic(logic_of(np.concatenate([x.ravel() for x in inputs]), np.concatenate(outputs)), network)


def logic_of(inputs: Tensor, outputs: Tensor) -> CombLogic:
    """The program that makes traced outputs [m] from traced inputs [n], without dead and doubled operations.

    Raises:
        ProofFailedError: when a pass of the compiler changes results on a vector that is tried.
    """
    return simplified(compile_logic(inputs, outputs, optimize=False))
