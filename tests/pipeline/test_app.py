"""How the command line ends: one line and an exit code that is 0 only for a whole result."""

from __future__ import annotations

import contextlib
import signal
from pathlib import Path

import pytest

from data_prep.generate import production
from pipeline.app import main

STAGES = Path(__file__).parents[2] / "pipeline" / "stages"


def test_ctrl_c_ends_with_130(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(production, "produce", interrupted)
    config = tmp_path / "generate.yaml"
    config.write_text("classes: [w]\njets_per_class: 1\nincomplete: true\n")
    assert main(["generate", "--config", str(config), "--out", str(tmp_path / "out")]) == 130
    assert "interrupted" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["generate.yaml"]


def test_ctrl_c_that_a_library_turned_into_its_own_error_ends_with_130(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: object) -> None:
        with contextlib.suppress(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        raise AttributeError("an object has no attribute")

    monkeypatch.setattr(production, "produce", interrupted)
    config = tmp_path / "generate.yaml"
    config.write_text("classes: [w]\njets_per_class: 1\nincomplete: true\n")
    assert main(["generate", "--config", str(config), "--out", str(tmp_path / "out")]) == 130
    assert "interrupted" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["generate.yaml"]


@pytest.mark.parametrize(
    ("arguments", "code", "line"),
    [
        (["generate", "--colour", "red"], 2, "no such option --colour (see `python -m pipeline generate -h`)"),
        (["generate", "--config", "generate.yaml"], 2, "missing option '--out' (see `python -m pipeline generate -h`)"),
        (["nonsense"], 2, "no such command nonsense (see `python -m pipeline -h`)"),
        (["inspcet"], 2, "no such command inspcet; did you mean inspect?"),
        (
            ["generate", "--config", "/no/generate.yaml", "--out", "/no/out"],
            1,
            "/no/generate.yaml: no such configuration",
        ),
    ],
)
def test_wrong_use_is_one_line(capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, line: str) -> None:
    assert main(arguments) == code
    captured = capsys.readouterr()
    assert line in captured.err
    assert len(captured.err.splitlines()) == 1


def test_help_is_no_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["generate", "--help"]) == 0
    assert "--config" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [["--help"], []])
def test_every_stage_is_listed_with_what_it_does(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert main(arguments) == 0
    lines = capsys.readouterr().out.split("Commands:\n")[1].splitlines()
    names = [line.split()[0] for line in lines]
    assert sorted(names) == sorted(file.stem.replace("_", "-") for file in STAGES.glob("[a-z]*.py"))
    assert all(len(line.split()) > 4 for line in lines)
