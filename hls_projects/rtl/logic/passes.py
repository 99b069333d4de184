"""The compiler's passes, each held against the program that went into it.

A pass must not change results. Two of alkaid 0.8.2 do (`_retrace`, `canonicalize_msb_wraps`), and
`const_propagation` folds constants by a rule that does in corners: they are not used. What is used is compared, program
by program, by the compiler's interpreter: all inputs where they are few, else random, extreme, coarse and sparse ones.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
from alkaid.trace.passes import (
    add_surrogate,
    canonical_sort,
    common_subexpr_elimin,
    dead_code_elimin,
    null_quant_elimin,
    topo_bandwidth_sort,
)
from alkaid.trace.passes.canon import canonicalize_outputs
from alkaid.types import CombLogic, QInterval

from data_prep.errors import ProofFailedError

Pass = Callable[[CombLogic], CombLogic]
Values = npt.NDArray[np.float64]

PASSES: tuple[Pass, ...] = (
    canonicalize_outputs,
    dead_code_elimin,
    common_subexpr_elimin,
    dead_code_elimin,
    null_quant_elimin,
    dead_code_elimin,
    add_surrogate,
    canonical_sort,
    topo_bandwidth_sort,
)
"""Passes that make a program smaller and order it, in the order in which they run."""

EXHAUSTIVE = 4096
"""Largest number of combinations of inputs that are all tried."""
VECTORS = 2048
"""Vectors that are tried where there are more combinations."""
_NUMBERS = 2**22
"""Largest number of values in all vectors: programs of many inputs are tried on fewer vectors."""


def simplified(comb: CombLogic, passes: Sequence[Pass] = PASSES) -> CombLogic:
    """A program after some passes, proven on vectors to be the same.

    Raises:
        ProofFailedError: when one of them changes results; the message names it and the values.
    """
    program = comb
    for simplify in passes:
        program = simplify(program)
    inputs = vectors(comb.inp_qint)
    if _difference(comb, [program], inputs) is not None:
        program = comb
        for simplify in passes:
            program = simplify(program)
            require_same(comb, [program], f"the pass `{simplify.__name__}`", inputs)
    return program


def require_same(before: CombLogic, after: Sequence[CombLogic], cause: str, inputs: Values | None = None) -> None:
    """Compare a program with the programs that passes made of it.

    Args:
        before: the program.
        after: programs one after the other, each with the outputs of the one before as its inputs.
        cause: the pass, for the message.
        inputs: float64 [vectors, inputs]; `vectors` of the program if none.

    Raises:
        ProofFailedError: when an output differs.
    """
    difference = _difference(before, after, vectors(before.inp_qint) if inputs is None else inputs)
    if difference is not None:
        output, expected, value = difference
        raise ProofFailedError(
            f"{cause} of the RTL compiler changes results: output {output} is {value:g}, was {expected:g}",
            remedy="please report this network; no logic was written",
        )


def vectors(intervals: Sequence[QInterval], limit: int = EXHAUSTIVE) -> Values:
    """The inputs on which a program is tried: float64 [vectors, inputs], the same every time.

    All combinations where there are at most `limit`. Else the corners; extremes chosen at random; uniform numbers;
    numbers on a coarse grid, whose sums lie on rounding ties more often than others; and vectors of mostly zeros.

    >>> vectors([QInterval(0.0, 0.5, 0.5), QInterval(-1.0, 1.0, 1.0)]).tolist()
    [[0.0, -1.0], [0.0, 0.0], [0.0, 1.0], [0.5, -1.0], [0.5, 0.0], [0.5, 1.0]]
    """
    low, high, step = np.array(intervals, dtype=np.float64).reshape(-1, 3).T
    raw_low, raw_high = (np.rint(bound / step).astype(np.int64) for bound in (low, high))
    counts = raw_high - raw_low + 1
    if np.log2(counts.astype(np.float64)).sum() <= np.log2(limit):
        periods = np.concatenate([np.cumprod(counts[:0:-1])[::-1], [1]])[: len(counts)]
        grid = np.arange(counts.prod())[:, None] // periods % counts
        return np.asarray((grid + raw_low) * step)
    rng = np.random.default_rng(0)
    vectors_of_a_kind = max(min(VECTORS, _NUMBERS // len(counts)) // 4, 16)
    shape = (vectors_of_a_kind, len(counts))
    extreme = np.where(rng.random(shape) < 0.5, raw_low, raw_high)
    zero = np.clip(0, raw_low, raw_high)
    extreme[:3] = raw_low, raw_high, zero
    uniform, other = (rng.integers(raw_low, raw_high, shape, endpoint=True) for _ in range(2))
    grain = np.int64(1) << rng.integers(0, int(counts.max()).bit_length() + 1, (vectors_of_a_kind, 1))
    coarse = np.clip(uniform // grain * grain, raw_low, raw_high)
    sparse = np.where(rng.random(shape) < rng.random((vectors_of_a_kind, 1)) / 2, other, zero)
    return np.asarray(np.concatenate([extreme, uniform, coarse, sparse]) * step)


def run(programs: Sequence[CombLogic], inputs: Values) -> Values:
    """Programs one after the other: float64 [vectors, outputs of the last]."""
    values = inputs
    for program in programs:
        if program.shape[0] == 0:  # the interpreter counts the vectors by their numbers
            values = np.tile(np.array(program([], quantize=False), dtype=np.float64), (len(inputs), 1))
        else:
            values = program.predict(np.ascontiguousarray(values), n_threads=1)
    return values


def _difference(before: CombLogic, after: Sequence[CombLogic], inputs: Values) -> tuple[int, float, float] | None:
    """The first output that differs, its value before and after."""
    expected, results = run([before], inputs), run(after, inputs)
    if expected.shape == results.shape and np.array_equal(expected, results):
        return None
    if expected.shape != results.shape:
        return min(expected.shape[1], results.shape[1]), float("nan"), float("nan")
    vector, output = (int(positions[0]) for positions in np.nonzero(expected != results))
    return output, float(expected[vector, output]), float(results[vector, output])
