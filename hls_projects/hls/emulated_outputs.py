"""`60_csim.npz`: what the emulated design gave for every jet of the test set."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt

from data_prep.errors import InputFileError
from models.metrics.taggers import Performance, performance, softmax

Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class EmulatedOutputs:
    """The emulated integers of the whole test set, as `csim` wrote them.

    Attributes:
        file: where they stand.
        label: uint8 [jets]; empty where the images are of events, which have none.
        weight: float32 [jets].
        raw: int64 [jets, …] an output; narrower integers where the images are of events.
        fraction: bits behind the point, an output.
    """

    file: Path
    label: npt.NDArray[np.uint8]
    weight: npt.NDArray[np.float32]
    raw: tuple[Integers, ...]
    fraction: tuple[int, ...]

    @classmethod
    def load(cls, file: Path) -> EmulatedOutputs:
        """Read `60_csim.npz`.

        Raises:
            InputFileError: when it cannot be read.
        """
        try:
            with np.load(file, allow_pickle=False) as arrays:
                outputs = range(sum(name.startswith("raw_") for name in arrays.files))
                raw = tuple(arrays[f"raw_{i}"] for i in outputs)
                fraction = tuple(int(arrays[f"fraction_{i}"]) for i in outputs)
                label = arrays["label"] if "label" in arrays.files else np.zeros(0, np.uint8)
                return cls(file, label, arrays["weight"], raw, fraction)
        except (OSError, EOFError, BadZipFile, ValueError, KeyError) as error:
            raise InputFileError(f"no emulated outputs: {error}", file=file, remedy="run `csim` again") from None

    def scores(self, classes: int) -> npt.NDArray[np.float32] | None:
        """Softmax of the first output, float32 [jets, classes]; none where it is not one logit a class."""
        if not self.raw or self.raw[0].shape != (self.label.size, classes):
            return None
        return softmax(np.ldexp(self.raw[0].astype(np.float64), -self.fraction[0]))

    def performance(self, classes: tuple[str, ...]) -> Performance | None:
        """The metrics of the design as built, on the whole test set; none where it is no tagger of these classes."""
        scores = self.scores(len(classes))
        if scores is None or not self.label.size:
            return None
        return performance(scores, self.label, classes, self.weight)
