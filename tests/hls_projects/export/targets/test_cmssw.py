"""The emulator package: loaded as CMSSW loads it, two versions at once, and nothing else to be seen of them."""

from __future__ import annotations

import dataclasses
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from tensorflow import keras

from data_prep.errors import PipelineError, ProofFailedError
from hls_projects.export.design import Design
from hls_projects.export.reference_vectors import reference_vectors
from hls_projects.export.targets import cmssw
from hls_projects.export.targets import vectors as text_vectors
from hls_projects.export.targets.cmssw_check import check_package
from hls_projects.export.targets.cmssw_sources import as_synthesised, in_namespace
from hls_projects.hls.convert import convert
from hls_projects.lowering.lower import lower
from hls_projects.lowering.types import prove_network
from hls_projects.proof.vectors import VectorSet
from hls_projects.settings import HlsSettings
from models.quantization.exact import exact_inference

FLAGS = "-O1 -fPIC -std=c++17"

# A process with models loaded as the ModelLoader of hls4mlEmulatorExtras does. Vectors go through them in turn, and
# each has objects in two threads. Written for the two-input, two-output network of the fixture.
LOADER = r"""
#include "emulator.h"
#include "zoo_model_v1.h"
#include <dlfcn.h>
#include <cstdio>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace ports = hls4ml_zoo_model_v1::ports;

std::shared_ptr<hls4mlEmulator::Model> load(const std::string &name) {
    void *library = dlopen((name + ".so").c_str(), RTLD_LAZY | RTLD_LOCAL);
    if (!library) throw std::runtime_error(dlerror());
    auto create = (hls4mlEmulator::Model * (*)()) dlsym(library, "create_model");
    auto destroy = (void (*)(hls4mlEmulator::Model *))dlsym(library, "destroy_model");
    return {create(), destroy};
}

std::vector<long> numbers(const std::string &path) {
    std::ifstream file(path);
    std::vector<long> found;
    for (long x; file >> x;) found.push_back(x);
    return found;
}

int main(int, char **argv) {
    const std::string folder = argv[1];
    const auto pixels = numbers(folder + "/input_0.txt"), jets = numbers(folder + "/input_1.txt");
    const std::size_t count = jets.size() / 3;
    std::vector<std::string> names(argv + 2, argv + 4);
    std::vector<std::vector<long>> found(4);
    std::vector<std::thread> threads;
    std::vector<std::shared_ptr<hls4mlEmulator::Model>> models;
    for (int t = 0; t < 4; t++) models.push_back(load(names[t % 2]));
    auto play = [&](int t, std::size_t first, std::size_t last) {
        for (std::size_t v = first; v < last; v++) {
            ports::Input input;
            // values, not bits: the port converts them
            for (int i = 0; i < 16; i++) input.first[i] = pixels[16 * v + i] / 64.;
            for (int i = 0; i < 3; i++) input.second[i] = jets[3 * v + i] / 16.;
            ports::Result result;
            models[t]->prepare_input(&input);
            models[t]->predict();
            models[t]->read_result(&result);
            for (auto &x : result.first) found[t].push_back(long(x.to_double() * 256));
            for (auto &x : result.second) found[t].push_back(long(x.to_double() * 256));
        }
    };
    for (std::size_t v = 0; v < count; v++)
        for (int t = 0; t < 2; t++) play(t, v, v + 1);
    for (int t = 2; t < 4; t++) threads.emplace_back(play, t, 0, count);
    for (auto &thread : threads) thread.join();
    for (auto &all : found) {
        for (long x : all) std::printf("%ld ", x);
        std::printf("\n");
    }
    for (auto wrong : {std::any(), std::any(1), std::any((ports::Result *)nullptr), std::any(&pixels)})
        try {
            models[0]->prepare_input(wrong);
        } catch (const std::invalid_argument &error) {
            std::printf("%s\n", error.what());
        }
}
"""


# Closes the library before the model is used and destroyed.
CLOSER = r"""
#include "emulator.h"
#include "zoo_model_v1.h"
#include <dlfcn.h>
#include <cstdio>

int main(int, char **argv) {
    void *library = dlopen(argv[1], RTLD_LAZY | RTLD_LOCAL);
    auto create = (hls4mlEmulator::Model * (*)()) dlsym(library, "create_model");
    auto destroy = (void (*)(hls4mlEmulator::Model *))dlsym(library, "destroy_model");
    hls4mlEmulator::Model *model = create();
    dlclose(library);
    hls4ml_zoo_model_v1::ports::Input input;
    model->prepare_input(&input);
    model->predict();
    destroy(model);
    std::printf("destroyed");
}
"""


