"""The stage graph: what is whole is not made again, what changed is, and nothing more."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
STAGES = {
    "generate": "10_root",
    "images": "20_images",
    "train": "30_model",
    "lower": "40_lowered",
    "convert": "50_hls",
    "csim": "60_csim.json",
    "rtl": "65_rtl",
    "rates": "67_rates",
    "export": "70_export",
    "report": "80_report",
}
"""The artefact of each stage, in the order of the flow."""

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="make not found")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout in which every stage of `demo` has run."""
    shutil.copy(ROOT / "Makefile", tmp_path)
    shutil.copy(ROOT / "requirements.lock", tmp_path)
    shutil.copytree(ROOT / "configs", tmp_path / "configs")
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv" / ".ready").touch()
    build = tmp_path / "build" / "demo"
    build.mkdir(parents=True)
    start = time.time() + 10
    (tmp_path / "build" / "rates").mkdir()
    weighted = tmp_path / "build" / "rates" / "10_root.manifest.json"
    for i, manifest in enumerate([weighted, *(build / f"{name}.manifest.json" for name in STAGES.values())]):
        manifest.touch()
        os.utime(manifest, (start + i, start + i))
    return tmp_path


def _stages(checkout: Path, *arguments: str) -> list[str]:
    """The stages that make would run."""
    call = subprocess.run(
        ["make", "--dry-run", *arguments], cwd=checkout, capture_output=True, text=True, check=True, timeout=60
    )
    commands = [line.split("-m pipeline ")[1].split()[0] for line in call.stdout.splitlines() if "-m pipeline " in line]
    return [stage for stage in commands if stage in STAGES]


def _touch(path: Path) -> None:
    later = time.time() + 1000
    os.utime(path, (later, later))


def test_a_second_make_does_nothing(checkout: Path) -> None:
    assert _stages(checkout) == []


@pytest.mark.parametrize(
    ("file", "first"), [("generate", 0), ("images", 1), ("model", 2), ("train", 2), ("hardware", 4)]
)
def test_a_changed_configuration_redoes_what_depends_on_it(checkout: Path, file: str, first: int) -> None:
    _touch(checkout / "configs" / "demo" / f"{file}.yaml")
    expected = list(STAGES)[first:]
    if file == "hardware":
        expected.remove("rates")  # of the network, whatever it is built as
    assert _stages(checkout) == expected


def test_trigger_rates_are_part_of_runs_that_configure_them(checkout: Path) -> None:
    _touch(checkout / "configs" / "demo" / "rates.yaml")
    assert _stages(checkout) == ["rates", "report"]
    (checkout / "configs" / "demo" / "rates.yaml").unlink()
    (checkout / "build" / "demo" / "67_rates.manifest.json").unlink()
    assert _stages(checkout) == []
    # the weighted sample is shared by all runs, and no run
    (checkout / "build" / "rates" / "10_root.manifest.json").unlink()
    call = ["make", "--dry-run", "RUN=trigger", "rates"]
    asked = subprocess.run(call, cwd=checkout, capture_output=True, text=True, check=True, timeout=60).stdout
    assert "-m pipeline generate --config configs/rates/generate.yaml --out build/rates/10_root" in asked
    assert "--images configs/trigger/images.yaml --lowered build/trigger/40_lowered build/rates/10_root --out" in asked


def test_vendor_synthesis_is_run_when_it_is_asked_for_and_never_else(checkout: Path) -> None:
    def commands(*arguments: str) -> list[str]:
        call = ["make", "--dry-run", *arguments]
        done = subprocess.run(call, cwd=checkout, capture_output=True, text=True, check=True, timeout=60)
        return [line for line in done.stdout.splitlines() if "-m pipeline " in line]

    (asked,) = commands("synth")
    assert "synth --config configs/demo/hardware.yaml --hls build/demo/50_hls --rtl build/demo/65_rtl" in asked
    # Its numbers go into bundle and report from then on, but `make` does not run it again.
    (checkout / "build" / "demo" / "66_synth").mkdir()
    _touch(checkout / "build" / "demo" / "66_synth")
    export, report = commands()
    assert "--synth build/demo/66_synth" in export
    assert " report " in report
    _touch(checkout / "configs" / "demo" / "hardware.yaml")
    assert not any(" synth " in line for line in commands())


def test_the_study_of_candidates_is_made_when_it_is_asked_for(checkout: Path) -> None:
    call = ["make", "--dry-run", "RUN=trigger", "candidates"]
    asked = subprocess.run(call, cwd=checkout, capture_output=True, text=True, check=True, timeout=60).stdout
    assert "-m pipeline candidates --config configs/trigger/candidates.yaml" in asked
    everything = subprocess.run(["make", "--dry-run", "RUN=trigger"], cwd=checkout, capture_output=True, text=True)
    assert "-m pipeline candidates" not in everything.stdout
    assert "convert --config configs/trigger/hardware.yaml --images build/trigger/20_images" in everything.stdout


def test_the_study_of_symmetries_is_made_when_it_is_asked_for(checkout: Path) -> None:
    call = ["make", "--dry-run", "RUN=symmetries"]
    asked, everything = (
        subprocess.run(each, cwd=checkout, capture_output=True, text=True, check=True, timeout=60).stdout
        for each in ([*call, "symmetries-rtl"], call)
    )
    assert "-m pipeline generate --config configs/symmetries/generate.yaml" in asked
    assert "-m pipeline symmetries --config configs/symmetries/symmetries.yaml" in asked
    assert "symmetries-rtl --config configs/symmetries/hardware.yaml build/symmetries/26_symmetries" in asked
    assert "26_symmetries" not in everything


