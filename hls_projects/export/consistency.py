"""Whether the parts of a bundle belong to one design. Hashes alone do not show it: anyone can compute them again."""

from __future__ import annotations

from pathlib import Path

from data_prep.errors import InputFileError
from hls_projects.before_ports import BeforePorts
from hls_projects.export.file_hashes import hash_files
from hls_projects.export.manifest import BundleManifest, BundlePort
from hls_projects.export.targets.emp import FOLDER as EMP
from hls_projects.export.targets.hls import FOLDER as HLS
from hls_projects.export.targets.proofs import CSIM, RTL
from hls_projects.export.targets.proofs import FOLDER as PROOFS
from hls_projects.export.targets.rtl import FOLDER as RTL_SOURCES
from hls_projects.hls.project import HlsProject
from hls_projects.network.port import Port
from hls_projects.rtl.design import RtlDesign
from hls_projects.rtl.record import RtlProof

_REMEDY = "do not use it; ask for the bundle again"


def require_consistent(root: Path, manifest: BundleManifest) -> None:
    """Refuse a bundle that proves nothing, or whose parts are of different designs.

    Args:
        root: the bundle, its hashes checked.
        manifest: its manifest.

    Raises:
        InputFileError: no vectors, no proof or an empty one, another name, other ports or settings, RTL that is not
            what its proof is of.
    """

    def refuse(reason: str, *inside: str) -> InputFileError:
        return InputFileError(reason, file=root.joinpath(*inside), remedy=_REMEDY)

    if not manifest.inputs or not manifest.outputs or not sum(block.count for block in manifest.vectors):
        raise refuse("has no vectors to compare with")
    has_rtl = (root / RTL_SOURCES).exists()
    for name, part in ((CSIM, "the HLS project"), *([(RTL, "the RTL")] if has_rtl else [])):
        if name not in manifest.proofs:
            raise refuse(f"holds no proof of {part}", PROOFS, name)
    for name, proof in manifest.proofs.items():
        if proof.status != "proven" or proof.mismatches or proof.first_mismatch is not None:
            raise refuse("says that integers differ", PROOFS, name)
        if not proof.integers or not sum(proof.vectors.values()):
            raise refuse("is a proof that compared nothing", PROOFS, name)
    project = HlsProject.load(root / HLS)
    if project.name != manifest.name:
        raise refuse(f"is the design '{project.name}', the manifest is of '{manifest.name}'", HLS)
    if project.settings != manifest.hls:
        raise refuse("is made with other settings than the manifest says", HLS)
    if _shapes(project.top_inputs) != _shapes(manifest.inputs) or _shapes(project.outputs) != _shapes(manifest.outputs):
        raise refuse("has other ports than the manifest says", HLS)
    images = None if manifest.meaning is None else manifest.meaning.images
    starts = BeforePorts.of(images, builder_inside=project.builder is not None)
    # Older bundles do not say it.
    if manifest.before_ports not in (None, starts):
        raise refuse("starts from something else than the manifest says", HLS)
    if has_rtl:
        _require_rtl(root, manifest)


def _require_rtl(root: Path, manifest: BundleManifest) -> None:
    """Refuse RTL of another design, or other files than those simulated, also where the payload is made of them."""
    folder = root / RTL_SOURCES
    design, proof = RtlDesign.load(folder), RtlProof.load(root / PROOFS / RTL)
    if design.name != manifest.name:
        reason = f"is the design '{design.name}', the manifest is of '{manifest.name}'"
        raise InputFileError(reason, file=folder, remedy=_REMEDY)
    if _shapes(design.inputs) != _shapes(manifest.inputs) or _shapes(design.outputs) != _shapes(manifest.outputs):
        raise InputFileError("has other ports than the manifest says", file=folder, remedy=_REMEDY)
    hashes = hash_files(folder)
    changed = sorted(name for name in hashes.keys() | proof.files.keys() if hashes.get(name) != proof.files.get(name))
    if changed:
        reason = f"{changed[0]} is not what was simulated, says {PROOFS}/{RTL}"
        raise InputFileError(reason, file=folder, remedy=_REMEDY)
    copies = root / EMP / "firmware" / "hdl" / "rtl"
    if hash_files(copies) != hash_files(folder / "vhdl"):
        raise InputFileError("is not the VHDL of rtl/", file=copies, remedy=_REMEDY)


def _shapes(ports: tuple[Port, ...] | tuple[BundlePort, ...]) -> list[tuple[str, tuple[int, ...], str]]:
    return [(port.name, port.shape, port.type.name) for port in ports]
