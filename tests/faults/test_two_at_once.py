"""Two commands at once: on one output, on an output and what it is made from, and `make` beside `make`."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline.artefacts.artefact import artefact
from pipeline.artefacts.commit import work_folder
from pipeline.artefacts.door import check
from pipeline.artefacts.manifest import manifest_path, read_manifest
from pipeline.commands import STAGES as DECLARED
from tests.faults.test_damage import READS
from tests.small_run import commands, shrink

pytestmark = pytest.mark.faults

ROOT = Path(__file__).parents[2]
STAGES = [stage.name for stage in sorted(DECLARED.values(), key=lambda stage: stage.place) if stage.in_every_run]


def _start(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "pipeline", *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def _ended(process: subprocess.Popen[str]) -> tuple[int, str]:
    text, _ = process.communicate(timeout=600)
    assert "Traceback" not in text, text
    return process.returncode, text


def _out(arguments: list[str]) -> Path:
    return Path(arguments[arguments.index("--out") + 1])


def _forget(out: Path) -> None:
    """Let the artefact be one of other code, so that it is made again."""
    manifest = json.loads(manifest_path(out).read_text())
    manifest_path(out).write_text(json.dumps(manifest | {"code": "", "fingerprint": ""}))


@pytest.mark.parametrize("stage", STAGES)
def test_one_output(run: Path, stage: str) -> None:
    """The same command twice, with other settings where it has some: both end well, and one artefact is whole."""
    arguments = commands(run)[stage]
    out = _out(arguments)
    others = list(arguments)
    if stage in ("generate", "images", "train", "convert"):
        config = Path(arguments[arguments.index("--config") + 1])
        content: dict[str, Any] = yaml.safe_load(config.read_text())
        change: dict[str, Any] = {"generate": {"seed": 21}, "images": {"chunk_jets": 77}, "train": {"seed": 21}}.get(
            stage, {"name": "other_name"}
        )
        other = config.with_name(f"other_{config.name}")
        other.write_text(yaml.safe_dump(content | change))
        others[others.index(str(config))] = str(other)
    _forget(out)
    (code, text), (other_code, other_text) = map(_ended, [_start(stage, *arguments), _start(stage, *others)])
    assert (code, other_code) == (0, 0), text + other_text
    check(out)
    assert "waiting for" in text + other_text
    hidden = [path.name for path in out.parent.iterdir() if path.name.startswith(".")]
    assert hidden == []


@pytest.mark.parametrize(
    ("stage", "name"),
    [(stage, name) for stage, names in READS.items() for name in names if stage not in ("emulate", "mass-closure")],
)
def test_an_input_that_is_made_again_meanwhile(run: Path, stage: str, name: str) -> None:
    """The reader is refused, or its artefact is of the old input or of the new one, and says of which."""
    source, arguments = run / "build" / name, commands(run)[stage]
    out = _out(arguments)
    old = read_manifest(source)
    before = {path.name: path.read_bytes() for path in run.joinpath("build").glob(f"{out.name}*") if path.is_file()}
    _forget(out)
    process = _start(stage, *arguments)
    while not work_folder(out).exists() and process.poll() is None:
        time.sleep(0.005)
    with artefact(
        source,
        old.stage,
        options={"again": True},
        folder=source.is_dir(),
        companions=[source.with_name(each) for each in old.companions],
    ) as space:
        if source.is_dir():
            shutil.copytree(source, space.path, dirs_exist_ok=True)
        else:
            shutil.copy(source, space.path)
        for companion, file in zip(old.companions, space.companions, strict=True):
            shutil.copy(source.with_name(companion), file)
        # Another content that reads the same.
        text = max((path for path in [space.path, *space.path.rglob("*")] if path.suffix == ".json"), default=None)
        if text is not None:
            text.write_bytes(text.read_bytes() + b"\n")
    code, said = _ended(process)
    if code == 0:
        used = read_manifest(out).inputs
        check(out)
        assert any(key.split("/")[0] == name for key in used)
        assert set(used.values()) & {old.content, read_manifest(source).content} or stage in ("images", "lower")
    else:
        refusals = ("was changed while it was read", "is not as it was made", "was made from another")
        assert any(text in said for text in refusals), said
        kept = {key: (run / "build" / key).read_bytes() for key in before if not key.endswith("manifest.json")}
        assert kept == {key: content for key, content in before.items() if not key.endswith("manifest.json")}


def test_make_beside_make(tmp_path: Path) -> None:
    """In one checkout, from nothing: each stage is done once, by one of them, and both end well."""
    if shutil.which("make") is None:
        pytest.skip("make not found")
    checkout = tmp_path / "checkout"
    checkout.mkdir()
    for name in ("Makefile", "requirements.lock", "data_prep", "models", "hls_projects", "pipeline"):
        (checkout / name).symlink_to(ROOT / name)
    shutil.copytree(ROOT / "configs" / "demo", checkout / "configs" / "small")
    shrink(checkout / "configs" / "small")
    (checkout / "configs" / "small" / "rates.yaml").unlink()
    (checkout / ".venv" / "bin").mkdir(parents=True)
    (checkout / ".venv" / "bin" / "python").symlink_to(sys.executable)
    (checkout / ".venv" / ".ready").touch()
    environment = os.environ | {"VIRTUAL_ENV": sys.prefix, "PYTHONPATH": str(ROOT)}
    call = ["make", "RUN=small", f"PIPELINE={sys.executable} -m pipeline"]
    processes = [
        subprocess.Popen(
            call, cwd=checkout, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        for _ in range(2)
    ]
    ended = [_ended(process) for process in processes]
    assert [code for code, _ in ended] == [0, 0], ended
    build = checkout / "build" / "small"
    for path in build.glob("*.manifest.json"):
        check(path.with_name(path.name.removesuffix(".manifest.json")))
    assert len(list(build.glob("*.manifest.json"))) == 9
    assert [path.name for path in build.iterdir() if path.name.startswith(".")] == []
    texts = [text for _, text in ended]
    for stage in STAGES:
        once = [bool(re.search(rf"^{stage} +\S+: unchanged$", text, re.M)) for text in texts]
        assert sum(once) == 1, f"{stage}: {texts}"
