"""The images of one chunk as bytes that can be sent, kept and checked, see `packed_arrays`."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from data_prep.images.batch import FEATURES, ImageBatch
from data_prep.jets.candidates import Candidates
from data_prep.jets.file_positions import FilePositions
from data_prep.observables.columns import COLUMNS, Observables
from data_prep.store.packed_arrays import pack, unpack


@dataclass(frozen=True)
class ChunkImages:
    """The images of one chunk.

    Attributes:
        batch: the kept jets.
        fate: uint8 [jets], `Fate` of every jet read.
        mass_constituents: float32 [kept], GeV, of massless constituents.
        mass_image: float32 [kept], GeV, of the pixels.
    """

    batch: ImageBatch
    fate: npt.NDArray[np.uint8]
    mass_constituents: npt.NDArray[np.float32]
    mass_image: npt.NDArray[np.float32]


@dataclass(frozen=True)
class ChunkResult:
    """All that is known of one chunk when it is done.

    Attributes:
        images: of the kept jets, and what became of the others.
        labelled: int64 [256], jets of each label, `NO_CLASS` and `SEVERAL_CLASSES` among them.
        entries: how many entries of the file were read.
        problems: what does not close, one sentence each; looked for at the beginning of a file only.
        environment: what code and libraries made it, see `data_prep.streams.executors.environment`.
    """

    images: ChunkImages
    labelled: npt.NDArray[np.int64]
    entries: int
    problems: tuple[str, ...]
    environment: str


def to_bytes(result: ChunkResult) -> bytes:
    """A chunk as bytes."""
    images, batch = result.images, result.images.batch
    arrays: dict[str, npt.NDArray[Any]] = {
        "fate": images.fate,
        "mass_constituents": images.mass_constituents,
        "mass_image": images.mass_image,
        "labelled": result.labelled,
        "lit": np.diff(batch.offsets).astype(np.uint32),
        **{name: getattr(batch, name) for name in ("pixel", "value", "label", "weight", "event")},
        **{f"feature {name}": batch.features[name] for name in FEATURES},
    }
    if batch.places is not None:
        arrays |= {f"places {name}": values for name, values in vars(batch.places).items()}
    if batch.observables is not None:
        arrays |= {f"observable {name}": values for name, values in batch.observables.columns.items()}
    candidates = batch.candidates
    if candidates is not None:
        arrays |= {f"candidates {name}": values.ravel() for name, values in vars(candidates).items()}
    facts = {
        "shape": batch.shape,
        "candidates": None if candidates is None else candidates.number,
        "entries": result.entries,
        "problems": result.problems,
        "environment": result.environment,
    }
    return pack(arrays, facts)


def from_bytes(data: bytes) -> ChunkResult:
    """The chunk of which these are the bytes.

    Raises:
        DamagedBytesError: they are of another format, cut short or changed.
    """
    arrays, header = unpack(data)
    batch = ImageBatch(
        shape=tuple(header["shape"]),
        offsets=np.concatenate([np.zeros(1, np.int64), np.cumsum(arrays["lit"], dtype=np.int64)]),
        **{name: arrays[name] for name in ("pixel", "value", "label", "weight", "event")},
        features={name: arrays[f"feature {name}"] for name in FEATURES},
        candidates=_candidates(arrays, header["candidates"]),
        places=_places(arrays),
        observables=_observables(arrays),
    )
    images = ChunkImages(batch, arrays["fate"], arrays["mass_constituents"], arrays["mass_image"])
    return ChunkResult(images, arrays["labelled"], header["entries"], tuple(header["problems"]), header["environment"])


def _places(arrays: dict[str, npt.NDArray[Any]]) -> FilePositions | None:
    if "places file" not in arrays:
        return None
    return FilePositions(*(arrays[f"places {field.name}"] for field in fields(FilePositions)))


def _observables(arrays: dict[str, npt.NDArray[Any]]) -> Observables | None:
    names = [f"observable {name}" for name in COLUMNS]
    return Observables.of_columns([arrays[name] for name in names]) if names[0] in arrays else None


def _candidates(arrays: dict[str, npt.NDArray[Any]], number: int | None) -> Candidates | None:
    if number is None:
        return None
    pt, eta, phi = (arrays[f"candidates {name}"].reshape(-1, number) for name in ("pt", "eta", "phi"))
    return Candidates(pt, eta, phi, arrays["candidates seed_eta"], arrays["candidates seed_phi"])