@pytest.fixture(scope="module")
def two_versions(
    design: Design, make: Callable[[str], keras.Model], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Design, Design]:
    """Packages of two versions of one model that differ in their weights, with their vectors, built."""
    root = tmp_path_factory.mktemp("versions")
    retrained = make("two_inputs_two_outputs")
    retrained.set_weights([-weight for weight in retrained.get_weights()])
    lowered = lower(retrained)
    types = prove_network(lowered).graph
    hls = root / "50_hls"
    project = convert(lowered.model, types, "zoo_model", HlsSettings(io_type="io_stream"), hls)
    blocks = [
        VectorSet(
            "again", tuple(port.type.to_float(x) for port, x in zip(types.inputs, design.vectors.inputs, strict=True))
        )
    ]
    vectors = reference_vectors(exact_inference(lowered.model), types, blocks)
    second = dataclasses.replace(design, project=project, graph=types, hls=hls, vectors=vectors, version="2_0")
    for version in (design, second):
        bundle = root / f"v{version.version}"
        bundle.mkdir()
        cmssw.write(version, bundle)
        text_vectors.write(version, bundle)
        subprocess.run(["make", "-s", "-C", bundle / "cmssw", f"CXXFLAGS={FLAGS}", "all", "programs"], check=True)
    return root, design, second


def _library(package: Path, version: str) -> Path:
    return package / "build" / f"zoo_model_v{version}" / f"zoo_model_v{version}.so"


def _compile(package: Path, source: Path) -> None:
    """Make a program of a source, with the headers of version 1."""
    includes = [f"-I{package / name}" for name in ("standalone", "standalone/ap_types", "zoo_model_v1")]
    command = ["g++", *FLAGS.split(), "-w", *includes, source, "-ldl", "-pthread", "-o", source.with_suffix("")]
    subprocess.run(command, check=True)


def test_each_passes_its_own_check(two_versions: tuple[Path, Design, Design]) -> None:
    root, *_ = two_versions
    for version in ("1", "2_0"):
        command = ["make", "--no-print-directory", "-s", "-C", root / f"v{version}" / "cmssw", "check"]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        assert done.stdout == f"zoo_model_v{version}: 103 vectors, 412 integers equal\n"


def test_two_versions_in_one_process_give_each_its_own_answers(
    two_versions: tuple[Path, Design, Design], tmp_path: Path
) -> None:
    root, first, second = two_versions
    package = root / "v1" / "cmssw"
    (tmp_path / "loader.cpp").write_text(LOADER)
    _compile(package, tmp_path / "loader.cpp")
    libraries = [_library(root / f"v{version}" / "cmssw", version).with_suffix("") for version in ("1", "2_0")]
    done = subprocess.run(
        [tmp_path / "loader", root / "v1" / "vectors", *libraries], check=True, capture_output=True, text=True
    )
    lines = done.stdout.splitlines()
    answers = [np.array(line.split(), dtype=np.int64) for line in lines[:4]]
    wanted = [
        np.concatenate([x.reshape(103, -1) for x in outputs.vectors.outputs], axis=1).ravel()
        for outputs in (first, second)
    ]
    assert not np.array_equal(*wanted)
    for t in range(4):
        np.testing.assert_array_equal(answers[t], wanted[t % 2])
    assert lines[4:] == ["zoo_model_v1: prepare_input takes a ports::Input*"] * 4


