"""Jets to rows of scores: what the emulated integers of a network are, jet by jet, and why some jets have none."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from data_prep.images.batch import FEATURES, ImageBatch
from data_prep.store.jet_images import ImageDescription
from data_prep.store.score_files import METADATA_KEY, SIZE
from data_prep.streams.cutflow import REASONS, Fate
from hls_projects.network.network import Network
from models.metrics.taggers import softmax

KEPT = "kept"
"""The fate of a jet with scores; all others are reasons of the cutflow."""

Numbers = npt.NDArray[Any]


@dataclass(frozen=True)
class Jets:
    """All jets of one batch, in their order; those that were kept have an image.

    Attributes:
        file: the name of each jet's file, str [n]; None where it is not known, as are the next two.
        entry: int64 [n], the entry of the file.
        jet: int64 [n], the index among the jets of the entry.
        fate: uint8 [n], `Fate`.
        label: the name of each jet's class, str [n]; empty where it has none.
        weight: float32 [n]; None where there are no weights.
        event: uint64 [n].
        features: float32 [n] by name, `FEATURES`.
        images: of the kept jets.
    """

    file: Sequence[str] | None
    entry: npt.NDArray[np.int64] | None
    jet: npt.NDArray[np.int64] | None
    fate: npt.NDArray[np.uint8]
    label: Sequence[str]
    weight: npt.NDArray[np.float32] | None
    event: npt.NDArray[np.uint64]
    features: dict[str, npt.NDArray[np.float32]]
    images: ImageBatch

    def __len__(self) -> int:
        return self.fate.size


class ScoreRows:
    """The rows of one network.

    Args:
        network: the network; its classes name the columns, in its order, whatever order those of the jets have.
        outputs: empty arrays as the emulator gives them, one an output.
        images: what the images are that it is given.
    """

    def __init__(self, network: Network, outputs: Sequence[Numbers], images: ImageDescription) -> None:
        meaning = network.meaning
        self.classes = () if meaning is None or meaning.without_scores else meaning.classes
        self._regression = None if meaning is None else meaning.regression
        self._first, self._last = network.graph.outputs[0].type, network.graph.outputs[-1].type
        real = pa.float32() if self._first.width <= 24 else pa.float64()
        fields = [
            pa.field("file", pa.string()),
            pa.field("entry", pa.int64()),
            pa.field("jet", pa.int64()),
            pa.field("fate", pa.string(), nullable=False),
            pa.field("label", pa.string()),
            pa.field("weight", pa.float32()),
            pa.field("event", pa.uint64(), nullable=False),
            *(pa.field(name, pa.float32(), nullable=False) for name in FEATURES),
        ]
        for i, given in enumerate(outputs):
            size = str(int(np.prod(given.shape[1:])))
            fields.append(pa.field(f"raw_{i}", pa.list_(pa.from_numpy_dtype(given.dtype)), metadata={SIZE: size}))
        fields += [pa.field(f"logit_{name}", real) for name in self.classes]
        fields += [pa.field(f"score_{name}", pa.float32()) for name in self.classes]
        if self._regression is not None:
            fields += [pa.field(target.name, pa.float32()) for target in self._regression.targets]
        about = {
            "format": 2,
            "fingerprint": network.fingerprint,
            "inputs": [port.model_dump(mode="json") for port in network.graph.inputs],
            "outputs": [port.model_dump(mode="json") for port in network.graph.outputs],
            "classes": list(self.classes),
            "meaning": None if meaning is None else meaning.model_dump(mode="json"),
            "images": images.model_dump(mode="json"),
        }
        self.schema = pa.schema(fields, metadata={METADATA_KEY: json.dumps(about, sort_keys=True)})

    def record(self, jets: Jets, raw: Sequence[Numbers]) -> pa.RecordBatch:
        """The rows of some jets.

        Args:
            jets: the jets.
            raw: what the network gives for the images of the kept ones, one array [kept, …] an output.
        """
        kept = jets.fate == Fate.KEPT
        columns: dict[str, pa.Array] = {
            "file": _known(jets.file, len(jets), pa.string()),
            "entry": _known(jets.entry, len(jets), pa.int64()),
            "jet": _known(jets.jet, len(jets), pa.int64()),
            "fate": pa.array([KEPT if fate == Fate.KEPT else REASONS[Fate(fate)] for fate in jets.fate.tolist()]),
            "label": pa.array([name or None for name in jets.label], pa.string()),
            "weight": _known(jets.weight, len(jets), pa.float32()),
            "event": pa.array(jets.event),
            **{name: pa.array(jets.features[name]) for name in FEATURES},
        }
        for i, values in enumerate(raw):
            size = int(np.prod(values.shape[1:]))
            offsets = np.concatenate([[0], np.cumsum(kept * size)]).astype(np.int32)
            flat = pa.array(values.reshape(-1))
            columns[f"raw_{i}"] = pa.ListArray.from_arrays(pa.array(offsets), flat, mask=pa.array(~kept))
        if self.classes:
            logits = self._first.to_float(raw[0])
            scores = softmax(logits)
            for index, name in enumerate(self.classes):
                for prefix, values in (("logit", logits), ("score", scores)):
                    columns[f"{prefix}_{name}"] = _of_kept(values[:, index], kept)
        if self._regression is not None:
            found = self._regression.in_gev(self._last.to_float(raw[-1]))
            for index, target in enumerate(self._regression.targets):
                columns[target.name] = _of_kept(found[:, index], kept)
        arrays = [columns[name].cast(self.schema.field(name).type) for name in self.schema.names]
        return pa.RecordBatch.from_arrays(arrays, schema=self.schema)


def _of_kept(values: Numbers, kept: npt.NDArray[np.bool_]) -> pa.Array:
    """A column of all jets, null where there is no image."""
    column = np.zeros(kept.size, values.dtype)
    column[kept] = values
    return pa.array(column, mask=~kept)


def _known(values: Sequence[str] | Numbers | None, size: int, kind: pa.DataType) -> pa.Array:
    return pa.nulls(size, kind) if values is None else pa.array(values, kind)
