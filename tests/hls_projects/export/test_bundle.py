"""The bundle holds what it says, and its own test bench gives the expected outputs."""

from __future__ import annotations

import dataclasses
import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from data_prep.errors import PipelineError
from data_prep.fixed_point import FixedType
from hls_projects.export.bundle import write_bundle
from hls_projects.export.design import Design, packing
from hls_projects.export.manifest import Provenance
from hls_projects.export.verify import made_in, verify
from hls_projects.proof.record import Proof


@pytest.fixture(scope="module")
def bundle(design: Design, provenance: Provenance, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("70_export")
    write_bundle(design, provenance, out, checks=())
    return out


def test_what_it_holds(bundle: Path, design: Design) -> None:
    root = bundle / "zoo_model"
    manifest = json.loads((root / "manifest.json").read_text())
    assert [port["name"] for port in manifest["inputs"]] == ["image", "jet"]
    assert manifest["inputs"][0]["shape"] == [4, 4, 1]
    assert manifest["inputs"][0]["type"] == "ap_ufixed<6,0,AP_RND_CONV,AP_SAT>"
    assert manifest["inputs"][1]["type"] == "ap_fixed<7,3,AP_RND_CONV,AP_SAT>"
    assert [port["name"] for port in manifest["outputs"]] == ["logits", "mass"]
    assert manifest["proofs"]["60_csim.json"]["status"] == "proven"
    files = {"README.md", "types.json", "weights.npz", "proof/60_csim.json", "hls/firmware/zoo_model.cpp"}
    assert files <= manifest["files"].keys()
    for port in manifest["inputs"] + manifest["outputs"]:
        lines = (root / port["vectors"]).read_text().splitlines()
        assert len(lines) == design.vectors.count == 23 + 40 + 40
        port_type = FixedType.parse(port["type"])
        values = np.array([line.split() for line in lines], dtype=np.int64)
        assert values.shape[1] == np.prod(port["shape"])
        assert values.min() >= port_type.raw_min
        assert values.max() <= port_type.raw_max
    blocks = [(block["kind"], block["first"], block["count"]) for block in manifest["vectors"]]
    assert blocks == [("extreme", 0, 23), ("beyond", 23, 40), ("tie", 63, 40)]


def test_the_integers_are_those_of_the_port(bundle: Path) -> None:
    pixels = (bundle / "zoo_model" / "vectors" / "input_0.txt").read_text().splitlines()
    # The first corner vectors are constant: zero, smallest, largest (2**6 - 1), one step, one step below the largest.
    assert [set(line.split()) for line in pixels[:5]] == [{"0"}, {"0"}, {"63"}, {"1"}, {"62"}]
    jets = (bundle / "zoo_model" / "vectors" / "input_1.txt").read_text().splitlines()
    assert [set(line.split()) for line in jets[:3]] == [{"0"}, {"-64"}, {"63"}]


def test_the_test_bench_of_the_bundle_gives_the_expected_outputs(bundle: Path, tmp_path: Path) -> None:
    hls = bundle / "zoo_model" / "hls"
    command = next(line for line in (hls.parent / "README.md").read_text().splitlines() if line.startswith("g++"))
    work = tmp_path / "hls"
    subprocess.run(["cp", "-r", hls, work], check=True)
    subprocess.run(f"{command} && ./testbench", shell=True, cwd=work, check=True, capture_output=True)  # noqa: S602
    # Both outputs have 8 bits behind the point; the test bench prints six digits, enough to tell such numbers apart.
    printed = (work / "tb_data" / "csim_results.log").read_text().split()
    expected = (hls / "tb_data" / "tb_output_predictions.dat").read_text().split()
    assert len(expected) == 103 * 4
    assert [round(float(value) * 256) for value in printed] == [float(value) * 256 for value in expected]


def test_a_check_of_the_package_leaves_the_bundle_whole(bundle: Path, tmp_path: Path) -> None:
    """`make -C …/cmssw check`, as the documents say it."""
    root = Path(shutil.copytree(bundle / "zoo_model", tmp_path / "zoo_model"))
    command = ["make", "--no-print-directory", "-s", "-C", root / "cmssw", "CXXFLAGS=-O1 -fPIC -std=c++17", "check"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert done.stdout == "zoo_model_v1: 103 vectors, 412 integers equal\n"
    assert made_in(root) == ["cmssw/build"]
    assert verify(root) == verify(bundle / "zoo_model.tar.gz")
    subprocess.run([*command[:-1], "install"], check=True)
    assert verify(root) == verify(bundle / "zoo_model")


def test_the_same_design_gives_the_same_bytes(
    bundle: Path, design: Design, provenance: Provenance, tmp_path: Path
) -> None:
    write_bundle(design, provenance, tmp_path, checks=())
    assert (tmp_path / "zoo_model.tar.gz").read_bytes() == (bundle / "zoo_model.tar.gz").read_bytes()
    assert str(tmp_path).encode() not in (tmp_path / "zoo_model" / "manifest.json").read_bytes()


def test_archive_and_folder_pass_the_check(bundle: Path) -> None:
    assert verify(bundle / "zoo_model.tar.gz") == verify(bundle / "zoo_model")


@pytest.mark.parametrize(
    "proof",
    [
        Proof(status="failed", reason="1 of 9 integers differ", mismatches=1),
        Proof(status="not run", reason="g++ not found"),
        Proof(status="proven", reason="nothing compared"),
    ],
)
def test_what_is_not_proven_is_refused(design: Design, provenance: Provenance, tmp_path: Path, proof: Proof) -> None:
    with pytest.raises(PipelineError, match="proof"):
        write_bundle(dataclasses.replace(design, proof=proof), provenance, tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_proof_without_one_of_the_layers_is_refused(design: Design, provenance: Provenance, tmp_path: Path) -> None:
    name = design.project.traced[2].name
    layers = tuple(layer for layer in design.proof.layers if layer.name != name)
    proof = design.proof.model_copy(update={"layers": layers})
    with pytest.raises(PipelineError, match=f"leaves out layer '{name}'"):
        write_bundle(dataclasses.replace(design, proof=proof), provenance, tmp_path)


def test_packing_names_the_bits(design: Design) -> None:
    image, _ = design.graph.inputs
    assert "bits 6·i to 6·i + 5" in packing(design.project, image, is_input=True)
    settings = design.project.settings.model_copy(update={"io_type": "io_stream"})
    streamed = design.project.model_copy(update={"settings": settings})
    assert "AXI stream" in packing(streamed, image, is_input=True)
