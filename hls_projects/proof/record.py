"""Proofs on disk: two forms of a network compared integer by integer."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal, Self

from pydantic import Field

from data_prep.settings import Settings
from hls_projects.json_record import JsonRecord
from hls_projects.proof.compared import Compared


class Mismatch(Settings):
    """One differing integer."""

    layer: str
    """Layer of the lowered model, or an output of the trained one."""
    vector: int
    """Number of the test vector."""
    kind: str
    """Kind of the test vector."""
    position: tuple[int, ...]
    """Index in the layer's output."""
    expected: float
    """Value of the model."""
    found: float
    """Value of the other form."""

    def __str__(self) -> str:
        return (
            f"layer '{self.layer}', vector {self.vector} ({self.kind}), position {self.position}: "
            f"the model gives {self.expected!r}, the hardware {self.found!r}"
        )


class LayerProof(Settings):
    """What was compared of one layer."""

    name: str
    """Layer of the lowered model, or an output of the trained one."""
    type: str
    """Fixed-point type of its output."""
    values: int
    """Integers compared."""
    mismatches: int
    """How many differed."""

    @property
    def compared(self) -> Compared:
        """What it is of."""
        return Compared.of(self.name)


class Proof(JsonRecord):
    """The outcome of a comparison."""

    status: Literal["proven", "failed", "not run"]
    """`proven` only if every integer of every layer on every vector is equal."""
    reason: str
    """Why it failed or was not run; what was compared where it is proven."""
    vectors: Mapping[str, int] = Field(default_factory=dict)
    """Test vectors by kind."""
    available: Mapping[str, int] = Field(default_factory=dict)
    """Vectors that there are of each kind, where the HLS emulation ran on some of them only (`csim.vectors` of
    hardware.yaml); empty where it ran on all."""
    mismatches: int = 0
    """Differing integers."""
    first_mismatch: Mismatch | None = None
    """The first of them, in the order of the data flow."""
    layers: tuple[LayerProof, ...] = ()
    """Layer by layer, in the order of the data flow."""

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a proof.

        Raises:
            InputFileError: when there is none or it holds something else.
        """
        return cls.read(path, "proof")


def joined(proof: Proof, *further: Proof) -> Proof:
    """One proof of several comparisons; failed where one is."""
    parts = (proof, *further)
    layers = tuple(layer for part in parts for layer in part.layers)
    mismatches = sum(part.mismatches for part in parts)
    values = sum(layer.values for layer in layers)
    return proof.model_copy(
        update={
            "status": "failed" if mismatches else proof.status,
            "reason": f"{mismatches} of {values} integers differ" if mismatches else f"all {values} integers are equal",
            "vectors": {kind: number for part in parts for kind, number in part.vectors.items()},
            "mismatches": mismatches,
            "first_mismatch": next((part.first_mismatch for part in parts if part.first_mismatch is not None), None),
            "layers": layers,
        }
    )
