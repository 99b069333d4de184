"""Tensors that come in beats, and logic that is still being traced on them."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from alkaid.stateful import Signal

from hls_projects.rtl.clocked.machine import Wires
from hls_projects.rtl.logic.values import Tensor


@dataclass
class Segment:
    """Logic that is still being traced.

    Attributes:
        time: of the first beat at its sources, in clocks.
        sources: the signals it reads.
        inputs: their traced values, flat, a piece a source.
    """

    time: int
    sources: list[Signal] = field(default_factory=list)
    inputs: list[Tensor] = field(default_factory=list)

    def read(self, wires: Wires) -> Tensor:
        """Numbers as new traced values of this segment."""
        values, flat = wires.fresh()
        if wires.signal.size:
            self.sources.append(wires.signal)
            self.inputs.append(flat)
        return values

    @property
    def flat(self) -> Tensor:
        """All inputs, one after the other."""
        return np.concatenate(self.inputs) if self.inputs else np.empty(0, dtype=object)


@dataclass
class Flow:
    """A tensor in beats.

    Attributes:
        beats: how many make the tensor.
        every: clocks from one to the next.
        values: traced values of one beat, [rows, columns, channels] or [values].
        segment: what they are traced in.
        wires: the same values where they stand in a register already.
    """

    beats: int
    every: int
    values: Tensor
    segment: Segment
    wires: Wires | None = None

    @property
    def rows(self) -> int:
        """Rows of one beat."""
        return int(self.values.shape[0])
