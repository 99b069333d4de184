"""The emulator package: its files, and how CMSSW, other compilers and a shared repository build it."""

from __future__ import annotations

import dataclasses
import os
import re
import shutil
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import pytest

from hls_projects.export.design import Design
from hls_projects.export.targets import cmssw
from tests.hls_projects.export.targets.cmssw_builds import FLAGS, library_of


def test_the_build_of_cmssw(two_versions: tuple[Path, Design, Design], tmp_path: Path) -> None:
    """`cmsdist` gives make the two externals, and then installs without them."""
    package = Path(shutil.copytree(two_versions[0] / "v1" / "cmssw", tmp_path / "cmssw"))
    extras = tmp_path / "extras"
    (extras / "lib64").mkdir(parents=True)
    (tmp_path / "interface.cc").write_text("int emulator_interface() { return 1; }\n")
    library = extras / "lib64" / "libemulator_interface.so"
    subprocess.run(["g++", "-shared", "-fPIC", tmp_path / "interface.cc", "-o", library], check=True)
    model = library_of(package, "1")
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
