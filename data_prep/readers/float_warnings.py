"""Files hold NaN, infinities and numbers beyond single precision; the cutflow counts such jets, numpy need not warn."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

import numpy as np

P = ParamSpec("P")
T = TypeVar("T")


def odd_values_pass(function: Callable[P, T]) -> Callable[P, T]:
    """A function in which floating-point faults give NaN or infinity without a warning, in the calling thread alone.

    >>> odd_values_pass(lambda: np.float32(3e38) * np.float32(3e38))()
    inf
    """

    @wraps(function)
    def quiet(*args: P.args, **kwargs: P.kwargs) -> T:
        with np.errstate(all="ignore"):
            return function(*args, **kwargs)

    return quiet
