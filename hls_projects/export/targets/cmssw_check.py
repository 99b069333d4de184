"""The emulator package of a bundle, built with g++, loaded with `dlopen` and given the reference vectors."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from data_prep.errors import PipelineError, ProofFailedError, ToolNotFoundError
from data_prep.system.programs import Children
from hls_projects.export.design import Design
from hls_projects.export.formats.vector_files import FOLDER as VECTORS
from hls_projects.export.proof_files import FOLDER as PROOFS
from hls_projects.export.targets.cmssw import FOLDER, model_name
from hls_projects.proof.record import LayerProof, Proof

FLAGS = "-O1 -fPIC -std=c++17"
"""Those of CMSSW with less optimisation, which takes half the time to compile."""


def prove_emulator(design: Design, root: Path) -> None:
    """Check the package and write `proof/cmssw.json`.

    Args:
        design: what was exported.
        root: folder of the bundle with its package and vectors.

    Raises:
        ToolNotFoundError: when g++, make or nm is missing.
        PipelineError: when the package does not build.
        ProofFailedError: when an integer differs, or the library exports a symbol of its own.
    """
    check_package(root / FOLDER, root / VECTORS)
    vectors = {block.kind: block.count for block in design.vectors.blocks}
    layers = tuple(
        LayerProof(name=port.name, type=port.type.name, values=values.size, mismatches=0)
        for port, values in zip(design.types.outputs, design.vectors.outputs, strict=True)
    )
    reason = f"{model_name(design)}.so, loaded as CMSSW does, gives the reference outputs"
    proof = Proof(status="proven", reason=reason, vectors=vectors, layers=layers)
    (root / PROOFS / "cmssw.json").write_text(proof.model_dump_json(indent=1) + "\n", encoding="utf-8")


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
        copy = Path(scratch) / FOLDER
        shutil.copytree(package, copy)
        # make takes no spaces in paths, so nothing lies where the user's folders do
        shutil.copytree(vectors, Path(scratch) / VECTORS)
        command = ["make", "--no-print-directory", "-s", f"CXXFLAGS={flags}", f"VECTORS=../{VECTORS}"]
        built = children.run([*command, "all", "programs"], folder=copy)
        if built.code != 0:
            first = next((line for line in built.errors.splitlines() if "error" in line), built.errors.strip()[-300:])
            raise PipelineError(f"the emulator package does not build: {first}", file=package)
        checked = children.run([*command, "check"], folder=copy)
        if checked.code != 0:
            said = next(iter(checked.errors.splitlines()), "no message")
            raise ProofFailedError(f"the emulator package fails its check: {said}", file=package)
        return checked.output.strip().splitlines()[-1]
