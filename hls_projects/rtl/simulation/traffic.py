"""The input of a design clock by clock: images without a gap, images with pauses, resets in between.

Every simulator drives the same schedule and checks `out_valid` against it in every clock. A schedule begins with random
traffic before the first reset, so that every register holds something; `rst` is then high for one clock, and from there
on nothing of the past may be seen. In clocks with `rst` the design gets random `in_valid`, and its outputs are not
looked at.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hls_projects.rtl.design import RtlDesign

Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class TrafficPlan:
    """How the images of a batch are driven: first without a gap, then with pauses, the rest with pauses and resets.

    Attributes:
        seed: of pauses, resets, idle data and the state before the first reset; a batch adds its number.
        without_gap: fraction of the images that begin every `interval` clocks.
        with_pauses: fraction of the images with random pauses before them.
    """

    seed: int = 1
    without_gap: float = 0.8
    with_pauses: float = 0.1

    def __post_init__(self) -> None:
        if min(self.without_gap, self.with_pauses) < 0 or self.without_gap + self.with_pauses > 1:
            raise ValueError("the fractions of a plan must not be negative and their sum not above 1")


@dataclass(frozen=True)
class Traffic:
    """The numbers of what was driven.

    Attributes:
        images: results that came out.
        clocks: clocks simulated.
        longest_run: images begun one `interval` after the other, without a gap and without a reset.
        pauses: images begun later than `interval` after the one before.
        resets: times that `rst` was high while images were on their way or could have been.
        forgotten: images that vanished by them (each was given again).
    """

    images: int
    clocks: int
    longest_run: int
    pauses: int
    resets: int
    forgotten: int

    @classmethod
    def total(cls, parts: Iterable[Traffic]) -> Traffic:
        """The traffic of several batches."""
        parts = tuple(parts)
        names = ("images", "clocks", "pauses", "resets", "forgotten")
        sums = {name: sum(getattr(part, name) for part in parts) for name in names}
        return cls(longest_run=max((part.longest_run for part in parts), default=0), **sums)


@dataclass(frozen=True)
class Schedule:
    """The traffic of one batch.

    Attributes:
        clocks: number of clocks.
        resets: int64 [n]: clocks with `rst` high, ascending.
        starts: int64 [n, 2]: clocks with `in_valid` and the vectors given, ascending.
        results: int64 [images, 2]: clocks with `out_valid` and the vectors they belong to, ascending.
        phases: first clock and name of each kind of traffic.
        traffic: its numbers.
    """

    clocks: int
    resets: Integers
    starts: Integers
    results: Integers
    phases: tuple[tuple[int, str], ...]
    traffic: Traffic

    def phase(self, clock: int) -> str:
        """The kind of traffic in a clock."""
        return [name for first, name in self.phases if first <= clock][-1]


def schedule(design: RtlDesign, images: int, plan: TrafficPlan, batch: int = 0) -> Schedule:
    """Plan the traffic of a batch.

    Args:
        design: its interval and latency.
        images: number of vectors in the batch.
        plan: how they are driven.
        batch: number of the batch, for the random choices.
    """
    rng = np.random.default_rng([plan.seed, batch])
    delay = np.array([design.latency, 0])
    steady, paused = round(images * plan.without_gap), round(images * (plan.without_gap + plan.with_pauses))
    first = design.latency + design.interval + 2
    pauses = _pauses(design, paused, rng)
    pauses[:steady] = 0
    clocks = first + 1 + np.cumsum(design.interval + pauses * design.interval_step) - design.interval
    begun = [np.column_stack((clocks, np.arange(paused)))]
    done = [begun[0] + delay]
    clock = int(clocks[-1]) + design.interval if paused else first + 1
    busy = int(done[0][-1, 0]) if paused else first
    phases = [(0, "without a gap")]
    if paused > steady:
        phases.append((int(clocks[steady]), "with pauses"))
    if images > paused:
        phases.append((clock, "with pauses and resets"))
    resets = [first]
    vector, forgotten, happened, paused_images = paused, 0, 0, int((pauses > 0).sum())
    while vector < images:
        # Enough images for one at least to come out before the reset.
        count = min(images - vector, design.latency // design.interval + 1 + int(rng.geometric(1 / 16)))
        pauses = _pauses(design, count, rng)
        paused_images += int((pauses > 0).sum())
        clocks = clock + np.cumsum(design.interval + pauses * design.interval_step) - design.interval
        part = np.column_stack((clocks, vector + np.arange(count)))
        # What began before the first reset of this kind is let out.
        reset = max(int(clocks[-1]) + int(rng.integers(1, design.latency + design.interval + 2)), busy + 1)
        out = part + delay
        out = out[out[:, 0] < reset]
        begun.append(part)
        done.append(out)
        forgotten += count - len(out)
        happened += 1
        vector += len(out)
        length = int(rng.choice([1, 1, 3]))
        resets.extend(range(reset, reset + length))
        clock = reset + length + int(rng.choice([0, 0, 1, 5]))
    starts, results = np.concatenate(begun), np.concatenate(done)
    last = max(int(results[-1, 0]) if len(results) else 0, resets[-1])
    return Schedule(
        clocks=last + design.latency + 2 * design.interval + 8,
        resets=np.asarray(resets, dtype=np.int64),
        starts=starts,
        results=results,
        phases=tuple(phases),
        traffic=Traffic(
            images=images,
            clocks=last + design.latency + 2 * design.interval + 8,
            longest_run=steady,
            pauses=paused_images,
            resets=happened,
            forgotten=forgotten,
        ),
    )


def _pauses(design: RtlDesign, count: int, rng: np.random.Generator) -> Integers:
    """Steps of pause before each image: often none, mostly short, sometimes long enough to run empty."""
    short = np.where(rng.random(count) < 0.4, 0, rng.geometric(0.3, count))
    long = 1 + (design.latency + design.interval) // design.interval_step
    return np.where(rng.random(count) < 0.02, long, short).astype(np.int64)
