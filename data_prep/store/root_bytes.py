"""ROOT files written by uproot whose bytes depend on their content only."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

_EPOCH = datetime.datetime(2000, 1, 1)
_NAMESPACE = uuid.UUID("6b7c1f0e-58d4-5c0f-9a44-2f5b1f3f7a10")


@contextmanager
def reproducible(name: str) -> Iterator[Any]:
    """Fixed time stamps while uproot writes; yields a source of UUIDs that depends on the name only.

    Args:
        name: of the file.
    """
    from uproot import _util

    count = 0

    def next_uuid() -> uuid.UUID:
        nonlocal count
        count += 1
        return uuid.uuid5(_NAMESPACE, f"{name}/{count}")

    stamp = _util.datetime_to_code(_EPOCH)
    with mock.patch.object(_util, "datetime_to_code", lambda _: stamp):
        yield next_uuid
