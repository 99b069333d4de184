"""The stage graph: which stages are called, in which order, with which inputs; and what a run may be called."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.commands import STAGES as DECLARED

ROOT = Path(__file__).parents[2]
IN_ORDER = sorted(DECLARED.values(), key=lambda stage: stage.place)
ARTEFACT_STAGES = {stage.name: stage for stage in IN_ORDER if stage.artefact}
"""The stages that make a part of a run, in the order of the flow."""

STAGES = [name for name, stage in ARTEFACT_STAGES.items() if stage.in_every_run or name == "rates"]
"""Those of the demonstration, which has a `rates.yaml`."""

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="make not found")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout whose environment says which command it was called with, one argument a line."""
    shutil.copy(ROOT / "Makefile", tmp_path)
    shutil.copy(ROOT / "requirements.lock", tmp_path)
    shutil.copytree(ROOT / "configs", tmp_path / "configs")
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    python = tmp_path / ".venv" / "bin" / "python"
    python.write_text("""#!/bin/sh
shift 2
printf '%s\\0' "$@" >>calls
printf '\\n\\0' >>calls
""")
    python.chmod(0o755)
    (tmp_path / ".venv" / ".ready").touch()
    os.utime(tmp_path / "requirements.lock", (0, 0))
    return tmp_path


def _make(checkout: Path, *arguments: str) -> list[list[str]]:
    """The commands that make runs, argument by argument."""
    (checkout / "calls").unlink(missing_ok=True)
    subprocess.run(["make", *arguments], cwd=checkout, capture_output=True, text=True, check=True, timeout=60)
    if not (checkout / "calls").exists():
        return []
    calls = (checkout / "calls").read_text().split("\n\0")
    return [call.removesuffix("\0").split("\0") for call in calls if call]


def _stages(checkout: Path, *arguments: str) -> list[str]:
    return [call[0] for call in _make(checkout, *arguments)]


def _files_made_of(checkout: Path, *inputs: str) -> None:
    """Images that were made of these inputs, as their manifest names them."""
    (checkout / "build" / "demo" / "20_images").mkdir(parents=True, exist_ok=True)
    manifest = {"stage": "images", "inputs": dict.fromkeys(inputs, "hash")}
    text = json.dumps(manifest, indent=1)
    (checkout / "build" / "demo" / "20_images.manifest.json").write_text(text)


def test_every_stage_is_called_in_the_order_of_the_flow(checkout: Path) -> None:
    calls = _make(checkout)
    assert sorted(call[0] for call in calls) == sorted([*STAGES, "generate"])  # the weighted jets of the rates
    assert [call[0] for call in calls if call[0] != "generate"][:2] == ["images", "train"]
    for call in calls:
        name = ARTEFACT_STAGES[call[0]].artefact
        assert call[call.index("--out") + 1] in (f"build/demo/{name}", "build/rates/10_root")
    makers = {call[call.index("--out") + 1]: n for n, call in enumerate(calls)}
    for n, call in enumerate(calls):
        for argument in call:
            if argument.startswith("build/demo/") and argument in makers:
                assert makers[argument] <= n, f"{call[0]} is called before {argument} is made"


def test_every_stage_is_called_again(checkout: Path) -> None:
    """Whether anything changed, they see themselves."""
    calls = _make(checkout)
    assert _make(checkout) == calls


def test_trigger_rates_are_part_of_runs_that_configure_them(checkout: Path) -> None:
    calls = _make(checkout, "RUN=trigger", "rates")
    assert ["generate", "--config", "configs/rates/generate.yaml", "--out", "build/rates/10_root"] in calls
    rates = calls[-1]
    assert rates[:2] == ["rates", "--config"]
    assert rates[rates.index("--lowered") + 1 :] == [
        "build/trigger/40_lowered",
        "build/rates/10_root",
        "--out",
        "build/trigger/67_rates",
    ]
    (checkout / "configs" / "trigger" / "rates.yaml").unlink()
    assert "rates" not in _stages(checkout, "RUN=trigger")


def test_vendor_synthesis_is_run_when_it_is_asked_for_and_never_else(checkout: Path) -> None:
    call = _make(checkout, "synth")[-1]
    assert call[1:7] == [
        *("--config", "configs/demo/hardware.yaml"),
        *("--hls", "build/demo/50_hls"),
        "--rtl",
        "build/demo/65_rtl",
    ]
    assert "synth" not in _stages(checkout)
    # Its numbers go into the bundle from then on.
    (checkout / "build" / "demo" / "66_synth").mkdir(parents=True)
    calls = {call[0]: call for call in _make(checkout)}
    assert "synth" not in calls
    assert calls["export"][calls["export"].index("--synth") + 1] == "build/demo/66_synth"


