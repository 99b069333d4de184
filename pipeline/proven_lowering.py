"""Lowering of a trained network to plain layers with proven types, and its comparison with the trained network."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from data_prep.errors import ProofFailedError
from hls_projects.lowering.lower import lower
from hls_projects.lowering.types import prove_network
from hls_projects.proof.compare import compare_outputs
from hls_projects.proof.vectors import made_vectors
from models.files.load import load_model, save_model
from models.files.meaning import meaning_beside

if TYPE_CHECKING:
    from data_prep.fixed_point import FixedType
    from hls_projects.network.graph import Graph
    from pipeline.scores.statement import Statement

CHECK_VECTORS = 1000
"""Random vectors on which the lowered model is compared."""


def write_lowered(
    model: Path, stated: Statement, folder: Path, port_type: FixedType | None = None, *, logits: bool = False
) -> Graph:
    """Lower a model file: `model.h5`, the trained model beside it, and the integer network with its types.

    Args:
        model: a Keras or QKeras model file.
        stated: the meaning of inputs and outputs as the user states it, for a model without a `meaning.json`.
        folder: an existing folder.
        port_type: type of the inputs, if the model does not quantize them.
        logits: leave out a softmax or sigmoid at the end.

    Raises:
        UnsupportedModelError: a layer that cannot be lowered exactly.
        ProofFailedError: the lowered model does not compute the same numbers.
    """
    trained = load_model(model)
    lowered = lower(trained, port_type=port_type, logits=logits)
    network = stated.complete(prove_network(lowered).with_meaning_of(meaning_beside(model)), labels=False)
    types = network.graph
    vectors = made_vectors([(port.shape, port.type) for port in types.inputs], CHECK_VECTORS, seed=1)
    proof = compare_outputs(trained, lowered.model, types, vectors)
    if proof.status != "proven":
        raise ProofFailedError(
            f"the lowered model does not compute the same numbers: {proof.first_mismatch}", file=model
        )
    save_model(lowered.model, folder / "model.h5")
    shutil.copyfile(model, folder / f"trained{model.suffix}")
    network.save(folder)
    return types
