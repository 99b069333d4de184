"""`verify`: a firmware bundle of any origin, checked file by file and run on its own vectors."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline.artefacts.code_version import git_hash
from pipeline.console import done, warn
from pipeline.stage import Stage


def run(bundle: Annotated[Path, typer.Argument(help="A bundle, <name>.tar.gz, or the unpacked folder.")]) -> None:
    """Check a firmware bundle and run it on its own vectors.

    Checks the hash of every file, that the parts belong together, and that the types hold; makes pattern files,
    emulator package, payload and card again from the rest of the bundle and compares them; then runs the network on
    the bundle's reference vectors. Needs neither TensorFlow nor the files that the bundle was made from. HLS project
    and RTL are checked by their hashes, but not simulated again.
    """
    from hls_projects.export.replay import replay
    from hls_projects.export.verify import made_in, opened

    with opened(bundle) as (root, manifest):
        replayed = replay(root, manifest, git_hash())
        for folder in made_in(root):
            warn(f"not verified: {folder}, which was made here and is not part of the bundle")
    if replayed.left_out:
        warn(f"not run: {replayed.left_out}")
    if replayed.otherwise:
        warn(
            f"not compared: {len(replayed.otherwise)} files that this version of the project writes differently, such "
            f"as {replayed.otherwise[0]}; the bundle is of commit {manifest.provenance.git}"
        )
    equal = (
        f"{replayed.integers:,} output integers equal on {replayed.vectors:,} vectors ({', '.join(replayed.programs)})"
    )
    types = f"types of {replayed.types} layers hold for their weights"
    done(
        "verify",
        f"{manifest.name}: {len(manifest.files)} files as in the manifest, {replayed.files} made again, {types}, "
        f"{equal}",
    )


STAGE = Stage(
    run,
    place=71,
    example="python -m pipeline verify build/demo/70_export/demo.tar.gz",
    inputs=("export",),
)
