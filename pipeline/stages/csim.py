"""`csim`: the HLS project compiled, run and compared with the model, integer by integer."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer

from data_prep.errors import ProofFailedError, ToolNotFoundError
from hls_projects.settings import HardwareSettings
from pipeline import configuration
from pipeline.artefact import artefact, write_json
from pipeline.console import done, progress
from pipeline.proving import TestSet, leave_proof

if TYPE_CHECKING:
    from hls_projects.emulator.fast_emulator import Raw
    from hls_projects.model_types import ModelTypes
    from hls_projects.vectors import VectorSource


def run(
    hls: Annotated[Path, typer.Argument(help="Folder made by `convert`.")],
    lowered: Annotated[Path, typer.Option(help="Folder made by `lower`.")],
    config: Annotated[Path, typer.Option(help="hardware.yaml")],
    out: Annotated[Path, typer.Option(help="Proof to write (.json); the emulated outputs go beside it (.npz).")],
    images: Annotated[
        Path | None,
        typer.Option(help="Folder made by `images`; its whole test set is compared."),
    ] = None,
) -> None:
    """Prove trained model = lowered model = HLS emulation on the test set, random and corner vectors."""
    settings = configuration.load(config, HardwareSettings)
    inputs = [hls, lowered, *([images] if images else [])]
    outputs = [out.with_suffix(".npz")] if images else []
    with artefact(
        out, "csim", settings={"hardware": settings}, inputs=inputs, folder=False, companions=outputs
    ) as space:
        from hls_projects.compare import compare
        from hls_projects.csim import build
        from hls_projects.emulator.proof import with_fast_emulator
        from hls_projects.network import Network
        from hls_projects.proof import Proof
        from hls_projects.vectors import made_vectors
        from models.exact import exact_inference
        from models.load import load_model

        network = Network.load(lowered)
        types = network.types
        ports = [(port.shape, port.type) for port in types.inputs]
        data = [] if images is None else [TestSet(images)]
        vectors: list[VectorSource] = [*data, *made_vectors(ports, settings.csim.random_vectors, settings.csim.seed)]
        trained = exact_inference(load_model(next(lowered.glob("trained.*"))))
        plain = exact_inference(load_model(lowered / "model.h5"))
        try:
            emulator = build(hls, space.work)
        except ToolNotFoundError as error:
            leave_proof(out, Proof(status="not run", reason=error.what))
            raise
        with progress("comparing", sum(source.count for source in vectors), "vectors") as advance:
            result = compare(trained, plain, types, emulator, vectors, settings.csim.batch, advance)
        proof = result.proof
        deployed = data[0].emulated(network) if data else []
        if data:
            proof = with_fast_emulator(proof, types, result.raw_outputs, deployed)
        if proof.status != "proven":
            leave_proof(out, proof)
            raise ProofFailedError(f"model and HLS emulation differ: {proof.first_mismatch}", file=hls)
        if data:
            _save_outputs(space.companions[0], data[0], deployed, types)
        write_json(space.path, proof.model_dump(mode="json"))
    done("csim", f"{out}: {proof.reason}, {len(proof.layers)} layers on {sum(proof.vectors.values())} vectors")


def _save_outputs(path: Path, data: TestSet, raw: list[Raw], types: ModelTypes) -> None:
    """The emulated integers of the test set, with labels and weights."""
    arrays: dict[str, Any] = {f"raw_{i}": values.astype(np.int64) for i, values in enumerate(raw)}
    arrays |= {f"fraction_{i}": np.asarray(port.type.fraction) for i, port in enumerate(types.outputs)}
    np.savez_compressed(path, label=data.column("label"), weight=data.column("weight"), **arrays)