@pytest.mark.parametrize(
    ("run", "study", "jets"),
    [
        ("trigger", "candidates", "build/trigger/10_root"),
        ("symmetries", "symmetries", "build/symmetries/10_root"),
        ("search", "search", "build/symmetries/10_root"),
        ("demo", "mass-closure", "build/demo/10_root"),
    ],
)
def test_a_study_is_made_when_it_is_asked_for(checkout: Path, run: str, study: str, jets: str) -> None:
    calls = _make(checkout, f"RUN={run}", study)
    assert [call[0] for call in calls] == ["generate", study]
    assert jets in calls[-1]
    assert study not in _stages(checkout, f"RUN={run}")


def test_up_to_a_stage(checkout: Path) -> None:
    assert _stages(checkout, "lower") == ["generate", "images", "train", "lower"]


HOSTILE = [
    "mine/*.root",
    "/data/my jets/*.root",
    "it's/here.root",
    "$(touch owned)/$HOME/`touch owned`.root",
    "a;touch owned #1.root",
    'say "jets".root \\ | & > <',
    "a%b.root ~/c.root",
]


@pytest.mark.parametrize("files", HOSTILE)
def test_own_files_are_data(checkout: Path, files: str) -> None:
    calls = _make(checkout, f"FILES={files}", "images")
    assert calls == [["images", "--config", "configs/demo/images.yaml", files, "--out", "build/demo/20_images"]]
    assert not list(checkout.rglob("owned"))
    # They are remembered ...
    assert _make(checkout, "images") == calls
    assert not list(checkout.rglob("owned"))
    # ... until others are given, or the simulated ones are asked for again.
    (call,) = _make(checkout, "FILES=others.root", "images")
    assert call[3] == "others.root"
    for arguments in (["FILES=", "images"], ["images"]):
        calls = _make(checkout, *arguments)
        assert [call[0] for call in calls] == ["generate", "images"]
        assert calls[1][3] == "build/demo/10_root"


def test_images_made_by_hand_are_gone_on_from(checkout: Path) -> None:
    _files_made_of(checkout, "/data/mine/a.root", "/data/mine/b.root")
    calls = _make(checkout, "train")
    assert [call[0] for call in calls] == ["images", "train"]
    assert calls[0] == ["images", "--config", "configs/demo/images.yaml", "--out", "build/demo/20_images"]
    # Those of the simulated sample are not by hand, whether it is the run's own or another's.
    for name in ("10_root/q_00.root", "../symmetries/10_root/q_00.root"):
        _files_made_of(checkout, name)
        assert _stages(checkout, "train") == ["generate", "images", "train"]
    _files_made_of(checkout, "/data/mine/a.root")
    assert _stages(checkout, "FILES=", "train") == ["generate", "images", "train"]


@pytest.mark.parametrize("target", ["clean", "all", "images", "help", "distclean", "test"])
@pytest.mark.parametrize(
    "run", ["", ".", "..", "demo/", "demo docs", "tiny docs", "%", "de%", "*", "../configs/demo", " "]
)
def test_run_is_one_folder_of_configs_or_an_error(checkout: Path, run: str, target: str) -> None:
    (checkout / "build" / "demo").mkdir(parents=True)
    (checkout / "docs").mkdir()
    call = subprocess.run(["make", f"RUN={run}", target], cwd=checkout, capture_output=True, text=True, check=False)
    assert call.returncode == 2
    assert "there is no configs/" in call.stderr
    assert (checkout / "build" / "demo").is_dir()
    assert (checkout / "docs").is_dir()
    assert not (checkout / "calls").exists()


def test_clean_removes_one_run(checkout: Path) -> None:
    for name in ("demo", "trigger"):
        (checkout / "build" / name / "20_images").mkdir(parents=True)
    _make(checkout, "clean", "RUN=trigger")
    assert [path.name for path in (checkout / "build").iterdir()] == ["demo"]


def test_an_unknown_run_is_one_clear_error(checkout: Path) -> None:
    call = subprocess.run(["make", "RUN=absent"], cwd=checkout, capture_output=True, text=True, check=False)
    assert call.returncode != 0
    message, names = call.stderr.split("configurations are: ")
    assert "there is no configs/absent; " in message
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


