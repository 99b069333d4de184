"""The stage `images` as a user runs it: good input, and each bad input as one line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from data_prep.dataset import open_dataset
from data_prep.images import ImagesSettings
from data_prep.mock import mock_jets, write_mock_file
from data_prep.summary import Summary
from pipeline.app import main
from pipeline.artefact import manifest_path
from pipeline.configuration import load

CONFIGURATION = Path(__file__).parents[3] / "configs" / "demo" / "images.yaml"


@pytest.fixture(scope="module")
def jets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with 100 mock jets of each class of the demo."""
    folder = tmp_path_factory.mktemp("10_root")
    for name in ("q", "g", "w", "z", "t"):
        write_mock_file(folder / f"{name}_00000.root", mock_jets(name, 100, seed=4))
    return folder


def images(config: Path, out: Path, *inputs: Path) -> int:
    return main(["images", "--config", str(config), *map(str, inputs), "--out", str(out)])


def test_the_demo(jets: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "20_images"
    assert images(CONFIGURATION, out, jets) == 0
    assert "images of 16 × 16 pixels from 500 jets" in capsys.readouterr().out
    dataset = open_dataset(out)
    assert dataset.classes == ("q", "g", "w", "z", "t")
    assert dataset.shape == (16, 16, 1)
    account = json.loads((out / "cutflow.json").read_text())
    assert account["read"] == 500 == account["kept"] + account["dropped"]
    assert Summary.load(out / "summary.npz").mean_image.shape == (5, 16, 16, 1)
    assert {file.name for file in (out / "plots").iterdir()} == {"mean_image.svg", "occupancy.svg", "mass.svg"}
    assert manifest_path(out).exists()

    # the same bytes whatever the order of the inputs
    again = tmp_path / "again"
    assert images(CONFIGURATION, again, *sorted(jets.iterdir(), reverse=True)) == 0
    one, two = ({f.relative_to(d): f.read_bytes() for f in d.rglob("*.*")} for d in (out, again))
    assert len(one) == 8
    assert one == two


@pytest.mark.parametrize(
    ("run", "classes"), [("demo", "q g w z t"), ("jetclass5", "q g w z t"), ("top_tagging", "qcd t")]
)
def test_the_delivered_configurations_are_valid(run: str, classes: str) -> None:
    settings = load(CONFIGURATION.parents[1] / run / "images.yaml", ImagesSettings)
    assert settings.description.classes == tuple(classes.split())


def missing_file(jets: Path, config: Path) -> Path:
    return jets / "none.root"


def empty_file(jets: Path, config: Path) -> Path:
    (jets / "q_00000.root").write_bytes(b"")
    return jets


def truncated_file(jets: Path, config: Path) -> Path:
    content = (jets / "w_00000.root").read_bytes()
    (jets / "w_00000.root").write_bytes(content[: len(content) // 2])
    return jets


def missing_branch(jets: Path, config: Path) -> Path:
    branches = {name: values for name, values in mock_jets("z", 10, 1).items() if name != "part_energy"}
    write_mock_file(jets / "z_00000.root", branches)
    return jets


def class_without_jets(jets: Path, config: Path) -> Path:
    (jets / "t_00000.root").unlink()
    return jets


def folder_without_files(jets: Path, config: Path) -> Path:
    (jets / "empty").mkdir()
    return jets / "empty"


def unknown_key(jets: Path, config: Path) -> Path:
    config.write_text(config.read_text() + "colour: red\n")
    return jets


def value_out_of_range(jets: Path, config: Path) -> Path:
    config.write_text(config.read_text().replace("pixels: 16", "pixels: 1"))
    return jets


def unknown_layout(jets: Path, config: Path) -> Path:
    config.write_text(config.read_text() + "\nlayout: jetclas\n")
    return jets


def half_a_layout(jets: Path, config: Path) -> Path:
    config.write_text(config.read_text() + "\nlayout: {tree: t}\n")
    return jets


def senseless_order(jets: Path, config: Path) -> Path:
    config.write_text(config.read_text().replace("- step: flip", "- step: centre"))
    return jets


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (missing_file, "none.root: no such file"),
        (empty_file, "q_00000.root: is empty"),
        (truncated_file, "w_00000.root: "),
        (missing_branch, "nearest is jetclass, for which 'tree' lacks part_energy"),
        (class_without_jets, "no jet of the class 't' in 400: its label fits none (label_Tbqq)"),
        (folder_without_files, "empty: holds no .root or .h5 or .hdf5 file"),
        (unknown_key, "images.yaml: unknown key 'colour'"),
        (value_out_of_range, "images.yaml: 'grid.pixels'"),
        (unknown_layout, "images.yaml: 'layout.name': input should be 'auto', 'jetclass'"),
        (half_a_layout, "images.yaml: the key 'layout.own.constituents' is missing"),
        (senseless_order, "images.yaml: 'steps': the step 'centre' is given twice"),
    ],
)
def test_bad_input_is_one_line(
    jets: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    spoil: Callable[[Path, Path], Path],
    message: str,
) -> None:
    folder, config, out = tmp_path / "10_root", tmp_path / "images.yaml", tmp_path / "20_images"
    folder.mkdir()
    for file in jets.iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    config.write_text(CONFIGURATION.read_text())
    assert images(config, out, spoil(folder, config)) == 1
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1
    assert message in lines[0]
    assert not out.exists()
    assert not list(tmp_path.glob(".20_images*"))
