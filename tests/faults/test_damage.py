"""A flipped bit, a missing or an additional file in every artefact, for every stage that reads it: refused by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pipeline.app import main
from pipeline.artefacts.hashes import files_in
from pipeline.artefacts.manifest import manifest_path, read_manifest
from tests.small_run import commands

pytestmark = pytest.mark.faults

READS = {
    "images": ("10_root",),
    "train": ("20_images",),
    "lower": ("30_model",),
    "convert": ("40_lowered",),
    "csim": ("50_hls", "40_lowered", "20_images"),
    "rtl": ("40_lowered", "60_csim.json", "20_images"),
    "export": ("50_hls", "40_lowered", "60_csim.json", "65_rtl", "20_images"),
    "emulate": ("40_lowered", "20_images"),
    "mass-closure": ("10_root",),
}
"""The artefacts that each stage is given."""


def _arguments(run: Path, stage: str) -> list[str]:
    build = run / "build"
    more = {
        "emulate": [str(build / "40_lowered"), str(build / "20_images"), "--out", str(build / "scores.parquet")],
        "mass-closure": [
            *("--config", str(run / "configs" / "images.yaml")),
            *(str(build / "10_root"), "--out", str(build / "25_mass_closure")),
        ],
    }
    return (commands(run) | more)[stage]


def _some(artefact: Path) -> list[Path]:
    """The smallest, a middle and the largest file of an artefact that hold something, and its companions."""
    files = [artefact / name for name in files_in(artefact)] if artefact.is_dir() else [artefact]
    filled = sorted((path for path in files if path.stat().st_size), key=lambda path: (path.stat().st_size, path))
    beside = [artefact.with_name(name) for name in read_manifest(artefact).companions]
    return list(dict.fromkeys([filled[0], filled[len(filled) // 2], filled[-1], *beside]))


def _flip(path: Path) -> Callable[[], object]:
    before = path.read_bytes()
    middle = len(before) // 2
    path.write_bytes(before[:middle] + bytes([before[middle] ^ 1]) + before[middle + 1 :])
    return lambda: path.write_bytes(before)


def _lose(path: Path) -> Callable[[], object]:
    away = path.parent.parent / "away"
    path.rename(away)
    return lambda: away.rename(path)


def _add(artefact: Path) -> Callable[[], object]:
    more = artefact / "more"
    more.touch()
    return more.unlink


def _cut(artefact: Path) -> Callable[[], object]:
    path = manifest_path(artefact)
    before = path.read_bytes()
    path.write_bytes(before[:-20])
    return lambda: path.write_bytes(before)


def _damages(artefact: Path, *, one: Path | None) -> Iterator[tuple[str, Callable[[], Callable[[], object]]]]:
    """What can be done to an artefact, by name; each returns what takes it back. With `one`, of that file alone."""
    for path in _some(artefact) if one is None else [one]:
        yield f"a bit of {path.name}", lambda path=path: _flip(path)  # type: ignore[misc]
        yield f"no {path.name}", lambda path=path: _lose(path)  # type: ignore[misc]
    if artefact.is_dir():
        yield "one file more", lambda: _add(artefact)
    yield "half a manifest", lambda: _cut(artefact)


@pytest.mark.parametrize(("stage", "name"), [(stage, name) for stage, names in READS.items() for name in names])
def test_a_damaged_artefact_is_refused(run: Path, stage: str, name: str, capfd: pytest.CaptureFixture[str]) -> None:
    artefact = run / "build" / name
    # Of a model one file is read, and only that one counts.
    one = artefact / "model.h5" if stage == "lower" else None
    arguments = _arguments(run, stage)
    # Where nothing is damaged there is nothing to do, or it is done.
    assert main([stage, *arguments]) == 0
    tried = 0
    for what, damage in _damages(artefact, one=one):
        restore = damage()
        capfd.readouterr()
        assert main([stage, *arguments]) == 1, what
        said = capfd.readouterr().err.strip().splitlines()[-1]
        assert name.split(".")[0] in said, f"{what}: {said}"
        assert any(text in said for text in ("not as it was made", "cannot be read", "no such file")), f"{what}: {said}"
        restore()
        tried += 1
    assert tried >= 3
    capfd.readouterr()
    assert main([stage, *arguments]) == 0
    assert "unchanged" in capfd.readouterr().out


@pytest.mark.parametrize(
    "name", ["20_images", "30_model", "40_lowered", "50_hls", "60_csim.json", "65_rtl", "70_export"]
)
def test_a_report_on_something_damaged_says_that_nothing_is_proven(
    run: Path, name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    artefact, page = run / "build" / name, run / "build" / "80_report" / "index.html"
    arguments = _arguments(run, "report")
    before = page.read_bytes()
    assert b"not valid" not in before
    for what, damage in _damages(artefact, one=None):
        restore = damage()
        capfd.readouterr()
        assert main(["report", *arguments]) == 0, what
        said = capfd.readouterr().out
        assert ": proven" not in said, f"{what}: {said}"
        assert name in said or "proof" in said or "not run" in said, f"{what}: {said}"
        restore()
    assert main(["report", *arguments]) == 0
    assert page.read_bytes() == before
