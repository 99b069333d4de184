"""C simulation: the HLS project compiled with g++ and run on test vectors, every layer shown.

The vendor's `csim` compiles the same C++ with the same `ap_fixed`; here any g++ will do.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from data_prep.errors import PipelineError
from data_prep.system import programs
from data_prep.system.machine import ending, require_machine
from hls_projects.compiler import require_compiler
from hls_projects.hls import image_builder as hls_builder
from hls_projects.hls import jet_finder as hls_finder
from hls_projects.hls.image_builder import IMAGE
from hls_projects.hls.jet_finder import JETS
from hls_projects.hls.project import HlsProject, TracedLayer
from hls_projects.templating import filled

Values = npt.NDArray[np.float64]

ROOT = Path(__file__).parents[2]
WORKER = Path(__file__).with_name("csim_worker.py")
"""Run by its file, and without this folder among those that modules are looked for in: it needs none of ours."""
FLAGS = ("-O1", "-std=c++17", "-fPIC", "-fno-gnu-unique", "-w")
"""-O1 compiles in half the time of the stock -O3; the emulation spends its time in `ap_fixed` either way."""


@dataclass(frozen=True)
class Emulated:
    """What the emulation gave for a batch of vectors.

    Attributes:
        outputs: float64 [vectors, size] an output, in the order of the project.
        layers: float64 [vectors, size] by layer of the lowered model.
    """

    outputs: list[Values]
    layers: dict[str, Values]


@dataclass(frozen=True)
class Emulator:
    """A compiled HLS project.

    Attributes:
        library: the compiled emulation.
        project: ports and layers.
        scratch: a folder for exchanged arrays.
        function: of the library.
        raw: whether it takes raw integers of the ports, and not values.
    """

    library: Path
    project: HlsProject
    scratch: Path
    function: str = "csim_run"
    raw: bool = False

    def from_candidates(self) -> Emulator:
        """The emulation that starts from candidates, raw integers; its one layer is the built image.

        Raises:
            ValueError: when the project holds no image builder.
        """
        if self.project.builder is None:
            raise ValueError("this HLS project holds no image builder")
        builder = self.project.builder.builder
        traced = (TracedLayer(name=IMAGE, size=int(np.prod(builder.shape))),)
        project = self.project.model_copy(update={"inputs": builder.ports, "traced": traced})
        return replace(self, project=project, function="candidates_run", raw=True)

    def to_jets(self) -> Emulator:
        """The emulation that goes on to the list of jets, which is its one layer; it has no outputs beside it.

        Raises:
            ValueError: when the project holds no jet finder.
        """
        if self.project.finder is None:
            raise ValueError("this HLS project holds no jet finder")
        finder = self.project.finder.finder
        traced = (TracedLayer(name=JETS, size=finder.jets * finder.record),)
        project = self.project.model_copy(update={"outputs": (), "traced": traced})
        return replace(self, project=project, function="jets_run")

    def run(self, inputs: Sequence[npt.NDArray[Any]]) -> Emulated:
        """Emulate a batch of vectors in a process of its own.

        Args:
            inputs: one array [vectors, …] an input, in the order of the project.

        Raises:
            TypeError: values where raw integers are taken.
            PipelineError: when the emulation ends on a signal or an assertion.
        """
        traced = self.project.traced
        description = {
            "inputs": len(inputs),
            "outputs": [int(np.prod(port.shape)) for port in self.project.outputs],
            "names": [layer.name for layer in traced],
            "sizes": [layer.size for layer in traced],
            "function": self.function,
        }
        number = np.int64 if self.raw else np.float64
        flat = {
            f"input_{i}": x.astype(number, casting="safe", copy=False).reshape(len(x), -1) for i, x in enumerate(inputs)
        }
        with tempfile.TemporaryDirectory(dir=self.scratch) as folder:
            source, target = Path(folder) / "in.npz", Path(folder) / "out.npz"
            np.savez(source, traced=json.dumps(description), **flat)
            command = [sys.executable, "-P", str(WORKER), *map(str, (self.library, source, target))]
            ended = programs.run(command, folder=ROOT)
            if ended.code != 0:
                require_machine(ended.errors, self.scratch, code=ended.code)
                raise PipelineError(f"the emulation {ending(ended.code, ended.errors)}", file=self.library)
            with np.load(target, allow_pickle=False) as data:
                outputs = [data[f"output_{i}"] for i in range(len(self.project.outputs))]
                return Emulated(outputs, {layer.name: data[f"layer_{i}"] for i, layer in enumerate(traced)})


def build(project_folder: Path, scratch: Path) -> Emulator:
    """Compile an HLS project for emulation.

    Args:
        project_folder: what `convert` wrote.
        scratch: a folder for objects and exchanged arrays.

    Raises:
        ToolNotFoundError: when there is no g++.
        PipelineError: when it does not compile.
    """
    require_compiler("compile the HLS project")
    project = HlsProject.load(project_folder)
    folder = project_folder.absolute()
    loop = scratch / "csim_loop.cpp"
    loop.write_text(_loop_source(project), encoding="utf-8")
    sources = {folder / "firmware" / f"{project.name}.cpp": scratch / "top.o", loop: scratch / "loop.o"}
    beside: dict[str, str] = {}
    if project.builder is not None:
        beside["candidates"] = hls_builder.loop_source(project.builder, project.name)
    if project.finder is not None:
        beside["jets"] = hls_finder.loop_source(project.finder, project.name)
    for part, text in beside.items():
        around = scratch / f"{part}_loop.cpp"
        around.write_text(text, encoding="utf-8")
        sources[folder / "firmware" / f"{project.name}_{part}.cpp"] = scratch / f"{part}.o"
        sources[around] = scratch / f"{part}_loop.o"
    weights = f"-DWEIGHTS_DIR={c_string(folder / 'firmware' / 'weights')}"
    firmware = folder / "firmware"
    common = ["g++", *FLAGS, f"-I{firmware / 'ap_types'}", f"-I{folder}", f"-I{firmware}", weights]
    _all_succeed([[*common, "-c", str(source), "-o", str(target)] for source, target in sources.items()], folder)
    library = scratch / f"{project.name}.so"
    _all_succeed([["g++", "-shared", *map(str, sources.values()), "-o", str(library)]], folder)
    return Emulator(library, project, scratch)


def c_string(path: Path) -> str:
    r"""A path as a string literal of C and C++, whatever characters it holds.

    >>> print(c_string(Path('/a "b"/ü\\c')))
    "/a \042b\042/\303\274\134c"
    """
    plain = [
        chr(byte) if 32 <= byte < 127 and chr(byte) not in '"\\?' else f"\\{byte:03o}" for byte in os.fsencode(path)
    ]
    return f'"{"".join(plain)}"'


def _loop_source(project: HlsProject) -> str:
    values = {
        "name": project.name,
        "input_sizes": [int(np.prod(port.shape)) for port in project.inputs],
        "output_sizes": [int(np.prod(port.shape)) for port in project.outputs],
        "traced": project.traced,
    }
    return filled("csim_loop.cpp.j2", values)


def _all_succeed(commands: list[list[str]], folder: Path) -> None:
    """Run compiler commands side by side."""
    for ended in programs.run_all(commands):
        if ended.code != 0:
            require_machine(ended.errors, folder, code=ended.code)
            first = next((line for line in ended.errors.splitlines() if "error" in line), ended.errors.strip()[-300:])
            raise PipelineError(f"the HLS project does not compile: {first or ending(ended.code)}", file=folder)