def test_the_build_of_cmssw(two_versions: tuple[Path, Design, Design], tmp_path: Path) -> None:
    """`cmsdist` gives make the two externals, and then installs without them."""
    package = Path(shutil.copytree(two_versions[0] / "v1" / "cmssw", tmp_path / "cmssw"))
    extras = tmp_path / "extras"
    (extras / "lib64").mkdir(parents=True)
    (tmp_path / "interface.cc").write_text("int emulator_interface() { return 1; }\n")
    library = extras / "lib64" / "libemulator_interface.so"
    subprocess.run(["g++", "-shared", "-fPIC", tmp_path / "interface.cc", "-o", library], check=True)
    model = _library(package, "1")
    model.unlink()
    make_it = ["make", "--no-print-directory", "-C", package]
    externals = [f"EMULATOR_EXTRAS={extras}", f"HLS_ROOT={tmp_path / 'hls'}"]
    spec = _sections(package / "cmsdist" / "zoo_model.spec")
    macros = {"%{makeprocesses}": "-j1", "%{i}": str(tmp_path / "installed")}
    environment = os.environ | {"HLS4MLEMULATOREXTRAS_ROOT": str(extras), "HLS_ROOT": str(tmp_path / "hls")}

    def section(name: str) -> subprocess.CompletedProcess[str]:
        script = spec[name]
        for macro, value in macros.items():
            script = script.replace(macro, value)
        assert "%" not in script
        return subprocess.run(
            ["bash", "-e", "-c", script], cwd=package, env=environment, check=True, capture_output=True, text=True
        )

    done = section("build")
    assert f"-L{extras}/lib64 -lemulator_interface" in done.stdout
    dry = subprocess.run(
        [*make_it, "-n", "-W", "zoo_model_emulator_v1.cpp", *externals], check=True, capture_output=True, text=True
    )
    assert f"-I{extras}/include/hls4ml -I{extras}/include/ap_types -I{tmp_path}/hls/include" in dry.stdout
    assert "standalone" not in dry.stdout
    built = model.stat().st_mtime_ns
    section("install")
    assert model.stat().st_mtime_ns == built
    assert (tmp_path / "installed" / "lib64" / "zoo_model_v1.so").read_bytes() == model.read_bytes()
    assert (tmp_path / "installed" / "include" / "zoo_model_v1.h").exists()


def _sections(spec: Path) -> dict[str, str]:
    """The scripts of a spec file of cmsdist, by section; what stands before the first is `""`."""
    parts = re.split(r"^%(prep|build|install)\n", spec.read_text(), flags=re.MULTILINE)
    return {"": parts[0], **dict(zip(parts[1::2], parts[2::2], strict=True))}


def test_the_files_for_cmsdist(two_versions: tuple[Path, Design, Design]) -> None:
    """Head and sections as those of the other models there (TOPO.spec), the tool as theirs."""
    for folder, version in (("v1", "1"), ("v2_0", "2.0")):
        cmsdist = two_versions[0] / folder / "cmssw" / "cmsdist"
        sections = _sections(cmsdist / "zoo_model.spec")
        assert list(sections) == ["", "prep", "build", "install"]
        head = sections[""].splitlines()
        assert head[0] == f"### RPM external zoo_model {version}"
        assert head[1].endswith("/%{n}/archive/refs/tags/v%{realversion}.tar.gz")
        assert head[2:4] == ["Requires: hls4mlEmulatorExtras hls", "BuildRequires: gmake"]
        assert sections["prep"].strip() == "%setup -n %{n}-%{realversion}"
    (file,) = cmsdist.rglob("*.xml")
    assert file.relative_to(cmsdist).as_posix() == "scram-tools.file/tools/zoo_model/zoo_model.xml"
    tool = ElementTree.parse(file).getroot()  # noqa: S314 - our own file
    assert tool.attrib == {"name": "@TOOL_FILENAME@", "version": "@TOOL_VERSION@", "revision": "1"}
    assert {element.get("name"): element.get("default") for element in tool.iter("environment")} == {
        "ZOO_MODEL_BASE": "$@TOOL_BASE@",
        "LIBDIR": "$ZOO_MODEL_BASE/lib64",
        "INCLUDE": "$ZOO_MODEL_BASE/include",
    }
    assert [element.get("name") for element in tool.iter("use")] == ["hls"]


def test_licence_and_what_git_leaves_out(two_versions: tuple[Path, Design, Design]) -> None:
    package = two_versions[0] / "v1" / "cmssw"
    assert "Apache License" in (package / "LICENSE").read_text()
    assert (package / ".gitignore").read_text() == "/build/\n"


def test_with_cppunit(two_versions: tuple[Path, Design, Design], tmp_path: Path) -> None:
    """The test for CMSSW, compiled and run: it passes, and fails on another output."""
    package = two_versions[0] / "v1" / "cmssw"
    binary = ElementTree.parse(package / "zoo_model_v1" / "test" / "BuildFile.xml").getroot()  # noqa: S314 - our own file
    assert (package / "zoo_model_v1" / "test" / binary.attrib["file"]).is_file()
    assert [element.get("name") for element in binary.iter("use")] == [
        "cppunit",
        "hls4mlemulatorextras",
        "hls",
        "zoo_model",
    ]
    if not Path("/usr/include/cppunit/TestFixture.h").exists():
        pytest.skip("libcppunit-dev not found")
    make_it = ["make", "--no-print-directory", "-s", "-C", str(package), f"CXXFLAGS={FLAGS}"]
    done = subprocess.run([*make_it, "cppunit"], check=True, capture_output=True, text=True)
    assert "OK (3 tests)" in done.stdout
    vectors = Path(shutil.copytree(two_versions[0] / "v1" / "vectors", tmp_path / "vectors"))
    lines = (vectors / "output_0.txt").read_text().splitlines()
    lines[5] = " ".join(str(int(x) ^ 1) for x in lines[5].split())
    (vectors / "output_0.txt").write_text("\n".join(lines) + "\n")
    failed = subprocess.run([*make_it, f"VECTORS={vectors}", "cppunit"], check=False, capture_output=True, text=True)
    assert failed.returncode != 0
    assert "vector 5, output logits" in failed.stdout + failed.stderr


