"""Reading a bundle back: is it what its manifest says, file by file. Nothing in a bundle is trusted."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from data_prep.errors import InputFileError
from data_prep.store.jet_images import ImageDescription
from hls_projects.export.archive import unpack
from hls_projects.export.file_hashes import CHECKSUMS, MADE, MANIFEST, files_of, hash_files
from hls_projects.export.manifest import BundleManifest, checksums, summarise_proofs
from models.files.meaning import MEANING, Meaning

_REMEDY = "do not use it; ask for the bundle again"


def verify(bundle: Path) -> BundleManifest:
    """Check the files of a bundle, packed or unpacked, against its manifest.

    Args:
        bundle: `<name>.tar.gz`, or the folder unpacked from it.

    Raises:
        InputFileError: when it is no bundle, or a file is missing, added or changed.
    """
    with opened(bundle) as (_, manifest):
        return manifest


@contextmanager
def opened(bundle: Path) -> Iterator[tuple[Path, BundleManifest]]:
    """A bundle as a folder whose files are those of its manifest, for as long as the context lasts.

    Args:
        bundle: `<name>.tar.gz`, or the folder unpacked from it.

    Raises:
        InputFileError: as `verify`.
    """
    if bundle.is_dir():
        yield bundle, _check(bundle, bundle)
        return
    with tempfile.TemporaryDirectory() as scratch:
        root = unpack(bundle, Path(scratch))
        if maker := made_in(root):
            raise InputFileError(f"holds {maker[0]}, which is not part of a bundle", file=bundle, remedy=_REMEDY)
        manifest = _check(root, bundle)
        if root.name != manifest.name:
            reason = f"holds the folder '{root.name}', its manifest is of '{manifest.name}'"
            raise InputFileError(reason, file=bundle, remedy=_REMEDY)
        yield root, manifest


def made_in(root: Path) -> list[str]:
    """The folders in which `make` left something in an unpacked bundle; nothing is known of them."""
    return [name for name in MADE if (root / name).is_symlink() or (root / name).exists()]


def _check(root: Path, bundle: Path) -> BundleManifest:
    for path in files_of(root):
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            raise InputFileError(f"{path.relative_to(root)} is a link or a device", file=bundle, remedy=_REMEDY)
    if not (root / MANIFEST).is_file():
        raise InputFileError(f"is not a bundle: it has no {MANIFEST}", file=bundle)
    manifest = BundleManifest.load(root)
    for name in manifest.files:
        if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts:
            raise InputFileError(f"its manifest names {name!r}, which leads out of it", file=bundle, remedy=_REMEDY)
    hashes, promised = hash_files(root), manifest.files
    changed = sorted(name for name in hashes.keys() & promised.keys() if hashes[name] != promised[name])
    faults = {"changed": changed, "missing": sorted(promised.keys() - hashes.keys())}
    faults["not in the manifest"] = sorted(hashes.keys() - promised.keys())
    for fault, names in faults.items():
        if names:
            more = f" and {len(names) - 1} more" if len(names) > 1 else ""
            raise InputFileError(f"does not match its manifest: {names[0]}{more} {fault}", file=bundle, remedy=_REMEDY)
    _require_checksums(root, checksums(root, hashes).encode(), bundle)
    if summarise_proofs(root) != manifest.proofs or any(proof.status != "proven" for proof in manifest.proofs.values()):
        raise InputFileError("its manifest lists other proofs than it contains", file=bundle, remedy=_REMEDY)
    for port in (*manifest.inputs, *manifest.outputs):
        if port.vectors not in manifest.files:
            fault = f"its manifest has no file {port.vectors!r}, the vectors of '{port.name}'"
            raise InputFileError(fault, file=bundle, remedy=_REMEDY)
    _require_meaning(root, manifest, bundle)
    return manifest


def _require_meaning(root: Path, manifest: BundleManifest, bundle: Path) -> None:
    """What the network's inputs and outputs are is said wherever it was trained here, and in one voice.

    That it fits the network is checked where that is read (`Network.load`).
    """
    held, in_manifest, trained = Meaning.load(root / MEANING), manifest.meaning, manifest.provenance.training
    if held != in_manifest:
        raise InputFileError(
            f"{MEANING} and {MANIFEST} differ in what inputs and outputs are", file=bundle, remedy=_REMEDY
        )
    if trained is None:
        return
    if in_manifest is None:
        reason = f"was trained on {trained.images}, but does not say what its inputs and outputs are ({MEANING})"
        raise InputFileError(reason, file=bundle, remedy=_REMEDY)
    named = in_manifest.images.classes if isinstance(in_manifest.images, ImageDescription) else ()
    if (trained.task, tuple(trained.classes)) != (in_manifest.task, named):
        reason = f"{MANIFEST} names another training than {MEANING}"
        raise InputFileError(reason, file=bundle, remedy=_REMEDY)


def _require_checksums(root: Path, expected: bytes, bundle: Path) -> None:
    """`SHA256SUMS` guards the manifest, which guards all others."""
    file = root / CHECKSUMS
    given = file.read_bytes() if file.is_file() else b""
    if given != expected:
        files_are_the_same = given.partition(b"\n")[2] == expected.partition(b"\n")[2]
        name = MANIFEST if files_are_the_same else CHECKSUMS
        reason = f"{name} changed" if given else f"{name} missing"
        raise InputFileError(f"does not match its checksums: {reason}", file=bundle, remedy=_REMEDY)
