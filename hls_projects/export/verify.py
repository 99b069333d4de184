"""Reading a bundle back: is it what its manifest says, file by file."""

from __future__ import annotations

import tempfile
from pathlib import Path

from data_prep.errors import InputFileError
from hls_projects.export.archive import unpack
from hls_projects.export.manifest import MANIFEST, BundleManifest, hash_files

_REMEDY = "do not use it; ask for the bundle again"


def verify(bundle: Path) -> BundleManifest:
    """Check a bundle, packed or unpacked.

    Args:
        bundle: `<name>.tar.gz`, or the folder unpacked from it.

    Raises:
        InputFileError: when it is no bundle, or a file is missing, added or changed.
    """
    if bundle.is_dir():
        return _check(bundle, bundle)
    with tempfile.TemporaryDirectory() as scratch:
        return _check(unpack(bundle, Path(scratch)), bundle)


def _check(root: Path, shown: Path) -> BundleManifest:
    for path in root.rglob("*"):
        if path.is_symlink():
            raise InputFileError(f"{path.relative_to(root)} is a link", file=shown, remedy=_REMEDY)
    if not (root / MANIFEST).is_file():
        raise InputFileError(f"is no bundle: it has no {MANIFEST}", file=shown)
    manifest = BundleManifest.load(root)
    found, promised = hash_files(root), manifest.files
    changed = sorted(name for name in found.keys() & promised.keys() if found[name] != promised[name])
    faults = {"changed": changed, "missing": sorted(promised.keys() - found.keys())}
    faults["not in the manifest"] = sorted(found.keys() - promised.keys())
    for what, names in faults.items():
        if names:
            more = f" and {len(names) - 1} more" if len(names) > 1 else ""
            raise InputFileError(f"does not match its manifest: {names[0]}{more} {what}", file=shown, remedy=_REMEDY)
    return manifest
