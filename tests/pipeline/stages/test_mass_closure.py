"""The stage `mass-closure` on simulated W and top jets, and its bad input."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from benchmarks.mock import mock_jets, write_mock_file
from pipeline.app import main
from pipeline.artefacts.manifest import manifest_path

CONFIGURATION = Path(__file__).parents[3] / "configs" / "demo" / "images.yaml"


def run(config: Path, out: Path, *inputs: Path) -> int:
    return main(["mass-closure", "--config", str(config), *map(str, inputs), "--out", str(out)])


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The artefact of 250 W and 250 top jets, without the underlying event, which costs five times the rest."""
    folder = tmp_path_factory.mktemp("run")
    config = folder / "generate.yaml"
    generate = {
        "classes": ["w", "t"],
        "jets_per_class": 250,
        "incomplete": True,
        "multiparton_interactions": False,
        "seed": 11,
    }
    config.write_text(yaml.safe_dump(generate))
    assert main(["generate", "--config", str(config), "--out", str(folder / "10_root")]) == 0
    assert run(CONFIGURATION, folder / "25_mass_closure", folder / "10_root") == 0
    return folder / "25_mass_closure"


@pytest.fixture(scope="module")
def closure(simulated: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((simulated / "mass_closure.json").read_text(encoding="utf-8"))
    return content


def test_the_artefact_is_whole(simulated: Path, closure: dict[str, Any]) -> None:
    assert manifest_path(simulated).exists()
    files = {path.relative_to(simulated).as_posix() for path in simulated.rglob("*.*")}
    plots = {f"plots/{name}.svg" for name in ("variants", "configured", "keeping_energy", "formulas")}
    assert files == {"mass_closure.json", "mass_closure.md", *plots}
    assert closure["jets"] == {"q": 0, "g": 0, "w": 250, "z": 0, "t": 250}
    table = (simulated / "mass_closure.md").read_text(encoding="utf-8").splitlines()
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in table if line.startswith("| centre")]
    assert [row[0] for row in rows] == [variant["name"] for variant in closure["variants"][:-1]]
    assert all(
        row[1:] == ["0, 0", "0, 0"]
        for row, variant in zip(rows, closure["variants"][:-1], strict=True)
        if variant["exact"]
    )


def test_exact_steps_are_exact(closure: dict[str, Any]) -> None:
    exact = [variant for variant in closure["variants"] if variant["exact"]]
    assert len(exact) >= 8
    for variant in exact:
        for name in ("w", "t"):
            assert variant["by_class"][name]["largest_relative"] < 1e-5, variant["name"]


# Mean and RMS (GeV), measured on 15,000 W and 15,000 top jets with the underlying event.
BUDGETS = {
    "centre, keeping E": {"w": (44, 56), "t": (68, 88)},
    "centre, roll in the η-φ plane": {"w": (0.5, 1.0), "t": (1.9, 2.0)},
    "centre; ±0.8, pixels of 0.1": {"w": (4.0, 6.6), "t": (1.9, 5.3)},
    "centre; ±0.8, pixels of 0.05": {"w": (0.9, 2.9), "t": (0.4, 2.3)},
    "centre; ±0.8, pixels of 0.025": {"w": (0.2, 1.4), "t": (0.1, 1.2)},
}


@pytest.mark.parametrize("name", BUDGETS)
def test_the_other_steps_cost_what_was_measured(closure: dict[str, Any], name: str) -> None:
    variant = next(variant for variant in closure["variants"] if variant["name"] == name)
    for label, (mean, rms) in BUDGETS[name].items():
        shift = variant["by_class"][label]
        # 3 standard deviations of the mean; the RMS, whose tails are long, and the missing underlying event: 30 %
        assert shift["mean"] == pytest.approx(mean, abs=3 * shift["mean_error"] + 0.1 * abs(mean) + 0.1), label
        assert shift["rms"] == pytest.approx(rms, rel=0.3), label


def test_l1_keeps_the_mass_over_pt_and_l2_neither(closure: dict[str, Any]) -> None:
    for name in ("w", "t"):
        correlations = {norm: values[name] for norm, values in closure["norms"].items()}
        assert correlations["none"]["with_mass"] > 0.97
        assert correlations["l1"]["with_mass_over_pt"] > 0.97
        assert max(correlations["l2"].values()) < 0.92


def test_the_lecture_notes_formula_falls_with_eta(closure: dict[str, Any]) -> None:
    ratio = closure["lecture_notes_over_mass"]
    # between its values at the borders of each bin, 1 / (√2 cosh² η), with 0.05 for constituents off the axis
    edges = [edge for edge in closure["abs_eta_edges"] if edge is not None]
    low, high = (1 / (np.sqrt(2) * np.cosh(np.array(border)) ** 2) for border in (edges[1:5], edges[:4]))
    medians = np.array(ratio["by_abs_eta"][:4])
    assert (medians > low).all()
    assert (medians < high + 0.05).all()
    assert ratio["by_abs_eta"][4:] == [None, None]
    assert ratio["all"] < 0.6


def test_the_same_jets_give_the_same_bytes_whatever_the_chunks(tmp_path: Path) -> None:
    for name in ("w", "t"):
        write_mock_file(tmp_path / f"{name}.root", mock_jets(name, 40, seed=4))
    files = tmp_path / "w.root", tmp_path / "t.root"
    small = tmp_path / "images.yaml"
    small.write_text(CONFIGURATION.read_text() + "\nchunk_jets: 7\n")
    assert run(CONFIGURATION, tmp_path / "one", *files) == 0
    assert run(small, tmp_path / "two", *files) == 0
    first, second = ((tmp_path / name / "mass_closure.md").read_bytes() for name in ("one", "two"))
    assert first == second


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (
            lambda text: text.replace("pt_min: 500", "pt_min: 900").replace("pt_max: 1000", "pt_max: 901"),
            "no jet passes",
        ),
        (lambda text: text.replace("step: roll", "step: rol"), "images.yaml: "),
        (lambda text: text + "\nlayout: delphes\n", "w.root: "),
    ],
    ids=["no jet", "unknown step", "other layout"],
)
def test_bad_input_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str], change: Any, reason: str) -> None:
    write_mock_file(tmp_path / "w.root", mock_jets("w", 5, seed=4, pt=(600, 700)))
    config = tmp_path / "images.yaml"
    config.write_text(change(CONFIGURATION.read_text()))
    assert run(config, tmp_path / "out", tmp_path / "w.root") == 1
    message = capsys.readouterr().err
    assert message.splitlines()[-1].startswith("error ")
    assert reason in message.splitlines()[-1]
    assert "Traceback" not in message
    assert not list(tmp_path.glob("*out*"))