@pytest.mark.parametrize("hindrance", [{"PYTHONSAFEPATH": "1"}, "-P", "-I"], ids=str)
def test_the_project_is_found_without_the_current_folder(checkout: Path, hindrance: dict[str, str] | str) -> None:
    shutil.rmtree(checkout / ".venv")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", ".venv"], cwd=checkout, check=True)
    setup = subprocess.run(["make", "--dry-run", "setup"], cwd=checkout, capture_output=True, text=True, check=True)
    (command,) = [line for line in setup.stdout.splitlines() if "checkout.pth" in line and "-c" in line]
    subprocess.run(shlex.split(command.lstrip("@")), cwd=checkout, check=True)
    (checkout / "pipeline").mkdir()
    (checkout / "pipeline" / "__main__.py").write_text("print(__file__)")
    environment = os.environ | hindrance if isinstance(hindrance, dict) else dict(os.environ)
    options = [hindrance] if isinstance(hindrance, str) else []
    call = [checkout / ".venv" / "bin" / "python", *options, "-m", "pipeline"]
    process = subprocess.run(call, cwd="/", env=environment, capture_output=True, text=True, check=True)
    assert Path(process.stdout.strip()) == checkout / "pipeline" / "__main__.py"


def test_a_run_may_take_the_sample_of_another(checkout: Path) -> None:
    (checkout / "configs" / "detection" / "sample").write_text("demo\n")
    assert _make(checkout, "RUN=detection", "images") == [
        ["generate", "--config", "configs/demo/generate.yaml", "--out", "build/demo/10_root"],
        [
            *("images", "--config", "configs/detection/images.yaml", "build/demo/10_root"),
            *("--out", "build/detection/20_images"),
        ],
    ]


@pytest.mark.parametrize("stage", ARTEFACT_STAGES)
def test_the_example_in_the_help_of_a_command_is_what_make_runs(checkout: Path, stage: str) -> None:
    words = shlex.split(ARTEFACT_STAGES[stage].example.replace("\\\n", ""))[3:]
    run = Path(words[words.index("--out") + 1]).parts[1]
    variable = f"RUN={run}"
    (checkout / "build" / run).mkdir(parents=True)
    assert words in _make(checkout, variable, stage)


@pytest.mark.parametrize("stage", ARTEFACT_STAGES)
def test_make_gives_a_stage_the_artefacts_that_it_declares(checkout: Path, stage: str) -> None:
    (checkout / "build" / "demo" / "66_synth").mkdir(parents=True)
    call = next(arguments for arguments in reversed(_make(checkout, stage)) if arguments[0] == stage)
    out = call.index("--out") + 1
    assert call[out] == f"build/demo/{ARTEFACT_STAGES[stage].artefact}"
    paths = [Path(word).parts for word in call[:out] if word.startswith("build/")]
    artefacts = {parts[2] for parts in paths if len(parts) > 2}  # the report takes the whole folder of the run
    assert artefacts == {ARTEFACT_STAGES[name].artefact for name in ARTEFACT_STAGES[stage].inputs}


def test_make_knows_every_stage_that_makes_a_part_of_a_run() -> None:
    line = next(line for line in (ROOT / "Makefile").read_text().splitlines() if line.startswith("STAGES := "))
    assert ["generate", *line.split()[2:]] == list(ARTEFACT_STAGES)


def test_every_benchmark_is_run_by_make_or_takes_what_a_run_has_made() -> None:
    line = next(line for line in (ROOT / "Makefile").read_text().splitlines() if line.startswith("BENCHMARKS :="))
    by_make = set(line.partition(":=")[2].split())
    benchmarks = {path.stem for path in (ROOT / "benchmarks").glob("*.py")} - {"mock"}
    benchmarks |= {path.parent.name for path in (ROOT / "benchmarks").glob("*/__main__.py")}
    of_a_run = {"fingerprints", "front", "seeds", "tree_observables", "trigger_rates"}
    assert by_make | of_a_run == benchmarks
    for name in ("fingerprints", "tree_observables", "trigger_rates"):  # the others have a default
        call = [sys.executable, "-m", f"benchmarks.{name}"]
        process = subprocess.run(call, cwd=ROOT, capture_output=True, text=True, check=False)
        assert process.returncode == 2, name
        assert "the following arguments are required" in process.stderr
