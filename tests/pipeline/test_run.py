"""The whole way on a small run, as `make` takes it, and what happens when a stage is interrupted."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.app import main
from pipeline.artefacts.commit import work_folder
from pipeline.artefacts.manifest import manifest_path
from tests.pipeline.report.browser import CHROMIUM, require_fitting
from tests.small_disk import mounted
from tests.small_run import commands, shrink

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.skipif(shutil.which("g++") is None, reason="g++ not found")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run through all stages."""
    folder = tmp_path_factory.mktemp("run")
    shutil.copytree(ROOT / "configs" / "demo", folder / "configs")
    shrink(folder / "configs")
    for stage, arguments in commands(folder).items():
        assert main([stage, *arguments]) == 0, f"{stage} failed"
    return folder


def _slow(*stages: str) -> list[Any]:
    """The same of stages that take longer."""
    return [pytest.param(stage, marks=pytest.mark.slow) for stage in stages]


def test_every_artefact_is_whole(run: Path) -> None:
    names = sorted(path.name for path in (run / "build").iterdir())
    manifests = [name for name in names if name.endswith(".manifest.json")]
    assert len(manifests) == 9
    assert not [name for name in names if name.startswith(".")]
    for name in manifests:
        assert (run / "build" / name.removesuffix(".manifest.json")).exists()


def test_every_jet_is_accounted_for(run: Path) -> None:
    cutflow = json.loads((run / "build" / "20_images" / "cutflow.json").read_text())
    assert cutflow["read"] == 600
    total_kept = sum(sum(splits.values()) for splits in cutflow["kept_by_class"].values())
    assert total_kept == cutflow["kept"]
    assert cutflow["read"] == total_kept + sum(cutflow["dropped_by_reason"].values())


def test_model_and_emulation_agree_on_every_integer(run: Path) -> None:
    proof = json.loads((run / "build" / "60_csim.json").read_text())
    assert proof["status"] == "proven"
    assert proof["mismatches"] == 0
    assert all(layer["mismatches"] == 0 and layer["values"] > 0 for layer in proof["layers"])
    assert {"data", "random", "extreme", "beyond", "tie"} == set(proof["vectors"])
    emulated = np.load(run / "build" / "60_csim.npz")
    scores = np.load(run / "build" / "30_model" / "scores.npz")
    np.testing.assert_array_equal(emulated["label"], scores["label"])
    assert len(emulated["raw_0"]) == proof["vectors"]["data"]


def test_model_and_rtl_agree_on_every_integer(run: Path) -> None:
    proof = json.loads((run / "build" / "65_rtl.json").read_text())
    assert proof["status"] == "proven"
    compared = {layer["name"] for layer in proof["layers"] if layer["values"] > 0 and not layer["mismatches"]}
    forms = {"interpreter", "fast emulator", "simulated Verilog", "simulated Verilog and HLS emulation"}
    assert {f"output 0, {form}" for form in forms} <= compared
    if not proof["vhdl_reason"]:
        assert "output 0, simulated VHDL" in compared
    design = json.loads((run / "build" / "65_rtl" / "rtl.json").read_text())
    assert (proof["interval"], proof["latency"]) == (1, design["latency"])
    assert proof["verilog"]["images"] == sum(proof["vectors"].values())
    assert proof["verilog"]["longest_run"] > 100
    assert proof["verilog"]["resets"] > 0
    assert {alternative["interval"] for alternative in proof["alternatives"]} == {2, 4, 8, 16}


