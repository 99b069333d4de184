"""What pairs cost: jets a second of the compiled images on one core, and size and latency of the serial builder.

    python -m benchmarks.pair_builder                # 12 by 12 pixels of 16, 32 and 64 candidates
    python -m benchmarks.pair_builder --seconds 0    # without counting cells

Times are processor time. Beside it a loop over jets in numpy, a few calls a jet. Cells are counted by yosys, the
builder alone with the whole image at its end.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np

from data_prep.images.pairs import pair_images
from data_prep.jets.candidates import Candidates, CandidateSettings
from hls_projects.blocks.pair_builder import PairBuilder, logarithms
from hls_projects.rtl.forms.pair_serial import write_serial
from hls_projects.rtl.synthesis.synthesis import synthesise

JETS = 20_000
LOOP = 500
SIZES = ((16, 12, ()), (32, 12, ()), (32, 12, (4,)), (32, 16, ()), (64, 12, ()))
"""Candidates, rows and columns, bounds of the rank."""


def builder_of(number: int, size: int, leading: tuple[int, ...] = ()) -> PairBuilder:
    """Thresholds from ΔR 0.033 to 0.84 and from 7.5 to 51,000 GeV²."""
    return PairBuilder.spaced(
        CandidateSettings(number=number), size, size, distance=(0.033, 0.84), product=(7.5, 51_000), leading=leading
    )


def jets(number: int) -> Candidates:
    """Full jets: pT uniform in its logarithm and sorted, angles normal about an axis."""
    rng = np.random.default_rng(1)
    shape = (JETS, number)
    pt = -np.sort(-np.exp(rng.uniform(0, 8, shape)).astype(np.int32), axis=1)
    eta, phi = (rng.normal(0, 100, shape).astype(np.int32) for _ in range(2))
    none = np.zeros(JETS, np.int32)
    return Candidates(pt, eta, phi, none, none)


def compiled_rate(builder: PairBuilder, given: Candidates) -> float:
    """Jets a second."""

    def run(some: Candidates) -> None:
        settings, fate = builder.candidates, np.zeros(len(some), np.uint8)
        pair_images(some, fate, settings, builder.rows, builder.columns, mantissa=builder.mantissa, bits=builder.bits)

    run(given.slice(0, 10))
    begun = time.process_time()
    run(given)
    return JETS / (time.process_time() - begun)


def loop_rate(builder: PairBuilder, given: Candidates) -> float:
    """Jets a second of numpy, a jet at a time."""
    first, second = np.triu_indices(given.number, 1)
    half_turn, columns = builder.candidates.per_pi, builder.shape[1]
    begun = time.process_time()
    for pt, eta, phi in zip(given.pt[:LOOP], given.eta[:LOOP], given.phi[:LOOP], strict=True):
        d_eta, around = np.abs(eta[first] - eta[second]), np.abs(phi[first] - phi[second])
        d_phi = np.minimum(around, 2 * half_turn - around)
        logs = logarithms(pt.astype(np.int64), builder.mantissa)
        row = np.searchsorted(builder.rows, logs[first] + logs[second], side="right")
        column = np.searchsorted(builder.columns, d_eta + d_phi + np.maximum(d_eta, d_phi), side="right")
        np.minimum(np.bincount(row * columns + column, minlength=builder.shape[0] * columns), builder.result.raw_max)
    return LOOP / (time.process_time() - begun)


def main() -> None:
    """Print a line a rate and a line a builder."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=900, help="processor time for counting; 0 counts nothing")
    seconds = parser.parse_args().seconds
    for number in (16, 32, 64):
        builder, given = builder_of(number, 12), jets(number)
        rates = compiled_rate(builder, given), loop_rate(builder, given)
        print(f"{number} candidates: {rates[0]:,.0f} jets/s, numpy loop {rates[1]:,.0f}", flush=True)
    for number, size, leading in SIZES:
        builder = builder_of(number, size, leading)
        with tempfile.TemporaryDirectory() as scratch:
            design = write_serial(builder, "builder", Path(scratch) / "rtl")
            line = f"{number} candidates, {size} x {size} x {builder.shape[2]}: an image every {design.interval} clocks"
            line += f", after {design.latency}"
            if seconds:
                (Path(scratch) / "synthesis").mkdir()
                counted = synthesise(Path(scratch) / "rtl", Path(scratch) / "synthesis", cpu_seconds=seconds)
                line += f", {counted.lut:,} LUT and {counted.srl:,} as shift registers, {counted.ff:,} FF"
        print(line, flush=True)


if __name__ == "__main__":
    main()
