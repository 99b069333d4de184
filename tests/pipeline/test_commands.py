"""The command line as somebody meets it who does not know it: names, help, examples, how much it says."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import typer

from data_prep.generate import production
from pipeline import console
from pipeline.app import main
from pipeline.artefacts.code_version import ROOT
from pipeline.commands import STAGES, Commands, app

COMMANDS = Commands()
NAMES = list(COMMANDS)
OF_A_COMMAND = ("--config", "--out")
"""Options whose help ends with the file that they are in one command."""


def _options(name: str) -> dict[str, Any]:
    return {
        option: parameter for parameter in COMMANDS[name].params for option in parameter.opts if option.startswith("-")
    }


def _meaning(option: str, parameter: Any) -> tuple[str, str]:
    text = str(parameter.help)
    annotation = str(parameter.type_descriptor.annotation)
    return annotation, text.partition(":")[0] if option in OF_A_COMMAND else text


def test_an_option_means_the_same_in_every_command() -> None:
    meanings: dict[str, dict[tuple[str, str], list[str]]] = {}
    for name in NAMES:
        for option, parameter in _options(name).items():
            meanings.setdefault(option, {}).setdefault(_meaning(option, parameter), []).append(name)
    assert {option: commands for option, commands in meanings.items() if len(commands) > 1} == {}
    assert len(meanings["--images-config"][next(iter(meanings["--images-config"]))]) > 3


def test_an_option_that_is_a_yaml_file_says_so_in_its_name() -> None:
    """And one that is an artefact is named after the command that makes it."""
    for name in NAMES:
        for option, parameter in _options(name).items():
            file = re.search(r"a file (\w+)\.yaml", str(parameter.help))
            if file:
                assert option in ("--config", f"--{file[1]}-config"), name
            match = re.search(r"made by `([\w-]+)`\.", str(parameter.help))
            if match and option not in ("--split",):
                assert option in (f"--{match[1]}", {"lower": "--lowered", "convert": "--hls"}.get(match[1])), name


@pytest.mark.parametrize("name", NAMES)
def test_the_example_of_every_command_is_one(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    example = STAGES[name.replace("-", "_")].example
    assert max(map(len, example.splitlines())) <= 76
    words = shlex.split(example.replace("\\\n", ""))
    assert words[:4] == ["python", "-m", "pipeline", name]
    COMMANDS[name].make_context(name, words[4:])  # refuses what is missing, unknown, or of another type
    for word in words:
        if word.startswith("configs/"):
            assert (ROOT / word).is_file()
    assert main([name, "-h"]) == 0
    shown = capsys.readouterr().out
    assert shown.rstrip().endswith("\n".join(f"    {line}" for line in example.strip().splitlines()))


@pytest.mark.parametrize("name", NAMES)
def test_help_fits_into_80_columns(
    name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert main([name, "--help"]) == 0
    long = capsys.readouterr().out
    assert main([name, "-h"]) == 0
    assert capsys.readouterr().out == long
    assert max(map(len, long.splitlines())) <= 80
    assert all(parameter.help for parameter in COMMANDS[name].params)


def test_no_summary_is_cut(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert main(["-h"]) == 0
    lines = capsys.readouterr().out.partition("Commands:\n")[2].splitlines()
    assert len(lines) == len(NAMES)
    assert all(line.endswith(".") and not line.endswith("..") and len(line) <= 80 for line in lines)


def test_version_is_that_of_the_project_and_of_git(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    line = capsys.readouterr().out.strip()
    assert tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"] in line.split()
    if (ROOT / ".git").exists():
        call = ["git", "-C", str(ROOT), "rev-parse", "HEAD"]
        commit = subprocess.run(call, capture_output=True, text=True, check=True).stdout.strip()
        assert f"(commit {commit}" in line


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["lower", "--modle", "m.h5"], "error no such option --modle; did you mean --model?"),
        (["rates", "--images", "i.yaml"], "error no such option --images; did you mean --images-config?"),
        (["trian"], "error no such command trian; did you mean train?"),
        (["nonsense"], "error no such command nonsense (see `python -m pipeline -h`)"),
        (["generate", "--colour", "red"], "error no such option --colour (see `python -m pipeline generate -h`)"),
        (["train", "--colour", "x"], "error no such option --colour (see `python -m pipeline train -h`)"),
        (
            ["generate", "-q", "-v"],
            "error invalid value for '-v' / '--verbose': give one of -q and -v (see `python -m pipeline generate -h`)",
        ),
    ],
)
def test_what_is_mistyped_is_said_in_one_line(
    arguments: list[str], line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    assert capsys.readouterr().err == f"{line}\n"


@pytest.fixture
def jets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The arguments of a production of jets, of which only the files are made."""

    def produce(settings: Any, folder: Path, *_: Any) -> list[Path]:
        (folder / "w.root").write_text(str(settings))
        return [folder / "w.root"]

    monkeypatch.setattr(production, "produce", produce)
    config = tmp_path / "generate.yaml"
    config.write_text("classes: [w]\njets_per_class: 2\nincomplete: true\n")
    return ["--config", str(config), "--out", str(tmp_path / "10_root"), "--workers", "1"]