def test_the_search_is_made_when_it_is_asked_for(checkout: Path) -> None:
    call = ["make", "--dry-run", "RUN=search"]
    asked, everything = (
        subprocess.run(each, cwd=checkout, capture_output=True, text=True, check=True, timeout=60).stdout
        for each in ([*call, "search"], call)
    )
    assert "-m pipeline generate --config configs/symmetries/generate.yaml" in asked
    assert "-m pipeline search --config configs/search/search.yaml" in asked
    assert "build/symmetries/10_root --out build/search/28_search" in asked
    assert "28_search" not in everything


@pytest.mark.parametrize("name", ["25_candidates", "26_symmetries", "27_symmetries_rtl", "28_search"])
def test_a_study_that_is_there_is_part_of_the_report(checkout: Path, name: str) -> None:
    study = checkout / "build" / "demo" / name
    study.mkdir()
    _touch(study)
    assert _stages(checkout) == ["report"]


def test_vendor_synthesis_is_made_when_it_is_asked_for(checkout: Path) -> None:
    call = ["make", "--dry-run", "synth"]
    asked = subprocess.run(call, cwd=checkout, capture_output=True, text=True, check=True, timeout=60).stdout
    assert asked.count("-m pipeline ") == 1
    assert "synth --config configs/demo/hardware.yaml --hls build/demo/50_hls --rtl build/demo/65_rtl" in asked
    shutil.rmtree(checkout / "build")
    everything = subprocess.run(["make", "--dry-run"], cwd=checkout, capture_output=True, text=True, check=True).stdout
    assert "-m pipeline synth" not in everything


def test_up_to_a_stage(checkout: Path) -> None:
    shutil.rmtree(checkout / "build")
    assert _stages(checkout, "lower") == list(STAGES)[:4]


def test_an_artefact_without_its_manifest_is_made_again(checkout: Path) -> None:
    (checkout / "build" / "demo" / "60_csim.json.manifest.json").unlink()
    assert _stages(checkout) == ["csim", "rtl", "export", "report"]


def test_own_files_replace_the_simulation(checkout: Path) -> None:
    shutil.rmtree(checkout / "build")
    assert _stages(checkout, "FILES=mine/*.root")[0] == "images"


def test_an_unknown_run_is_one_clear_error(checkout: Path) -> None:
    call = subprocess.run(["make", "RUN=absent"], cwd=checkout, capture_output=True, text=True, check=False)
    assert call.returncode != 0
    said, names = call.stderr.split("configurations are: ")
    assert "there is no configs/absent; " in said
    runs = {file.parent.name for file in (checkout / "configs").glob("*/model.yaml")}
    assert {"demo", "trigger"} < runs
    assert set(names.split(".")[0].split()) == runs


def test_an_unsuitable_python_is_one_clear_error(checkout: Path) -> None:
    shutil.rmtree(checkout / ".venv")
    fake = checkout / "python3.9"
    fake.write_text("#!/bin/sh\necho 'error: Python 3.11 is needed' >&2; exit 1\n")
    fake.chmod(0o755)
    call = subprocess.run(["make", "setup", "PYTHON=./python3.9"], cwd=checkout, capture_output=True, text=True)
    assert call.returncode != 0
    assert "Python 3.11 is needed" in call.stderr
    assert not (checkout / ".venv").exists()
    call = subprocess.run(["make", "setup", "PYTHON=python9.9"], cwd=checkout, capture_output=True, text=True)
    assert "python9.9 not found" in call.stderr


@pytest.mark.parametrize("how", [{"PYTHONSAFEPATH": "1"}, "-P", "-I"], ids=str)
def test_the_project_is_found_without_the_current_folder(checkout: Path, how: dict[str, str] | str) -> None:
    shutil.rmtree(checkout / ".venv")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", ".venv"], cwd=checkout, check=True)
    listed = subprocess.run(["make", "--dry-run", "setup"], cwd=checkout, capture_output=True, text=True, check=True)
    (command,) = [line for line in listed.stdout.splitlines() if "checkout.pth" in line and "-c" in line]
    subprocess.run(shlex.split(command.lstrip("@")), cwd=checkout, check=True)
    (checkout / "pipeline").mkdir()
    (checkout / "pipeline" / "__main__.py").write_text("print(__file__)")
    environment = os.environ | how if isinstance(how, dict) else dict(os.environ)
    options = [how] if isinstance(how, str) else []
    call = [checkout / ".venv" / "bin" / "python", *options, "-m", "pipeline"]
    done = subprocess.run(call, cwd="/", env=environment, capture_output=True, text=True, check=True)
    assert Path(done.stdout.strip()) == checkout / "pipeline" / "__main__.py"


def test_a_run_may_take_the_sample_of_another(checkout: Path) -> None:
    (checkout / "configs" / "detection" / "sample").write_text("demo\n")
    assert _stages(checkout, "RUN=detection", "images") == ["images"]
    call = subprocess.run(
        ["make", "--dry-run", "RUN=detection", "images"], cwd=checkout, capture_output=True, text=True, check=True
    )
    assert "configs/detection/images.yaml build/demo/10_root --out build/detection/20_images" in call.stdout
    (checkout / "build" / "demo" / "10_root.manifest.json").unlink()
    assert _stages(checkout, "RUN=detection", "images") == ["generate", "images"]
