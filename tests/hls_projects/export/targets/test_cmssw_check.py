"""The check of an emulator package: it passes on its own vectors, and fails on others and where nothing builds."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from data_prep.errors import PipelineError, ProofFailedError
from hls_projects.export.design import Design
from hls_projects.export.targets.cmssw_check import check_package


def test_each_passes_its_own_check(two_versions: tuple[Path, Design, Design]) -> None:
    root, *_ = two_versions
    for version in ("1", "2_0"):
        command = ["make", "--no-print-directory", "-s", "-C", root / f"v{version}" / "cmssw", "check"]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        assert done.stdout == f"zoo_model_v{version}: 103 vectors, 412 integers equal\n"


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