def test_quiet_and_verbose_before_and_after_the_command(jets: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["-q", "generate", *jets]) == 0
    assert capsys.readouterr() == ("", "")
    assert main(["generate", *jets]) == 0
    assert capsys.readouterr().out.endswith(": unchanged\n")
    assert main(["generate", "-q", *jets]) == 0
    assert capsys.readouterr() == ("", "")
    Path(jets[1]).write_text("classes: [w]\njets_per_class: 3\nincomplete: true\n")
    assert main(["generate", *jets, "-v"]) == 0
    output = capsys.readouterr().err
    assert "is made again: the settings are not the same" in output
    assert re.search(r"^took \d", output, re.M)
    assert main(["generate", "-q", "--config", "/no/generate.yaml", "--out", "/no/out"]) == 1
    assert capsys.readouterr().err.startswith("error /no/generate.yaml: ")
    assert main(["generate", *jets]) == 0  # what one command asked for does not last
    assert capsys.readouterr().out.endswith(": unchanged\n")


def test_quiet_hides_no_warning(capsys: pytest.CaptureFixture[str]) -> None:
    console.set_level(console.Level.QUIET)
    try:
        console.warn("w")
        console.fail("e")
        console.done("train", "d")
        console.rows("r", [("a", "b")])
        with console.progress("jets", 1, "jets") as advance:
            advance(1)
    finally:
        console.set_level(console.Level.NORMAL)
    assert capsys.readouterr() == ("", "warning w\nerror e\n")


def test_completion_in_bash() -> None:
    """The shell itself completes, with the script that is shown."""
    shown = _run("--show-completion", "bash").stdout
    # `complete` of a word: what the shell does when the tab key is pressed.
    ask = """
    source /dev/stdin <<< "$SCRIPT"
    COMP_WORDS=("$PYTHON" "$@"); COMP_CWORD=$#
    _jet_image_trigger "$PYTHON"
    printf '%s\\n' "${COMPREPLY[@]}"
    complete -p python
    """
    expected = {
        ("-m", "pipeline", "comp"): ["compare-capture"],
        ("-m", "pipeline", "symm"): ["symmetries", "symmetries-rtl"],
        ("-m", "pipeline", "train", "--model"): ["--model-config"],
        ("-m", "pipeline", "emulate", "--split", "t"): ["train", "test"],
        ("-m", "pipeline", "train", "--config", ""): [""],  # files are completed
        ("-m", "pip", "inst"): [""],
    }
    for words, completions in expected.items():
        environment = os.environ | {"SCRIPT": shown, "PYTHON": sys.executable}
        call = ["bash", "-c", ask, "bash", *words]
        process = subprocess.run(call, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
        *lines, registered = process.stdout.splitlines()
        assert (lines, process.stderr) == (completions, "")
        assert "_jet_image_trigger" in registered


def test_completion_is_installed_once(tmp_path: Path) -> None:
    (tmp_path / ".bashrc").write_text("alias ll='ls -l'")
    for _ in range(2):
        assert "open a new terminal" in _run("--install-completion", "bash", HOME=str(tmp_path)).stdout
    alias, line = (tmp_path / ".bashrc").read_text().splitlines()
    assert alias == "alias ll='ls -l'"
    call = ["bash", "-c", f"{line}; complete -p python3"]
    assert b"_jet_image_trigger" in subprocess.run(call, capture_output=True, check=True).stdout


def _run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    call = [sys.executable, "-m", "pipeline", *arguments]
    return subprocess.run(call, cwd=ROOT, env=os.environ | environment, capture_output=True, text=True, check=True)


def test_every_option_can_be_completed() -> None:
    from pipeline.completion import candidates

    assert set(candidates(["images", "--"])) == {o for o in _options("images") if o.startswith("--")} | {"--help"}
    assert candidates([""]) == sorted(NAMES)
    group = {o for parameter in typer.main.get_command(app).params for o in parameter.opts if o.startswith("--")}
    assert set(candidates(["--"])) == group | {"--help"}
