"""Frozen dataclasses of arrays that are one `.npz` file on disk."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import ClassVar, Self

import numpy as np

from data_prep.errors import InputFileError


@dataclass(frozen=True)
class SavedArrays:
    """Base of dataclasses whose fields are all arrays."""

    remedy: ClassVar[str]
    """How to make the file, for error messages."""

    def save(self, path: Path) -> None:
        """Write the `.npz` file, one array a field."""
        np.savez(path, **vars(self))

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read the `.npz` file.

        Raises:
            InputFileError: it cannot be read, or an array is missing.
        """
        try:
            with np.load(path, allow_pickle=False) as file:
                return cls(**{field.name: file[field.name] for field in fields(cls)})
        except (OSError, ValueError, KeyError) as error:
            raise InputFileError(f"cannot be read: {error}", file=path, remedy=cls.remedy) from None