def test_a_model_outlives_its_loader(two_versions: tuple[Path, Design, Design], tmp_path: Path) -> None:
    package = two_versions[0] / "v1" / "cmssw"
    (tmp_path / "closer.cpp").write_text(CLOSER)
    _compile(package, tmp_path / "closer.cpp")
    done = subprocess.run([tmp_path / "closer", _library(package, "1")], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "destroyed")


def test_a_compiler_that_does_not_know_unique_symbols(
    two_versions: tuple[Path, Design, Design], tmp_path: Path
) -> None:
    """clang++ refuses `-fno-gnu-unique`, and needs none: here, g++ behind a script that refuses it too."""
    compiler = tmp_path / "compiler"
    compiler.write_text('#!/bin/sh\ncase " $* " in *" -fno-gnu-unique "*) exit 1;; esac\nexec g++ "$@"\n')
    compiler.chmod(0o755)
    package = Path(shutil.copytree(two_versions[0] / "v1" / "cmssw", tmp_path / "bundle" / "cmssw"))
    shutil.rmtree(package / "build")
    make_it = ["make", "--no-print-directory", "-C", package, f"CXX={compiler}", f"CXXFLAGS={FLAGS}"]
    checked = subprocess.run(
        [*make_it, f"VECTORS={two_versions[0] / 'v1' / 'vectors'}", "check"], check=True, capture_output=True, text=True
    )
    assert checked.stdout.splitlines()[-1] == "zoo_model_v1: 103 vectors, 412 integers equal"
    assert "-fno-gnu-unique" not in checked.stdout


@pytest.mark.skipif(shutil.which("clang++") is None, reason="clang++ not found")
def test_with_clang(two_versions: tuple[Path, Design, Design], tmp_path: Path) -> None:
    package = Path(shutil.copytree(two_versions[0] / "v1" / "cmssw", tmp_path / "cmssw"))
    shutil.rmtree(package / "build")
    vectors = f"VECTORS={two_versions[0] / 'v1' / 'vectors'}"
    make_it = ["make", "-s", "-C", package, "CXX=clang++", f"CXXFLAGS={FLAGS}", vectors, "check"]
    subprocess.run(make_it, check=True)


def test_two_versions_in_one_repository(two_versions: tuple[Path, Design, Design], tmp_path: Path) -> None:
    """`cmssw/` of both bundles copied into one folder, the later one over the first: every command does both."""
    root, both = two_versions[0], ["zoo_model_v1", "zoo_model_v2_0"]
    package = tmp_path / "repository"
    for model in both:
        bundle = root / model.removeprefix("zoo_model_")
        shutil.copytree(bundle / "cmssw", package, dirs_exist_ok=True)
        shutil.copytree(bundle / "vectors", package / "vectors" / model)
    make_it = ["make", "--no-print-directory", "-s", "-C", package, f"CXXFLAGS={FLAGS}"]
    checked = subprocess.run([*make_it, "check"], check=True, capture_output=True, text=True)
    assert checked.stdout.splitlines() == [f"{model}: 103 vectors, 412 integers equal" for model in both]
    subprocess.run([*make_it, f"PREFIX={tmp_path / 'all'}", "install"], check=True)
    installed = sorted(path.relative_to(tmp_path / "all").as_posix() for path in (tmp_path / "all").rglob("*.*"))
    assert installed == [f"include/{model}.h" for model in both] + [f"lib64/{model}.so" for model in both]
    subprocess.run([*make_it, f"PREFIX={tmp_path / 'one'}", "MODELS=zoo_model_v1", "install"], check=True)
    assert [path.name for path in (tmp_path / "one" / "lib64").iterdir()] == ["zoo_model_v1.so"]
    subprocess.run([*make_it, "clean"], check=True)
    subprocess.run([*make_it, "-n", "all"], check=True, capture_output=True)
    assert not (package / "build").exists()


