"""No numpy warnings for NaN, infinities and numbers beyond single precision in files; the cutflow counts such jets."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

import numpy as np

P = ParamSpec("P")
T = TypeVar("T")


def without_float_warnings(function: Callable[P, T]) -> Callable[P, T]:
    """Decorator: floating-point errors give NaN or infinity without a warning, in the calling thread only.

    >>> without_float_warnings(lambda: np.float32(3e38) * np.float32(3e38))()
    inf
    """

    @wraps(function)
    def quiet(*args: P.args, **kwargs: P.kwargs) -> T:
        with np.errstate(all="ignore"):
            return function(*args, **kwargs)

    return quiet
