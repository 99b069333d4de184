"""Rows of scores: the emulated integers of a network, jet by jet, or the reason why a jet has none."""

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
class JetBatch:
    """All jets of one batch, in order; kept jets have an image.

    Attributes:
        file: the name of each jet's file, str [n]; None if unknown, as the next two.
        entry: int64 [n], the entry of the file.
        jet: int64 [n], the index among the jets of the entry.
        fate: uint8 [n], `Fate`.
        label: the name of each jet's class, str [n]; empty if it has none.
        weight: float32 [n]; None without weights.
        event: uint64 [n].
        features: float32 [n] by name, `FEATURES`.
        images: those of the kept jets.
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
        network: the network; the columns are named after its classes in its order, independent of those of the jets.
        outputs: empty arrays with the shapes and types of the emulator's outputs.
        images: description of its input images.
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
        for i, values in enumerate(outputs):
            size = str(int(np.prod(values.shape[1:])))
            fields.append(pa.field(f"raw_{i}", pa.list_(pa.from_numpy_dtype(values.dtype)), metadata={SIZE: size}))
        fields += [pa.field(f"logit_{name}", real) for name in self.classes]
        fields += [pa.field(f"score_{name}", pa.float32()) for name in self.classes]
        if self._regression is not None:
            fields += [pa.field(target.name, pa.float32()) for target in self._regression.targets]
        description = {
            "format": 2,
            "fingerprint": network.fingerprint,
            "inputs": [port.model_dump(mode="json") for port in network.graph.inputs],
            "outputs": [port.model_dump(mode="json") for port in network.graph.outputs],
            "classes": list(self.classes),
            "meaning": None if meaning is None else meaning.model_dump(mode="json"),
            "images": images.model_dump(mode="json"),
        }
        self.schema = pa.schema(fields, metadata={METADATA_KEY: json.dumps(description, sort_keys=True)})

    def record(self, jets: JetBatch, raw: Sequence[Numbers]) -> pa.RecordBatch:
        """The rows of some jets.

        Args:
            jets: the jets.
            raw: the outputs of the network for the images of the kept jets, arrays [kept, …].
        """
        is_kept = jets.fate == Fate.KEPT
        columns: dict[str, pa.Array] = {
            "file": _column_or_null(jets.file, len(jets), pa.string()),
            "entry": _column_or_null(jets.entry, len(jets), pa.int64()),
            "jet": _column_or_null(jets.jet, len(jets), pa.int64()),
            "fate": pa.array([KEPT if fate == Fate.KEPT else REASONS[Fate(fate)] for fate in jets.fate.tolist()]),
            "label": pa.array([name or None for name in jets.label], pa.string()),
            "weight": _column_or_null(jets.weight, len(jets), pa.float32()),
            "event": pa.array(jets.event),
            **{name: pa.array(jets.features[name]) for name in FEATURES},
        }
        for i, values in enumerate(raw):
            size = int(np.prod(values.shape[1:]))
            offsets = np.concatenate([[0], np.cumsum(is_kept * size)]).astype(np.int32)
            flat = pa.array(values.reshape(-1))
            columns[f"raw_{i}"] = pa.ListArray.from_arrays(pa.array(offsets), flat, mask=pa.array(~is_kept))
        if self.classes:
            logits = self._first.to_float(raw[0])
            scores = softmax(logits)
            for index, name in enumerate(self.classes):
                for prefix, values in (("logit", logits), ("score", scores)):
                    columns[f"{prefix}_{name}"] = _column_of_kept(values[:, index], is_kept)
        if self._regression is not None:
            targets = self._regression.in_gev(self._last.to_float(raw[-1]))
            for index, target in enumerate(self._regression.targets):
                columns[target.name] = _column_of_kept(targets[:, index], is_kept)
        arrays = [columns[name].cast(self.schema.field(name).type) for name in self.schema.names]
        return pa.RecordBatch.from_arrays(arrays, schema=self.schema)


def _column_of_kept(values: Numbers, is_kept: npt.NDArray[np.bool_]) -> pa.Array:
    """A column of all jets, null for jets without an image."""
    column = np.zeros(is_kept.size, values.dtype)
    column[is_kept] = values
    return pa.array(column, mask=~is_kept)


def _column_or_null(values: Sequence[str] | Numbers | None, size: int, data_type: pa.DataType) -> pa.Array:
    return pa.nulls(size, data_type) if values is None else pa.array(values, data_type)
