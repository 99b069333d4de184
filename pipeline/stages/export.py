"""`export`: a proven design → the firmware bundle."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from data_prep.errors import PipelineError
from hls_projects.settings import CsimSettings, HardwareSettings
from pipeline import configuration
from pipeline.artefacts.artefact import artefact
from pipeline.artefacts.code_version import git_hash, versions
from pipeline.artefacts.hashes import content_hash
from pipeline.artefacts.lineage import distinct_names, require_made_from, upstream
from pipeline.artefacts.manifest import read_manifest
from pipeline.console import done, warn
from pipeline.options import Csim, Hardware, Images, Lowered, Rtl, result
from pipeline.proving import require_images_of, require_same_images, require_same_meaning
from pipeline.stage import Stage

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hls_projects.export.design import RtlPart
    from hls_projects.export.jets import JetVectors
    from hls_projects.export.reference_vectors import Integers, ReferenceVectors
    from hls_projects.hls.project import HlsProject
    from hls_projects.network.graph import Graph
    from hls_projects.proof.vectors import RawSource, Vectors, VectorSource
    from hls_projects.vendor.numbers import VendorNumbers


def run(
    hls: Annotated[Path, typer.Argument(help="HLS project: a folder made by `convert`.")],
    lowered: Lowered,
    csim: Csim,
    config: Hardware,
    out: Annotated[Path, result("a folder, build/<run>/70_export")],
    rtl: Rtl = None,
    synth: Annotated[Path | None, typer.Option(help="Vendor's synthesis: a folder made by `synth`.")] = None,
    images: Images = None,
) -> None:
    """Pack a proven design into a firmware bundle.

    HLS project, reference vectors (with jets of the test set of --images), proofs and a manifest; with --rtl the
    Verilog and VHDL, with --synth the numbers of the vendor's tools. Refused if a proof is missing or failed.
    """
    settings = configuration.load(config, HardwareSettings)
    inputs = {"convert": hls, "lower": lowered, "csim": csim, "rtl": rtl, "synth": synth, "images": images}
    with artefact(out, "export", settings={"hardware": settings}, inputs=inputs) as space:
        from hls_projects.blocks.compose import compose
        from hls_projects.export.bundle import write_bundle
        from hls_projects.export.design import Design, require_proven
        from hls_projects.export.manifest import Provenance
        from hls_projects.hls.project import HlsProject
        from hls_projects.network.network import Network
        from hls_projects.proof.record import Proof
        from pipeline.artefacts.origin import origin_of

        project, network = HlsProject.load(hls), Network.load(lowered)
        require_same_meaning(project, network, hls)
        if images is not None:
            require_images_of(network, images)
        types = compose(project.builder.builder, network).graph if project.builder else network.graph
        proof = Proof.load(csim)
        require_proven(proof, project, csim)
        require_made_from(csim, [hls, lowered])
        if project.name != settings.name:
            message = f"is the design '{project.name}', but the configuration has the name '{settings.name}'"
            raise PipelineError(message, file=hls, remedy="run `convert` again")
        vectors, metrics = _vectors(project, hls, lowered, types, settings, csim, images)
        sources = [source.path for source in space.inputs]
        training, quality = origin_of(sources, metrics)
        manifests = upstream(sources)
        names = distinct_names(list(manifests))
        provenance = Provenance(
            configuration={names[artefact_path]: record.configuration for artefact_path, record in manifests.items()},
            sources={source.path.name: source.content for source in space.inputs},
            versions=versions(),
            git=git_hash(),
            metrics=metrics,
            training=training,
            quality=quality,
        )
        part, reason = (None, "none was asked for") if rtl is None else _rtl(rtl, lowered)
        design = Design(
            project=project,
            graph=types,
            proof=proof,
            vectors=vectors,
            hls=hls,
            lowered=lowered,
            proof_file=csim,
            rtl=part,
            rtl_reason=reason,
            version=settings.export.version,
            packing=settings.packing,
            emp=settings.emp,
        )
        vendor = None if synth is None else _vendor(synth, [hls, *([rtl] if rtl else [])])
        manifest = write_bundle(design, provenance, space.path, vendor=vendor)
    done("export", f"{out}/{manifest.name}.tar.gz: {len(manifest.files)} files, {vectors.count} reference vectors")


def _vendor(folder: Path, designs: Sequence[Path]) -> VendorNumbers | None:
    """The results of the vendor's tools, if they are of exactly these designs."""
    from hls_projects.vendor.numbers import VendorNumbers

    if set(read_manifest(folder).inputs.values()) - {content_hash(path) for path in designs}:
        warn(f"{folder}: was made from another design and is left out (run `synth` again)")
        return None
    return VendorNumbers.load(folder)


