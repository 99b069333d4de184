"""Errors that users can cause and correct: what is wrong, in which file, what to do.

Every error that the command line shows as one line is a `PipelineError`. Any other exception that reaches the command
line is a defect of this project and keeps its traceback.
"""

from __future__ import annotations

from pathlib import Path


class PipelineError(Exception):
    """An error that the user can correct.

    Args:
        problem: what is wrong, as a clause without a full stop.
        file: the file (or folder) in which it is wrong.
        remedy: what to do about it, as a clause without a full stop.
    """

    def __init__(self, problem: str, *, file: Path | str | None = None, remedy: str | None = None) -> None:
        super().__init__(problem)
        self.problem = problem
        self.file = None if file is None else str(file)
        self.remedy = remedy

    def __str__(self) -> str:
        where = f"{self.file}: " if self.file else ""
        todo = f" ({self.remedy})" if self.remedy else ""
        return " ".join(f"{where}{self.problem}{todo}".split())

    def __reduce__(self) -> tuple[object, ...]:
        # Pickling, as for worker processes, loses keyword-only arguments by default.
        return _rebuild, (type(self), self.problem, self.file, self.remedy)


def _rebuild(error_class: type[PipelineError], problem: str, file: str | None, remedy: str | None) -> PipelineError:
    return error_class(problem, file=file, remedy=remedy)


class ConfigurationError(PipelineError):
    """A configuration file that cannot be used: unknown key, missing key, value out of range."""


class TrainingSettingsError(ConfigurationError):
    """The settings of `train.yaml` do not fit the network or the images."""


class InputFileError(PipelineError):
    """An input file that cannot be read or lacks data that are needed."""


class UnsupportedModelError(PipelineError):
    """A model that cannot be lowered exactly; the message names the layer and the reason."""


class ToolNotFoundError(PipelineError):
    """An external tool that a stage needs is not installed.

    `problem` names the tool and its use; `remedy` says how to get it.
    """


class ProofFailedError(PipelineError):
    """Two forms of the same network gave different integers; the message shows the first difference."""
