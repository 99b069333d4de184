"""The emulator package of a bundle, built with g++, loaded with `dlopen` and given the reference vectors."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from data_prep.errors import PipelineError, ProofFailedError, ToolNotFoundError
from data_prep.system.programs import Children
from hls_projects.export.targets.vectors import FOLDER as VECTORS

FLAGS = "-O1 -fPIC -std=c++17"
"""The compiler flags of CMSSW with less optimisation, which halves the time to compile."""


def check_package(package: Path, vectors: Path, flags: str = FLAGS) -> str:
    """Build a copy of a package and run its own check; returns the line it ends with.

    Args:
        package: the folder `cmssw/`, which is left as it is.
        vectors: folder of the reference vectors.
        flags: of the compiler.

    Raises:
        ToolNotFoundError: when g++, make or nm is missing.
        PipelineError: when the package does not build.
        ProofFailedError: when an integer differs, or the library exports a symbol of its own.
    """
    for tool, where in (("g++", "g++"), ("make", "make"), ("nm", "binutils")):
        if shutil.which(tool) is None:
            raise ToolNotFoundError(
                f"{tool} not found, needed to check the CMSSW package", remedy=f"`apt install {where}`"
            )
    with tempfile.TemporaryDirectory() as scratch, Children() as children:
        copy = Path(scratch) / "cmssw"
        shutil.copytree(package, copy)
        # make accepts no spaces in paths: it works on a copy, not in the user's folder
        shutil.copytree(vectors, Path(scratch) / VECTORS)
        command = ["make", "--no-print-directory", "-s", f"CXXFLAGS={flags}", f"VECTORS=../{VECTORS}"]
        built = children.run([*command, "all", "programs"], folder=copy)
        if built.code != 0:
            first = next((line for line in built.errors.splitlines() if "error" in line), built.errors.strip()[-300:])
            raise PipelineError(f"the emulator package does not build: {first}", file=package)
        checked = children.run([*command, "check"], folder=copy)
        if checked.code != 0:
            message = next(iter(checked.errors.splitlines()), "no message")
            raise ProofFailedError(f"the emulator package fails its check: {message}", file=package)
        return checked.output.strip().splitlines()[-1]