def _rtl(folder: Path, lowered: Path) -> tuple[RtlPart | None, str]:
    """The RTL with its proof, or the reason why there is none."""
    from hls_projects.export.design import RtlPart
    from hls_projects.rtl.design import RtlDesign
    from hls_projects.rtl.record import RtlProof

    proof_file = folder.with_name(f"{folder.name}.json")
    require_made_from(folder, [lowered])
    proof = RtlProof.load(proof_file)
    if proof.status == "not run":
        return None, proof.reason
    return RtlPart(folder, RtlDesign.load(folder), proof, proof_file), ""


def _vectors(
    project: HlsProject,
    hls: Path,
    lowered: Path,
    types: Graph,
    settings: HardwareSettings,
    csim: Path,
    images: Path | None,
) -> tuple[ReferenceVectors, dict[str, Any] | None]:
    """The reference vectors, and the metrics of the emulated outputs if the test set was emulated."""
    from data_prep.store.jet_images import ImageDataset
    from hls_projects.export.jets import choose_jets, require_equal
    from hls_projects.export.reference_vectors import reference_vectors
    from hls_projects.hls.emulated_outputs import EmulatedOutputs
    from models.files.load import load_model
    from models.quantization.exact import exact_inference

    jets = None if images is None else choose_jets(images, settings.export.test_jets, project.inputs)
    if jets and isinstance(jets.dataset, ImageDataset):
        require_same_images(project, jets.dataset.metadata, hls)
    sources, images_of = _sources(project, jets if jets and jets.count else None, settings.csim)
    vectors = reference_vectors(exact_inference(load_model(lowered / "model.h5")), types, sources, images_of)
    emulated = csim.with_suffix(".npz")
    if jets is None or emulated.name not in read_manifest(csim).companions:
        return vectors, None
    outputs = EmulatedOutputs.load(emulated)
    if jets.count:
        require_equal(vectors, jets, outputs)
    classes = project.meaning.classes if project.meaning else ()
    if not isinstance(jets.dataset, ImageDataset) or not classes:
        return vectors, None
    performance = outputs.performance(classes)
    return vectors, None if performance is None else {"classes": list(classes)} | performance.as_json()


def _sources(
    project: HlsProject, jets: JetVectors | None, settings: CsimSettings
) -> tuple[Sequence[VectorSource | RawSource], Callable[[Sequence[Integers]], Sequence[Vectors]] | None]:
    """Jets and corner vectors for the inputs of the top function; the images of candidates, where it takes those."""
    from data_prep.store.jet_images import ImageSplit
    from hls_projects.blocks.image_builder_vectors import builder_vectors
    from hls_projects.proof.compare_candidates import JetCandidates, images_of
    from hls_projects.proof.vectors import SomeVectors, VectorSet, made_vectors, some_vectors

    if project.builder is None:
        corners = made_vectors([(port.shape, port.type) for port in project.inputs], 0, settings.seed)
        # Those of the emulation.
        selected = [some_vectors(source, settings.vectors) for source in corners]
        return [*([jets] if jets else []), *selected], None
    builder = project.builder.builder
    candidates: list[RawSource] = []
    if jets and isinstance(split := jets.dataset.split("test"), ImageSplit):
        candidates.append(SomeVectors(JetCandidates(split, jets.kind), jets.rows))
    candidates += [VectorSet(name, raw) for name, raw in builder_vectors(builder, 0, settings.seed).items()]
    return candidates, lambda raw: [images_of(builder, raw)]


STAGE = Stage(
    run,
    place=70,
    example=r"""
python -m pipeline export --config configs/demo/hardware.yaml \
  --lowered build/demo/40_lowered --csim build/demo/60_csim.json \
  --rtl build/demo/65_rtl --images build/demo/20_images \
  build/demo/50_hls --out build/demo/70_export
""",
    artefact="70_export",
    inputs=("images", "lower", "convert", "csim", "rtl", "synth"),
    in_every_run=True,
)
