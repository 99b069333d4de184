"""Random measurement errors."""

from __future__ import annotations

import numpy as np

from data_prep.generate.events import Floats


def log_normal(mean: Floats, sigma: Floats, rng: np.random.Generator) -> Floats:
    """Positive random numbers of the given mean and standard deviation."""
    width2 = np.log1p((sigma / np.maximum(mean, 1e-12)) ** 2)
    return np.asarray(mean * np.exp(np.sqrt(width2) * rng.standard_normal(len(mean)) - width2 / 2))
