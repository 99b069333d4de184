"""`export`: a proven design → the firmware bundle."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from data_prep.errors import PipelineError
from hls_projects.settings import HardwareSettings
from pipeline import configuration
from pipeline.artefact import artefact, content_hash, git_hash, versions
from pipeline.console import done
from pipeline.lineage import require_made_from, upstream

if TYPE_CHECKING:
    from hls_projects.export.design import RtlPart
    from hls_projects.export.reference_vectors import ReferenceVectors
    from hls_projects.model_types import ModelTypes
    from hls_projects.vectors import VectorSource


def run(
    hls: Annotated[Path, typer.Argument(help="Folder made by `convert`.")],
    lowered: Annotated[Path, typer.Option(help="Folder made by `lower`.")],
    csim: Annotated[Path, typer.Option(help="Proof made by `csim` (.json).")],
    config: Annotated[Path, typer.Option(help="hardware.yaml")],
    out: Annotated[Path, typer.Option(help="Folder to make.")],
    rtl: Annotated[
        Path | None, typer.Option(help="Folder made by `rtl`; its Verilog and VHDL go into the bundle.")
    ] = None,
    images: Annotated[
        Path | None,
        typer.Option(help="Folder made by `images`; jets of its test set become reference vectors."),
    ] = None,
) -> None:
    """Bundle HLS project and RTL with reference vectors, proofs and manifest; refused unless the proofs hold."""
    settings = configuration.load(config, HardwareSettings)
    inputs = [hls, lowered, csim, *([rtl] if rtl else []), *([images] if images else [])]
    with artefact(out, "export", settings={"hardware": settings}, inputs=inputs) as space:
        from hls_projects.export.bundle import write_bundle
        from hls_projects.export.design import Design, require_proven
        from hls_projects.export.manifest import Provenance
        from hls_projects.hls_project import HlsProject
        from hls_projects.model_types import ModelTypes
        from hls_projects.proof import Proof

        project, types = HlsProject.load(hls), ModelTypes.load(lowered / "types.json")
        proof = Proof.load(csim)
        require_proven(proof, project, csim)
        require_made_from(csim, [hls, lowered])
        if project.name != settings.name:
            what = f"is the design '{project.name}', the configuration names '{settings.name}'"
            raise PipelineError(what, file=hls, remedy="run `convert` again")
        vectors, metrics = _vectors(lowered, types, settings, csim, images)
        provenance = Provenance(
            configuration={name: found.configuration for name, found in upstream(inputs).items()},
            sources={path.name: content_hash(path) for path in inputs},
            versions=versions(),
            git=git_hash(),
            metrics=metrics,
        )
        part, reason = (None, "none was asked for") if rtl is None else _rtl(rtl, lowered)
        design = Design(project, types, proof, vectors, hls, lowered, csim, part, reason)
        manifest = write_bundle(design, provenance, space.path)
    done("export", f"{out}/{manifest.name}.tar.gz: {len(manifest.files)} files, {vectors.count} reference vectors")


def _rtl(folder: Path, lowered: Path) -> tuple[RtlPart | None, str]:
    """The RTL with its proof; or why hardware.yaml asked for none."""
    from hls_projects.export.design import RtlPart
    from hls_projects.rtl.design import RtlDesign
    from hls_projects.rtl.record import RtlProof

    proof_file = folder.with_name(f"{folder.name}.json")
    require_made_from(folder, [lowered], companion=proof_file)
    proof = RtlProof.load(proof_file)
    if proof.status == "not run":
        return None, proof.reason
    return RtlPart(folder, RtlDesign.load(folder), proof, proof_file), ""


def _vectors(
    lowered: Path, types: ModelTypes, settings: HardwareSettings, csim: Path, images: Path | None
) -> tuple[ReferenceVectors, dict[str, Any] | None]:
    """The reference vectors, and the metrics of the emulated outputs where the test set was emulated."""
    from data_prep.dataset import ImageDataset
    from hls_projects.emulated_outputs import EmulatedOutputs
    from hls_projects.export.jets import choose_jets, require_equal
    from hls_projects.export.reference_vectors import reference_vectors
    from hls_projects.vectors import made_vectors
    from models.exact import exact_inference
    from models.load import load_model

    jets = None if images is None else choose_jets(images, settings.export.test_jets, types)
    corners = made_vectors([(port.shape, port.type) for port in types.inputs], 0, settings.csim.seed)
    sources: list[VectorSource] = [*([jets] if jets and jets.count else []), *corners]
    vectors = reference_vectors(exact_inference(load_model(lowered / "model.h5")), types, sources)
    emulated = csim.with_suffix(".npz")
    if jets is None or not emulated.exists():
        return vectors, None
    outputs = EmulatedOutputs.load(emulated)
    if jets.count:
        require_equal(vectors, jets, outputs)
    if not isinstance(jets.dataset, ImageDataset):
        return vectors, None
    classes = jets.dataset.classes
    found = outputs.performance(classes)
    return vectors, None if found is None else {"classes": list(classes)} | found.as_json()
