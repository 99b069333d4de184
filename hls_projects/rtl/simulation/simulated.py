"""Input and output of every simulator, and the error for a design that breaks the timing of its ports."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from data_prep.errors import ProofFailedError
from hls_projects.rtl.design import RtlDesign
from hls_projects.rtl.simulation.traffic import Schedule, Traffic

Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Simulated:
    """A simulated batch.

    Attributes:
        outputs: int64 [vectors, outputs], raw integers in the order of the vectors.
        traffic: what was driven to get them.
    """

    outputs: Integers
    traffic: Traffic


def checked_vectors(design: RtlDesign, vectors: Integers) -> Integers:
    """The vectors of a batch as contiguous int64 [vectors, elements].

    Raises:
        ValueError: when their number of elements is not the design's, or a value does not fit its port.
    """
    flat = np.ascontiguousarray(vectors, dtype=np.int64)
    sizes = [int(np.prod(port.shape)) for port in design.inputs]
    if flat.ndim != 2 or flat.shape[1] != sum(sizes):
        raise ValueError(f"vectors of shape [n, {sum(sizes)}] are needed, not {list(flat.shape)}")
    first = 0
    for port, size in zip(design.inputs, sizes, strict=True):
        part = flat[:, first : first + size]
        if part.size and (part.min() < port.type.raw_min or part.max() > port.type.raw_max):
            raise ValueError(f"a value does not fit input '{port.name}' of type {port.type}")
        first += size
    return flat


def broken(design: RtlDesign, plan: Schedule, fault: tuple[int, int, str], first: int, file: Path) -> ProofFailedError:
    """The error for a design whose `out_valid` is not what the schedule says.

    Args:
        design: the design.
        plan: what was driven.
        fault: the clock, the vector (-1: none) and `low`, `high` or `undefined`, or `data` for undefined outputs.
        first: number of the first vector of the batch.
        file: what was simulated.
    """
    clock, row, level = fault
    where = f"in clock {clock} ({plan.phase(clock)})"
    after = f"{design.latency} clocks after in_valid"
    vector = f"vector {first + row}" if row >= 0 else "no vector"
    if level == "data":
        text = f"out_data holds undefined bits {where}, where the result of {vector} stands"
    elif level == "low":
        text = f"out_valid is low {where}, where the result of {vector} is due, {after}"
    elif level == "high":
        text = f"out_valid is high {where}, where no result is due (last begun: {vector})"
    else:
        text = f"out_valid is undefined {where} (last begun: {vector})"
    return ProofFailedError(f"'{design.name}' breaks the timing of its ports: {text}", file=file)
