"""The command `inspect` as a user runs it: usable files, and what is missing in others."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest
import uproot

from pipeline.app import main
from tests.data_prep.readers import samples

CMS = Path(__file__).parents[4] / "shared" / "data" / "cms_pfnano_v2_10ev.root"


@pytest.mark.parametrize("name", tuple(samples.WRITERS))
def test_every_layout(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = samples.WRITERS[name][0](samples.jets(12), tmp_path / "jets.file")
    assert main(["inspect", str(file)]) == 0
    captured = capsys.readouterr()
    assert f"layout        {name}: " in captured.out
    assert f"{file}: can be used as {name}" in captured.out
    stated = {"top_tagging": 0, "l1_puppi": 0}.get(name, 2)
    assert captured.out.count("1.0000 ± 0.000") == stated
    assert captured.out.count("the file has none") == 2 - stated
    assert captured.err == ""


def test_a_file_with_two_of_the_five_classes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = samples.lhc_jets(samples.jets(12), tmp_path / "jets.h5")
    with h5py.File(file, "a") as opened:
        names = opened["jetFeatureNames"][...]
        indices = [index for index, name in enumerate(names) if name not in (b"j_g", b"j_w", b"j_z")]
        columns = opened["jets"][:, indices]
        del opened["jets"], opened["jetFeatureNames"]
        opened["jets"], opened["jetFeatureNames"] = columns, names[indices]
    assert main(["inspect", str(file)]) == 0
    out = capsys.readouterr().out
    assert [line.split()[:2] for line in out.splitlines() if "(j_" in line] == [["q", "8"], ["t", "4"]]
    assert "can be used as lhc_jets" in out


@pytest.mark.parametrize(
    ("name", "weight"), [("pfnano_v1", "FatJetPFCands_puppiWeight"), ("pfnano_v2", "PFCands_puppiWeight")]
)
def test_a_file_without_puppi_weights_is_looked_at_without_them(
    name: str, weight: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = samples.WRITERS[name][0](samples.jets(12), tmp_path / "t.root")
    with uproot.open(file) as opened:
        tree = opened["Events"].arrays(library="ak", how=dict)
    branches = {key: values for key, values in tree.items() if key != weight and not key.startswith("n")}
    samples.write(file, "Events", branches)
    assert main(["inspect", str(file)]) == 0
    output = capsys.readouterr()
    assert "12 jets in the first 6 events" in output.out
    assert output.out.endswith(f"{file}: can be used as {name} with `puppi: ignore`\n")
    assert f"the tree 'Events' lacks the branch {weight}" in output.err
    assert "write `puppi: ignore` in images.yaml" in output.err
    # a configuration says what is wanted, and is held to it
    config = tmp_path / "images.yaml"
    config.write_text(
        "classes: [{name: t, label: FatJet_nBHadrons >= 2}, {name: q, label: FatJet_nBHadrons < 2}]\n"
        "grid: {kind: square, pixels: 32, half_width: 1.0}\nsteps: [{step: centre}]\n"
        "split: {train: 0.6, validation: 0.2, test: 0.2}\n"
    )
    assert main(["inspect", str(file), "--config", str(config)]) == 1
    config.write_text(config.read_text() + "puppi: ignore\n")
    assert main(["inspect", str(file), "--config", str(config)]) == 0


def test_libraries_do_not_talk(tmp_path: Path) -> None:
    file = samples.l1_puppi(samples.jets(4), tmp_path / "t.root")
    command = [sys.executable, "-m", "pipeline", "inspect", str(file)]
    process = subprocess.run(command, cwd=Path(__file__).parents[3], capture_output=True, text=True, check=True)
    assert process.stdout.startswith(str(file))
    assert "FastJet" not in process.stdout


def test_the_cms_file(capsys: pytest.CaptureFixture[str]) -> None:
    if not CMS.exists():
        pytest.skip(f"{CMS.name} is not in the folder of shared data")
    assert main(["inspect", str(CMS)]) == 0
    out = capsys.readouterr().out
    assert "10 events, 24 jets in the first 10 events" in out
    assert "pT    0.9998 ± " in out
    assert "mass  0.9992 ± " in out


@pytest.mark.parametrize("several", [["a.root", "b.root"], ["[ab].root"], ["."]])
def test_of_several_files_the_first_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], several: list[str]
) -> None:
    samples.l1_jets(samples.jets(4), tmp_path / "b.root")
    samples.jetclass(samples.jets(4), tmp_path / "a.root")
    monkeypatch.chdir(tmp_path)
    assert main(["inspect", *several]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == ["2 files; this is the first of them", "a.root (root)"]
    assert lines[-1].endswith("a.root: can be used as jetclass")


def test_what_is_left_out_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    samples.jetclass(samples.jets(4), tmp_path / "a.root")
    (tmp_path / "[b].root.gz").touch()
    assert main(["inspect", str(tmp_path)]) == 0
    captured = capsys.readouterr()
    assert captured.err.startswith(f"warning {tmp_path}: 1 file left out (hidden, or not ending in ")
    assert captured.err.endswith(": [b].root.gz; name it to take it\n")


def test_the_classes_of_a_configuration(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = samples.pfnano_v1(samples.jets(12), tmp_path / "a_QCD.root")
    config = tmp_path / "images.yaml"
    config.write_text(
        "puppi: ignore\n"
        "classes: [{name: b, label: FatJet_nBHadrons == 2}, {name: q, label: 1, files: '*QCD*'}]\n"
        "grid: {pixels: 8, half_width: 0.8}\nsteps: [{step: centre}]\n"
        "split: {train: 0.5, validation: 0.2, test: 0.3}\n".replace("label: 1,", "label: '1',")
    )
    assert main(["inspect", str(file), "--config", str(config)]) == 0
    captured = capsys.readouterr()
    assert "several  4  (more than one of them)" in captured.out
    assert "q        8  (1, files *QCD*)" in captured.out
    assert "a pile-up weight may be missing" in captured.err


@pytest.mark.parametrize(
    ("names", "reason"),
    [
        (("luminosityBlock", "event", "Jet_pt"), "event tree without constituents"),
        (("jet_pt", "jet_eta"), "nearest is l1_jets, for which 'Events' lacks jet_puppicand_pt"),
    ],
)
def test_what_is_missing_is_said_with_exit_code_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], names: tuple[str, ...], reason: str
) -> None:
    file = samples.write(tmp_path / "t.root", "Events", {name: np.zeros(3, np.float32) for name in names})
    assert main(["inspect", str(file)]) == 1
    captured = capsys.readouterr()
    assert "3 entries" in captured.out
    assert reason in captured.err
    assert captured.err.startswith(f"error {file}: ")
    assert "Traceback" not in captured.err


def test_a_file_without_jets_cannot_be_used(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = samples.l1_jets(samples.jets(0 + 2), tmp_path / "t.root")
    assert main(["inspect", str(file)]) == 0
    branches = {"jet_puppicand_pt": np.zeros(0), "jet_eta_phys": np.zeros(0), "jet_pt_phys": np.zeros(0)}
    samples.write(tmp_path / "t.root", "outnano/Jets", branches)
    assert main(["inspect", str(file)]) == 1
    assert "lacks the branch" in capsys.readouterr().err


def test_it_loads_nothing_that_a_look_does_not_need(tmp_path: Path) -> None:
    file = samples.pfnano_v2(samples.jets(4), tmp_path / "t.root")
    program = (
        "import sys; from pipeline.app import main; code = main(['inspect', sys.argv[1]]); "
        "others = ('tensorflow', 'keras', 'sklearn', 'matplotlib', 'fastjet', 'vector', 'hls_projects', 'models'); "
        "print('loaded besides:', *(name for name in others if name in sys.modules)); sys.exit(code)"
    )
    command = [sys.executable, "-c", program, str(file)]
    process = subprocess.run(command, cwd=Path(__file__).parents[3], capture_output=True, text=True, check=False)
    assert (process.returncode, process.stderr) == (0, "")
    assert process.stdout.splitlines()[-1] == "loaded besides:"
