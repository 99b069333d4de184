"""Statistical errors of events that share collisions of pileup: the bootstrap over libraries.

Events with the same minimum-bias collisions are not independent: a pileup jet that is mistaken for a hard one is so in
all of them. A replica therefore draws whole libraries, with replacement, and not events (the cluster bootstrap;
A. C. Davison, D. V. Hinkley, Bootstrap Methods and their Application, Cambridge 1997, section 3.8).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from models.metrics.bootstrap import REPLICAS, draws

Floats = npt.NDArray[np.float64]

_SEED = 1


def multiplicities(libraries: int, replicas: int = REPLICAS, seed: int = _SEED) -> Floats:
    """How often each library is in each replica: float64 [replicas, libraries], rows that add up to `libraries`."""
    return np.stack([*draws(libraries, replicas, seed)]).astype(np.float64)


def samples(libraries: int) -> Floats:
    """How often each library is in the original sample (once) and in each replica of it.

    Returns:
        float64 [1 + replicas, libraries]; with fewer than two libraries there are no replicas.
    """
    once = np.ones((1, libraries))
    return np.concatenate([once, multiplicities(libraries)]) if libraries > 1 else once


def spread(values: npt.ArrayLike) -> float | None:
    """The standard deviation of a figure over the replicas in which it is defined; None if these are fewer than two.

    Args:
        values: [replicas], NaN where it is not defined.
    """
    defined = np.asarray(values, dtype=np.float64)
    defined = defined[np.isfinite(defined)]
    return float(defined.std(ddof=1)) if defined.size > 1 else None


class LibrarySums:
    """Sums over events, by library.

    Attributes:
        parts: the sum of each library.
    """

    def __init__(self) -> None:
        self.parts: dict[int, Floats] = {}

    def add(self, library: int, values: npt.ArrayLike) -> None:
        """Add the numbers of an event, of the same shape for all events."""
        numbers = np.asarray(values, dtype=np.float64)
        self.parts[library] = self.parts[library] + numbers if library in self.parts else numbers

    def replicas(self, figure: Callable[[Floats], float | None]) -> Floats:
        """A figure computed from the sum over all events, for the original sample and every replica of it.

        Samples with the same libraries have the same replicas, so that their figures can be subtracted
        (`models.metrics.bootstrap.difference`).

        Returns:
            float64 [1 + replicas], the original sample first; NaN where the figure is not defined. With fewer than two
            libraries, which do not show the spread between libraries, the original sample alone.
        """
        if not self.parts:
            return np.full(1, np.nan)
        parts = np.stack([self.parts[key] for key in sorted(self.parts)])
        figures = [figure(sums) for sums in np.tensordot(samples(len(parts)), parts, axes=1)]
        return np.array([np.nan if value is None else value for value in figures])

    def error(self, figure: Callable[[Floats], float | None]) -> float | None:
        """The statistical error of a figure; None with fewer than two libraries."""
        return spread(self.replicas(figure)[1:])


def ratio(sums: Floats) -> float | None:
    """The first of two sums divided by the second; None where the second is 0."""
    return float(sums[0] / sums[1]) if sums[1] else None
