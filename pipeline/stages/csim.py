"""`csim`: the HLS project compiled, run and compared with the model, integer by integer."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer

from data_prep.errors import ProofFailedError, ToolNotFoundError
from hls_projects.settings import CsimSettings, HardwareSettings
from pipeline import configuration
from pipeline.artefacts.artefact import artefact
from pipeline.artefacts.json_file import write_json
from pipeline.console import done, progress
from pipeline.options import Hardware, Images, Lowered, result
from pipeline.proving import TestSet, leave_proof, require_images_of, require_same_images, require_same_meaning
from pipeline.stage import Stage

if TYPE_CHECKING:
    from data_prep.store.jet_images import ImageSplit
    from hls_projects.emulator.fast_emulator import Raw
    from hls_projects.hls.project import HlsProject
    from hls_projects.network.graph import Graph
    from hls_projects.proof.vectors import RawSource, VectorSource


def run(
    hls: Annotated[Path, typer.Argument(help="HLS project: a folder made by `convert`.")],
    lowered: Lowered,
    config: Hardware,
    out: Annotated[Path, result("a proof, build/<run>/60_csim.json; the emulated outputs go beside it (.npz)")],
    images: Images = None,
) -> None:
    """Prove that the HLS project equals the trained network.

    Trained model, lowered model and compiled HLS project must give equal integers on the test set of --images, on
    random vectors and on corner cases. If hardware.yaml limits the emulation to some vectors (`csim.vectors`), the
    fast emulator is compared with it on those, and with the trained model on the whole test set. Needs g++.
    """
    settings = configuration.load(config, HardwareSettings)
    inputs = {"convert": hls, "lower": lowered, "images": images}
    outputs = [out.with_suffix(".npz")] if images else []
    with artefact(
        out, "csim", settings={"hardware": settings}, inputs=inputs, folder=False, companions=outputs
    ) as space:
        from hls_projects.emulator.proof import compare_whole, with_fast_emulator
        from hls_projects.hls.csim import build
        from hls_projects.hls.project import HlsProject
        from hls_projects.network.network import Network
        from hls_projects.proof.compare import compare
        from hls_projects.proof.compare_candidates import compare_candidates, compare_dataset
        from hls_projects.proof.compare_jets import compare_jets
        from hls_projects.proof.record import Proof, joined
        from hls_projects.proof.vectors import made_vectors, some_vectors
        from models.files.load import load_model
        from models.quantization.exact import exact_inference

        network, project = Network.load(lowered), HlsProject.load(hls)
        require_same_meaning(project, network, hls)
        if images is not None:
            require_images_of(network, images)
        types = network.graph
        ports = [(port.shape, port.type) for port in types.inputs]
        data = [] if images is None else [TestSet(images)]
        available: list[VectorSource] = [*data, *made_vectors(ports, settings.csim.random_vectors, settings.csim.seed)]
        split = data[0].split if data else None
        candidates = _candidates(project, split, settings.csim, hls)
        limit = settings.csim.vectors
        vectors = [some_vectors(source, limit) for source in available]
        candidate_vectors = [some_vectors(source, limit) for source in candidates]
        trained = exact_inference(load_model(next(lowered.glob("trained.*"))))
        plain = exact_inference(load_model(lowered / "model.h5"))
        try:
            emulator = build(hls, space.work)
        except ToolNotFoundError as error:
            leave_proof(space, space.path, Proof(status="not run", reason=error.problem))
            raise
        total = sum(source.count for source in (*vectors, *candidate_vectors, *(vectors if project.finder else ())))
        with progress("comparing", total, "vectors") as advance:
            result = compare(trained, plain, types, emulator, vectors, settings.csim.batch, advance)
            proof = result.proof
            if project.builder is not None:
                builder = project.builder.builder
                candidate_proof = compare_candidates(
                    trained, types, builder, emulator, candidate_vectors, settings.csim.batch, advance
                )
                dataset_proofs = [compare_dataset(builder, split, settings.csim.batch)] if split else []
                proof = joined(proof, candidate_proof, *dataset_proofs)
            if project.finder is not None:
                finder = project.finder.finder
                proof = joined(
                    proof, compare_jets(trained, types, finder, emulator, vectors, settings.csim.batch, advance)
                )
        deployed = data[0].emulated(network) if data else []
        if data:
            rows = vectors[0].rows
            proof = with_fast_emulator(proof, types, result.raw_outputs, [values[rows] for values in deployed])
            if rows.size < data[0].count:
                proof = joined(proof, compare_whole(trained, types, data[0], deployed, settings.csim.batch))
        every = {source.kind: source.count for source in available}
        every |= {source.kind: source.count for source in candidates}
        if every != proof.vectors:
            proof = proof.model_copy(update={"available": every})
        if proof.status != "proven":
            leave_proof(space, space.path, proof)
            raise ProofFailedError(f"model and HLS emulation differ: {proof.first_mismatch}", file=hls)
        if data:
            _save_outputs(space.companions[0], data[0], deployed, types)
        write_json(space.path, proof.model_dump(mode="json"))
    limited = f" of {sum(proof.available.values())} (csim.vectors: {limit})" if proof.available else ""
    done("csim", f"{out}: {proof.reason}, {len(proof.layers)} layers on {sum(proof.vectors.values())} vectors{limited}")


def _candidates(project: HlsProject, split: ImageSplit | None, settings: CsimSettings, folder: Path) -> list[RawSource]:
    """The candidates that are compared; none where the design starts from images."""
    from hls_projects.proof.compare_candidates import JetCandidates, made_candidates

    if split is not None:
        require_same_images(project, split.description, folder)
    if project.builder is None:
        return []
    builder = project.builder.builder
    data: list[RawSource] = [JetCandidates(split)] if split is not None else []
    return [*data, *made_candidates(builder, settings.random_vectors, settings.seed)]


def _save_outputs(path: Path, data: TestSet, raw: list[Raw], types: Graph) -> None:
    """Write the emulated integers of the test set, with weights, and labels if there are any."""
    # The maps of events are large: they stay in the narrow integers of the emulator.
    outputs = raw if data.of_events else [values.astype(np.int64) for values in raw]
    arrays: dict[str, Any] = {f"raw_{i}": values for i, values in enumerate(outputs)}
    arrays |= {f"fraction_{i}": np.asarray(port.type.fraction) for i, port in enumerate(types.outputs)}
    if not data.of_events:
        arrays["label"] = data.column("label")
    np.savez_compressed(path, weight=data.column("weight"), **arrays)


STAGE = Stage(
    run,
    place=60,
    example=r"""
python -m pipeline csim --config configs/demo/hardware.yaml \
  --lowered build/demo/40_lowered --images build/demo/20_images \
  build/demo/50_hls --out build/demo/60_csim.json
""",
    artefact="60_csim.json",
    inputs=("images", "lower", "convert"),
    in_every_run=True,
)