def test_a_symbol_of_its_own_fails_the_audit(two_versions: tuple[Path, Design, Design], tmp_path: Path) -> None:
    package = Path(shutil.copytree(two_versions[0] / "v1" / "cmssw", tmp_path / "cmssw"))
    (package / "zoo_model_v1" / "exports.map").write_text("{ global: *; };\n")
    # nothing of the model is seen even then, but what it made of the templates of the C++ library is
    make_it = ["make", "--no-print-directory", "-s", "-C", str(package), "audit"]
    done = subprocess.run(make_it, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    exported = re.search(r"exports other symbols than create_model and destroy_model: (.*)", done.stderr)
    assert exported
    names = set(exported[1].split()) - {"create_model", "destroy_model"}
    assert names
    assert all(name.startswith(("_ZNSt", "_ZNKSt", "_ZSt", "_ZT")) for name in names)


def test_static_buffers_are_not_shared_by_name(two_versions: tuple[Path, Design, Design]) -> None:
    """If not told not to, g++ makes the static buffers of hls4ml's templates unique in the process."""
    library = _library(two_versions[0] / "v2_0" / "cmssw", "2_0")
    symbols = subprocess.run(["nm", library], check=True, capture_output=True, text=True).stdout
    assert "line_buffer" in symbols
    assert not re.search(r"^\w+ u ", symbols, re.MULTILINE)


@pytest.mark.parametrize(
    ("file", "change", "reason"),
    [
        ("output_0.txt", lambda lines: [*lines[:5], " ".join(str(int(x) ^ 1) for x in lines[5].split()), *lines[6:]],
         "vector 5, output logits, element 0: expected"),
        ("output_1.txt", lambda lines: lines[:-1], "output_1.txt: ends before the inputs"),
        ("output_1.txt", lambda lines: [*lines, "0"], "output_1.txt: goes on behind the inputs"),
        ("input_1.txt", lambda lines: [*lines[:-1], "1 2"], "input_1.txt: ends inside of a vector"),
        ("input_0.txt", lambda _: [], "output_0.txt: goes on behind the inputs"),
    ],
)  # fmt: skip
def test_other_vectors_fail_the_check(
    two_versions: tuple[Path, Design, Design],
    tmp_path: Path,
    file: str,
    change: Callable[[list[str]], list[str]],
    reason: str,
) -> None:
    bundle = two_versions[0] / "v1"
    vectors = Path(shutil.copytree(bundle / "vectors", tmp_path / "vectors"))
    lines = (vectors / file).read_text().splitlines()
    (vectors / file).write_text("".join(line + "\n" for line in change(lines)))
    # the copy is built already
    with pytest.raises(ProofFailedError, match=reason):
        check_package(bundle / "cmssw", vectors)


def test_a_package_that_does_not_build(two_versions: tuple[Path, Design, Design], tmp_path: Path) -> None:
    package = Path(shutil.copytree(two_versions[0] / "v1" / "cmssw", tmp_path / "cmssw"))
    with (package / "zoo_model_v1" / "zoo_model_emulator_v1.cpp").open("a") as file:
        file.write("#error broken\n")
    with pytest.raises(PipelineError, match="does not build: .*broken"):
        check_package(package, tmp_path)


def test_one_input_and_one_output_are_plain_pointers(design: Design, tmp_path: Path) -> None:
    project = design.project.model_copy(
        update={"inputs": design.project.inputs[:1], "outputs": design.project.outputs[:1]}
    )
    cmssw.write(dataclasses.replace(design, project=project), tmp_path)
    header = (tmp_path / "cmssw" / "zoo_model_v1" / "zoo_model_v1.h").read_text()
    assert "using Input = image_t;" in header
    assert "using Result = logits_t;" in header
    ports = (*design.project.inputs, design.project.outputs[0])
    project = design.project.model_copy(update={"inputs": ports})
    (tmp_path / "three").mkdir()
    cmssw.write(dataclasses.replace(design, project=project), tmp_path / "three")
    header = (tmp_path / "three" / "cmssw" / "zoo_model_v1" / "zoo_model_v1.h").read_text()
    assert "using Input = std::tuple<image_array, jet_array, logits_array>;" in header


def test_sources_of_another_form_are_refused() -> None:
    with pytest.raises(PipelineError, match="tells simulation from synthesis"):
        as_synthesised("#ifdef __SYNTHESIS__\nint a;\n#endif\n", Path("x.h"))
    with pytest.raises(PipelineError, match="includes files under a condition"):
        in_namespace('#if X\n#include "a.h"\n#endif\nint a;\n', "n", Path("x.h"))
