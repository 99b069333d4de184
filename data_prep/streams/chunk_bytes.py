"""The images of one chunk as bytes that can be sent, kept and checked, see `packed_arrays`."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Generic, Protocol, Self, TypeVar

import numpy as np
import numpy.typing as npt

from data_prep.store.packed_arrays import Arrays, pack, unpack


class FlatBatch(Protocol):
    """Images that can be taken apart into flat arrays and facts that JSON holds."""

    def flat(self) -> tuple[Arrays, dict[str, Any]]:
        """The arrays and the facts."""
        ...

    @classmethod
    def of_flat(cls, arrays: Arrays, facts: dict[str, Any]) -> Self:
        """The images of which these are the arrays and the facts; others may be among them."""
        ...


B = TypeVar("B", bound=FlatBatch)


@dataclass(frozen=True)
class ChunkImages(Generic[B]):
    """The images of one chunk; what is known of it besides are further fields, flat arrays or facts that JSON holds.

    Attributes:
        batch: what is kept.
        fate: uint8 [entries], what became of each jet or event that was read.
    """

    batch: B
    fate: npt.NDArray[np.uint8]


C = TypeVar("C", bound=ChunkImages[Any])


def to_bytes(images: ChunkImages[Any], environment: str) -> bytes:
    """A chunk as bytes.

    Args:
        images: of the chunk.
        environment: what code and libraries made it, see `data_prep.streams.executors.environment`.
    """
    arrays, facts = images.batch.flat()
    for field in fields(images)[1:]:
        value = getattr(images, field.name)
        (arrays if isinstance(value, np.ndarray) else facts)[field.name] = value
    return pack(arrays, {**facts, "environment": environment})


def from_bytes(chunk: type[C], batch: type[FlatBatch], data: bytes) -> C:
    """The chunk of which these are the bytes.

    Args:
        chunk: the class of the chunk.
        batch: the class of its images.
        data: what `to_bytes` gave.

    Raises:
        DamagedBytesError: they are of another format, cut short or changed.
    """
    arrays, facts = unpack(data)
    stored = facts | arrays
    return chunk(batch.of_flat(arrays, facts), **{field.name: stored[field.name] for field in fields(chunk)[1:]})
