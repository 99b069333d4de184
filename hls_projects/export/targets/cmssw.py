"""Target `cmssw/`: the emulator of the design as CMSSW loads it, in the layout of the model repositories of cms-hls4ml.

Versions of one model go into one repository: all that names a model lies in its own folder, and `Makefile` builds every
folder beside it. A library exports `create_model` and `destroy_model` and nothing else: two models whose weights had
the same symbol once made a trigger fire on every event (https://github.com/cms-sw/cmssw/issues/44435). The interface is
`hls4mlEmulator::Model` of https://github.com/cms-hls4ml/hls4mlEmulatorExtras; the `std::any` it is given hold pointers.
Spec file and toolfile have the form of those in https://github.com/cms-sw/cmsdist.
"""

from __future__ import annotations

import math
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from data_prep.errors import InputFileError
from hls_projects.export.design import Design
from hls_projects.export.licences import apache
from hls_projects.export.render import TEMPLATES, rendered
from hls_projects.export.target import Target
from hls_projects.export.targets.cmssw_check import check_package
from hls_projects.export.targets.cmssw_sources import copy_sources
from hls_projects.export.targets.proofs import FOLDER as PROOFS
from hls_projects.export.targets.vectors import FOLDER as VECTORS
from hls_projects.export.targets.vectors import file_name
from hls_projects.hls.project import HlsProject
from hls_projects.network.port import Port
from hls_projects.proof.record import LayerProof, Proof

FOLDER = "cmssw"
BUILD = "build"
"""Folder below it in which `make` leaves its output."""


@dataclass(frozen=True)
class _Port:
    """An input or output as the templates need it."""

    port: Port
    kind: str
    index: int
    count: int

    @property
    def name(self) -> str:
        return self.port.name

    @property
    def shape(self) -> str:
        return " x ".join(map(str, self.port.shape))

    @property
    def size(self) -> int:
        return math.prod(self.port.shape)

    @property
    def type(self) -> str:
        return self.port.type.name

    @property
    def signed(self) -> bool:
        return self.port.type.signed

    @property
    def beat(self) -> str:
        """The type of one beat of its stream in hls4ml."""
        return f"nnet::array<ports::{self.name}_t, {self.port.shape[-1]}>"

    @property
    def member(self) -> str:
        return self.of(f"{self.kind}s_")

    @property
    def file(self) -> str:
        return f"{self.kind}_{self.index}"

    @property
    def vectors(self) -> str:
        return file_name(self.kind, self.index)

    def of(self, all_of_them: str) -> str:
        """Its array among those of all inputs or outputs."""
        if self.count == 1:
            return all_of_them
        if self.count == 2:
            return f"{all_of_them}.{('first', 'second')[self.index]}"
        return f"std::get<{self.index}>({all_of_them})"


def model_name(design: Design) -> str:
    """Name of the library, without `.so`, that CMSSW is given."""
    return f"{design.project.name}_v{design.version}"


def model_in(root: Path, name: str) -> str:
    """The library of the package in a bundle.

    Args:
        root: the bundle.
        name: of the design.

    Raises:
        InputFileError: none, or more than one.
    """
    versions = [folder.name for folder in sorted((root / FOLDER).glob(f"{name}_v*")) if folder.is_dir()]
    if len(versions) != 1 or not re.fullmatch(r"\d+(_\d+)*", versions[0].removeprefix(f"{name}_v")):
        reason = f"holds {len(versions)} versions of {name}, a bundle has one"
        raise InputFileError(reason, file=root / FOLDER, remedy="do not use it; ask for the bundle again")
    return versions[0]


def write(design: Design, root: Path) -> None:
    """Write the package `cmssw/`."""
    write_package(design.project, design.version, design.hls, apache(), root)


def write_package(project: HlsProject, version: str, hls: Path, licence: Path, root: Path) -> None:
    """Write the package `cmssw/` of an HLS project.

    Args:
        project: the content of `hls.json`.
        version: of the design.
        hls: folder of the project.
        licence: the text of the Apache License.
        root: folder of the bundle.

    Raises:
        PipelineError: sources of another form than hls4ml's.
    """
    name, model = project.name, f"{project.name}_v{version}"
    namespace = f"hls4ml_{model}"
    folder = root / FOLDER
    sources = copy_sources(hls / "firmware", namespace, folder / model / "NN")
    (folder / "standalone").mkdir()
    shutil.copytree(hls / "firmware" / "ap_types", folder / "standalone" / "ap_types")
    for header in ("emulator.h", "vectors.h"):
        shutil.copyfile(TEMPLATES / "cmssw" / header, folder / "standalone" / header)
    shutil.copyfile(licence, folder / "LICENSE")
    shutil.copyfile(TEMPLATES / "cmssw" / "exports.map", folder / model / "exports.map")
    shutil.copyfile(TEMPLATES / "cmssw" / "Makefile", folder / "Makefile")
    (folder / ".gitignore").write_text(f"/{BUILD}/\n", encoding="ascii")
    inputs, outputs = _ports("input", project.top_inputs), _ports("output", project.outputs)
    values = {
        "name": name,
        "version": version,
        "model": model,
        "namespace": namespace,
        "sources": sources,
        "header": f"{project.top}.h",
        "function": project.top,
        "stream": project.settings.io_type == "io_stream",
        "inputs": inputs,
        "outputs": outputs,
        "input": _pointee(inputs),
        "result": _pointee(outputs),
        "inputs_type": _held(inputs),
        "outputs_type": _held(outputs),
    }
    for template, file in (
        ("model.mk", f"{model}/Makefile"),
        ("ports.h", f"{model}/{model}.h"),
        ("emulator.cpp", f"{model}/{name}_emulator_v{version}.cpp"),
        ("check.cpp", f"{model}/check.cpp"),
        ("cppunit.cpp", f"{model}/test/cppunit.cpp"),
        ("BuildFile.xml", f"{model}/test/BuildFile.xml"),
        ("package.spec", f"cmsdist/{name}.spec"),
        ("toolfile.xml", f"cmsdist/scram-tools.file/tools/{name}/{name}.xml"),
        ("README.md", "README.md"),
    ):
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_text(rendered(f"cmssw/{template}.j2", values), encoding="utf-8")


def _ports(kind: str, ports: tuple[Port, ...]) -> list[_Port]:
    return [_Port(port, kind, i, len(ports)) for i, port in enumerate(ports)]


def _pointee(ports: list[_Port]) -> str:
    """What the pointer in a `std::any` points at: elements of one port, a pair or tuple of the arrays of several."""
    return f"{ports[0].name}_t" if len(ports) == 1 else _together([f"{port.name}_array" for port in ports])


def _held(ports: list[_Port]) -> str:
    """All arrays of one kind in one value."""
    arrays = [f"ports::{port.name}_array" for port in ports]
    return arrays[0] if len(arrays) == 1 else _together(arrays)


def _together(arrays: list[str]) -> str:
    return f"std::{'pair' if len(arrays) == 2 else 'tuple'}<{', '.join(arrays)}>"


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
        for port, values in zip(design.graph.outputs, design.vectors.outputs, strict=True)
    )
    reason = f"{model_name(design)}.so, loaded as CMSSW does, gives the reference outputs"
    proof = Proof(status="proven", reason=reason, vectors=vectors, layers=layers)
    (root / PROOFS / "cmssw.json").write_text(proof.model_dump_json(indent=1) + "\n", encoding="utf-8")


TARGET = Target(60, write, check=prove_emulator)
