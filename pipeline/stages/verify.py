"""`verify`: a firmware bundle that came from somewhere, checked file by file and run on its own vectors."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline.code_version import git_hash
from pipeline.console import done, warn


def run(bundle: Annotated[Path, typer.Argument(help="<name>.tar.gz, or the folder unpacked from it.")]) -> None:
    """Check hashes, that parts belong together and types hold; then run the network on the bundle's vectors.

    Pattern files, emulator package, payload and card are made again from the rest of the bundle and compared. Needs
    neither TensorFlow nor the files that the bundle was made from. HLS project and RTL are compared with their hashes,
    not simulated again.
    """
    from hls_projects.export.replay import replay
    from hls_projects.export.verify import made_in, opened

    with opened(bundle) as (root, manifest):
        found = replay(root, manifest, git_hash())
        for folder in made_in(root):
            warn(f"not verified: {folder}, which was made here and is no part of the bundle")
    if found.left_out:
        warn(f"not run: {found.left_out}")
    if found.otherwise:
        warn(
            f"not made again: {found.otherwise[0]} and what else this version of the project writes otherwise, "
            f"{len(found.otherwise)} in all; the bundle is of commit {manifest.provenance.git}"
        )
    equal = f"{found.integers:,} output integers equal on {found.vectors:,} vectors ({', '.join(found.programs)})"
    types = f"types of {found.types} layers hold for their weights"
    done(
        "verify",
        f"{manifest.name}: {len(manifest.files)} files as in the manifest, {found.files} made again, {types}, {equal}",
    )
