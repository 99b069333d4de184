"""Models that are one JSON file on disk."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from data_prep.errors import InputFileError
from data_prep.settings import Settings


class JsonRecord(Settings):
    """Base of frozen models that are written to a file and read back."""

    def write(self, path: Path) -> None:
        """Write the file."""
        path.write_text(self.model_dump_json(indent=1) + "\n", encoding="utf-8")

    @classmethod
    def read(cls, path: Path, content: str, made_by: str | None = None) -> Self:
        """Read the file.

        Args:
            path: the file.
            content: what it holds, for messages.
            made_by: the stage that writes it, for the remedy.

        Raises:
            InputFileError: when there is no such file or it holds something else.
        """
        try:
            return cls.model_validate_json(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            remedy = f"make it with `{made_by}`" if made_by else None
            raise InputFileError(f"no {content}: {error}", file=path, remedy=remedy) from None
