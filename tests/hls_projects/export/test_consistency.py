"""A bundle whose hashes were made again is refused where it proves nothing, or is put together of several designs."""

from __future__ import annotations

import dataclasses
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from data_prep.errors import PipelineError
from hls_projects.export.bundle import write_bundle
from hls_projects.export.design import Design
from hls_projects.export.file_hashes import hash_files
from hls_projects.export.manifest import BundleManifest, Provenance, summarise_proofs
from hls_projects.proof.record import Proof
from pipeline.app import main


def _with_manifest(root: Path, **change: Any) -> None:
    BundleManifest.load(root).model_copy(update=change).save(root)


def _without_vectors(root: Path) -> None:
    for path in (root / "vectors").iterdir():
        path.write_text("")
    _with_manifest(root, vectors=(), files=hash_files(root))


def _without_proofs(root: Path) -> None:
    shutil.rmtree(root / "proof")
    _with_manifest(root, proofs={}, files=hash_files(root))


def _with_empty_proof(root: Path) -> None:
    proof = Proof(status="proven", reason="all 0 integers are equal", vectors={"data": 9})
    proof.write(root / "proof" / "60_csim.json")
    _with_manifest(root, proofs=summarise_proofs(root), files=hash_files(root))


def _with_mismatches(root: Path) -> None:
    file = root / "proof" / "60_csim.json"
    Proof.load(file).model_copy(update={"mismatches": 3}).write(file)
    _with_manifest(root, proofs=summarise_proofs(root), files=hash_files(root))


def _of_another_clock(root: Path) -> None:
    hls = BundleManifest.load(root).hls
    _with_manifest(root, hls=hls.model_copy(update={"clock_period": 1.0}))


@pytest.mark.parametrize(
    ("forge", "reason"),
    [
        (_without_vectors, "has no vectors"),
        (_without_proofs, "holds no proof of the HLS project"),
        (_with_empty_proof, "is a proof that compared nothing"),
        (_with_mismatches, "says that integers differ"),
        (
            lambda root: _with_manifest(root, name="another_model"),
            "the design 'zoo_model', the manifest is of",
        ),
        (_of_another_clock, "is made with other settings than the manifest says"),
        (lambda root: _with_manifest(root, inputs=BundleManifest.load(root).inputs[::-1]), "has other ports than"),
    ],
)
def test_a_bundle_with_hashes_made_again(
    copy: Path, capsys: pytest.CaptureFixture[str], forge: Callable[[Path], None], reason: str
) -> None:
    forge(copy)
    assert main(["verify", str(copy)]) == 1
    (message,) = capsys.readouterr().err.strip().splitlines()
    assert reason in message


def test_the_readme_tells_the_ports_of_the_rtl(copy: Path) -> None:
    text = (copy / "README.md").read_text()
    rows = dict(re.findall(r"^\| `(\w+)` \| (?:in|out) \| (\d+) \|", text, re.MULTILINE))
    entity = (copy / "rtl" / "vhdl" / "zoo_model.vhd").read_text()
    widths = re.findall(r"^    (\w+): (?:in|out) std_logic(?:_vector\((\d+) downto 0\))?", entity, re.MULTILINE)
    assert rows == {name: str(int(high or 0) + 1) for name, high in widths}
    # 16 pixels of 6 bits and a jet of three numbers of 7 bits; three logits and a mass
    assert (
        "| `in_data[95:0]` | `image`: 16 values of 6 bits |\n| `in_data[116:96]` | `jet`: 3 values of 7 bits |" in text
    )
    assert (
        "| `out_data[35:0]` | `logits`: 3 values of 12 bits |\n| `out_data[47:36]` | `mass`: 1 value of 12 bits |"
        in text
    )
    # synchronous: no process waits for the reset
    sources = [path.read_text() for path in (copy / "rtl").glob("*/*.v*")]
    assert not any(re.search(r"(pos|neg)edge rst|process *\([^)]*rst", source) for source in sources)
    assert "one clock; synchronous, active-high reset" in (copy / "MODEL_CARD.md").read_text()
    assert "packing" not in (copy / "rtl" / "rtl.json").read_text()


@pytest.mark.parametrize(
    ("file", "reason"),
    [
        ("rtl/verilog/zoo_model.v", "rtl: verilog/zoo_model.v is not what was simulated, says proof/65_rtl.json"),
        ("rtl/vhdl/zoo_model.vhd", "rtl: vhdl/zoo_model.vhd is not what was simulated, says proof/65_rtl.json"),
        ("emp/firmware/hdl/rtl/zoo_model.vhd", "emp/firmware/hdl/rtl: is not the VHDL of rtl/"),
        ("proof/65_rtl.json", "holds no proof of the RTL"),
    ],
)
def test_rtl_that_is_not_what_was_proven(
    copy: Path, capsys: pytest.CaptureFixture[str], file: str, reason: str
) -> None:
    root = copy
    assert main(["verify", str(root)]) == 0
    if file.endswith(".json"):
        (root / file).unlink()
    else:
        (root / file).write_text((root / file).read_text() + "\n")
    _with_manifest(root, proofs=summarise_proofs(root), files=hash_files(root))
    capsys.readouterr()
    assert main(["verify", str(root)]) == 1
    assert reason in " ".join(capsys.readouterr().err.split())


def test_rtl_that_is_not_what_was_proven_does_not_leave(
    with_rtl: tuple[Path, Design], provenance: Provenance, tmp_path: Path
) -> None:
    part = with_rtl[1].rtl
    assert part is not None
    folder = Path(shutil.copytree(part.folder, tmp_path / "65_rtl"))
    (folder / "verilog" / "more.v").write_text("module more; endmodule\n")
    changed = dataclasses.replace(with_rtl[1], rtl=dataclasses.replace(part, folder=folder))
    with pytest.raises(PipelineError, match="is not what was proven, says 65_rtl.json"):
        write_bundle(changed, provenance, tmp_path, checks=())
