"""One writer an output."""

from __future__ import annotations

import json
import os
import shutil
import signal
import time
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest

from data_prep.errors import PipelineError
from pipeline.artefacts.artefact import artefact
from pipeline.artefacts.door import check
from pipeline.artefacts.lock import lock_path, locked


def _child(body: Callable[[], object]) -> int:
    """Run `body` in a process of its own."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            body()
            code = 0
        except BaseException:  # noqa: BLE001
            traceback.print_exc()
        finally:
            os._exit(code)
    return child


def _ended(child: int) -> int:
    return os.waitpid(child, 0)[1]


def _until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def _silent(line: str) -> None:
    pytest.fail(f"nobody is waited for: {line}")


def test_the_second_waits_and_says_for_whom(tmp_path: Path) -> None:
    out, go = tmp_path / "20_images", tmp_path / "go"

    def hold() -> None:
        with locked(out, "images", _silent):
            _until(go.exists)

    child = _child(hold)
    _until(lock_path(out).exists)
    _until(lambda: lock_path(out).read_text() != "")
    lines: list[str] = []

    def waiting(line: str) -> None:
        lines.append(line)
        go.touch()

    with locked(out, "images", waiting):
        assert _ended(child) == 0
    assert lines == [f"{out}: waiting for `images` of process {child}, which is making it"]
    assert not lock_path(out).exists()


def test_a_killed_holder_holds_nothing_though_its_child_lives(tmp_path: Path) -> None:
    out, grandchild = tmp_path / "20_images", tmp_path / "grandchild"

    def hold() -> None:
        with locked(out, "images", _silent):
            pid = _child(lambda: time.sleep(60))
            grandchild.write_text(f"{pid}\n")
            time.sleep(60)

    child = _child(hold)
    _until(lambda: grandchild.exists() and grandchild.read_text().endswith("\n"))
    os.kill(child, signal.SIGKILL)
    _ended(child)
    try:
        with locked(out, "images", _silent):
            pass
    finally:
        os.kill(int(grandchild.read_text()), signal.SIGKILL)


def test_this_process_does_not_lock_itself_out_in_silence(tmp_path: Path) -> None:
    out = tmp_path / "20_images"
    refused = pytest.raises(PipelineError, match="by this process")
    with locked(out, "images", _silent), refused, locked(out, "images", _silent):
        pytest.fail("the body must not run")


def test_what_stands_there_is_judged_when_nobody_else_is_committing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process has given its artefact the name, and not yet its manifest, when this one begins."""
    out, go, making_folder = tmp_path / "20_images", tmp_path / "go", tmp_path / ".20_images.making"

    def hold() -> None:
        with locked(out, "images", _silent):
            (out / "new").mkdir(parents=True)
            (out / "new" / "a").write_text("not listed yet")
            (making_folder / "new").mkdir(parents=True)  # no owner.json: the folder is being removed
            _until(go.exists)
            shutil.rmtree(making_folder)
            shutil.rmtree(out)

    child = _child(hold)
    _until((making_folder / "new").exists)
    monkeypatch.setattr("pipeline.artefacts.artefact.warn", lambda line: go.touch())
    with artefact(out, "images") as space:
        (space.path / "a").write_text("ours")
    assert _ended(child) == 0
    assert check(out).outputs.keys() == {"a"}


def test_many_at_once_never_mix(tmp_path: Path) -> None:
    """Eight processes with settings of their own: whichever is last, artefact, companion and manifest are its."""
    out, beside = tmp_path / "67_rates", tmp_path / "67_rates.json"

    def make(number: int) -> None:
        for attempt in range(5):
            options = {"number": number, "attempt": attempt}
            with artefact(out, "rates", options=options, companions=[beside]) as space:
                for name in ("a", "b", "c"):
                    (space.path / name).write_text(json.dumps(options))
                space.companions[0].write_text(json.dumps(options))

    children = [_child(lambda number=number: make(number)) for number in range(8)]  # type: ignore[misc]
    assert [_ended(child) for child in children] == [0] * 8
    manifest = check(out)
    for path in (out / "a", out / "b", out / "c", beside):
        assert json.loads(path.read_text()) == manifest.options
    assert sorted(path.name for path in tmp_path.iterdir()) == ["67_rates", "67_rates.json", "67_rates.manifest.json"]