def test_the_bundle_says_where_it_comes_from_and_verifies(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = run / "build" / "70_export" / "jet_tagger"
    manifest = json.loads((root / "manifest.json").read_text())
    cutflow = json.loads((run / "build" / "20_images" / "cutflow.json").read_text())
    training = manifest["provenance"]["training"]
    assert training["samples"] == cutflow["kept_by_class"]
    assert training["origin"].startswith("simulated jets, Pythia 8 at 13 TeV")
    assert list(training["classes"]) == ["q", "g", "w", "z", "t"]
    assert {name.split("_")[0] for name in training["files"]} == {"q", "g", "w", "z", "t"}
    reached = {
        quality["network"]: quality["value"]
        for quality in manifest["provenance"]["quality"]
        if "AUC" in quality["measure"]
    }
    assert reached["quantized, HLS emulation"] == manifest["provenance"]["metrics"]["macro_auc"]
    assert {"60_csim.json", "65_rtl.json"} <= manifest["proofs"].keys()
    assert manifest["hardware"][0]["interval"] == 1
    assert str(run) not in (root / "manifest.json").read_text() + (root / "MODEL_CARD.md").read_text()
    assert main(["verify", f"{root}.tar.gz"]) == 0
    assert "as in the manifest" in capsys.readouterr().out


def test_the_report_is_one_self_contained_page(run: Path) -> None:
    page = (run / "build" / "80_report" / "index.html").read_text(encoding="utf-8")
    references: list[str] = []

    class Collector(HTMLParser):
        def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
            references.extend(v for k, v in attributes if k in ("src", "href", "xlink:href") and v)

    Collector().feed(page)
    assert references
    assert all(reference.startswith(("#", "data:")) for reference in references)
    assert "proven" in page


@pytest.mark.skipif(CHROMIUM is None, reason="chromium not found")
def test_the_report_fits_the_screen(run: Path, tmp_path: Path) -> None:
    require_fitting((run / "build" / "80_report" / "index.html").read_text(encoding="utf-8"), tmp_path)


@pytest.mark.parametrize(
    "stage", [*_slow("generate", "train", "rtl", "export", "report"), "images", "lower", "convert", "csim"]
)
def test_an_interrupted_stage_leaves_nothing_and_can_be_run_again(run: Path, tmp_path: Path, stage: str) -> None:
    """SIGINT as soon as the stage has begun to write, as Ctrl-C sends it to the whole process group."""
    build = tmp_path / "build"
    shutil.copytree(run / "build", build)
    shutil.copytree(run / "configs", tmp_path / "configs")
    arguments = commands(tmp_path)[stage]
    out = Path(arguments[arguments.index("--out") + 1])
    before = sorted(path.name for path in build.iterdir())
    # As if it had been made by other code: else there would be nothing to do.
    manifest = json.loads(manifest_path(out).read_text())
    manifest_path(out).write_text(json.dumps(manifest | {"code": "", "fingerprint": ""}))
    process = subprocess.Popen(
        [sys.executable, "-m", "pipeline", stage, *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    deadline = time.monotonic() + 120
    while not work_folder(out).exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    assert process.poll() is None, "the stage ended before it could be interrupted"
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=120)
    # A shell shows 130 for both: CPython ends itself by SIGINT where the exception passed through `exec` of a string.
    assert process.returncode in (130, -signal.SIGINT), errors
    assert "Traceback" not in errors
    assert "interrupted" in errors.splitlines()[-1]
    names = [path.name for path in build.iterdir() if path != work_folder(out)]
    assert sorted(names) == before, "an interrupted rerun must leave what was whole before"
    assert main([stage, *arguments]) == 0
    assert sorted(path.name for path in build.iterdir()) == before


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 kB."""
    with mounted(tmp_path / "disk", "64k") as disk:
        yield disk


@pytest.mark.parametrize(
    "stage", ["generate", "images", *_slow("train", "report"), "lower", "convert", "csim", "rtl", "export"]
)
def test_a_full_disk_is_one_clear_error(
    run: Path, small_disk: Path, stage: str, capfd: pytest.CaptureFixture[str]
) -> None:
    arguments = commands(run)[stage]
    place = arguments.index("--out") + 1
    out = small_disk / Path(arguments[place]).name
    assert main([stage, *arguments[:place], str(out)]) == 1
    error = capfd.readouterr().err.strip().splitlines()[-1]
    assert "no space left on device" in error.lower(), error
    assert not out.exists()
    assert {path.name for path in small_disk.iterdir()} <= {f".{out.name}.making"}
