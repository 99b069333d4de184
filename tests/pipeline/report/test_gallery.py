"""Single jets: which are shown, and that what stands beside each other is one jet."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.mock import mock_jets, write_mock_file
from data_prep.store.jet_images import open_dataset
from pipeline.app import main
from pipeline.report.run_folder import NotMadeError, RunFolder
from pipeline.report.sections import gallery
from pipeline.report.single_jets import constituents, read_rows, select_rows
from tests.sealed import made_again

CLASSES = ("q", "g", "w", "z", "t")
CONFIGURATION = Path(__file__).parents[3] / "configs" / "demo" / "images.yaml"


@pytest.fixture(scope="module")
def run_with_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with images of 60 mock jets a class."""
    run = tmp_path_factory.mktemp("read")
    (run / "files").mkdir()
    for number, name in enumerate(CLASSES):
        write_mock_file(run / "files" / f"{name}.root", mock_jets(name, 60, seed=number))
    assert main(["images", "--config", str(CONFIGURATION), str(run / "files"), "--out", str(run / "20_images")]) == 0
    return run


def test_nothing_but_the_order_of_the_test_set_chooses() -> None:
    label = np.array([1, 0, 0, 0, 1, 0, 0], np.uint8)
    predicted = np.array([0, 1, 1, 0, 1, 1, 1])
    # of class 0 the rows 1 and 2 come first, behind them row 5 is the first wrong one; of class 1 there are two
    assert select_rows(label, predicted, 3) == [[1, 2, 5], [0, 4], []]


def test_the_constituents_are_those_of_the_jet_in_the_file(run_with_files: Path) -> None:
    dataset = open_dataset(run_with_files / "20_images")
    rows = [0, 5, dataset.splits["test"].rows - 1]
    jets = read_rows(dataset, rows)
    np.testing.assert_array_equal(jets.label, dataset.splits["test"].whole.label[rows])
    constituents_of_jets = constituents(RunFolder(run_with_files), jets)
    assert jets.places is not None
    for row, points in enumerate(constituents_of_jets):
        assert points is not None
        name = CLASSES[jets.label[row]]
        branches = mock_jets(name, 60, seed=CLASSES.index(name))
        entry = jets.places.entry[row]
        px, py = (np.asarray(branches[f"part_p{axis}"][entry]) for axis in "xy")
        np.testing.assert_allclose(points.pt, np.hypot(px, py), rtol=1e-6)  # float32
        # all pixels together hold no more than all constituents, and most of it
        share = jets.slice(row, row + 1).dense().sum() / points.pt.sum()
        assert 0.9 < share < 1.001
        assert np.abs(np.average(points.eta, weights=points.pt)) < 0.2
        assert np.abs(np.average(points.phi, weights=points.pt)) < 0.2


def test_a_file_that_holds_other_jets_now_gives_none(run_with_files: Path) -> None:
    jets = read_rows(open_dataset(run_with_files / "20_images"), [0])
    file = run_with_files / "files" / f"{CLASSES[jets.label[0]]}.root"
    write_mock_file(file, mock_jets(CLASSES[jets.label[0]], 60, seed=99))
    assert constituents(RunFolder(run_with_files), jets) == [None]
    file.unlink()
    assert constituents(RunFolder(run_with_files), jets) == [None]


def test_scores_are_the_integers_of_the_firmware(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: dict[int, Any] = {}
    monkeypatch.setattr(gallery, "svg_text", lambda figure: '<svg xmlns="x" viewBox="0 0 9 9"/>')
    monkeypatch.setattr(gallery, "single_jets", lambda jets, true, classes, grid: drawn.update({true: jets}))
    values = gallery.values(RunFolder(run))
    with np.load(run / "60_csim.npz") as arrays:
        raw, label = arrays["raw_0"], arrays["label"]
    assert values["integers"]
    assert sorted(drawn) == [0, 1, 2]
    for true, jets in drawn.items():
        assert [jet.row for jet in jets][:2] == [true, true + 3]
        for jet in jets:
            assert label[jet.row] == true
            np.testing.assert_array_equal(jet.scores, raw[jet.row])
            assert jet.image.ravel()[jet.row % 36] == 1
            # ap_ufixed<8,0> ends below 1: 255 / 256
            np.testing.assert_array_equal(jet.port, 255 * jet.image.astype(int))
    # whatever was read is gone
    assert values["bare"] == values["jets"]


def test_other_test_jets_are_not_shown(run: Path) -> None:
    with np.load(run / "30_model" / "scores.npz") as arrays:
        changed = dict(arrays)
    changed["label"] = changed["label"][::-1]
    np.savez(run / "30_model" / "scores.npz", **changed)
    made_again(run / "30_model")
    with pytest.raises(NotMadeError, match="other test jets"):
        gallery.values(RunFolder(run))
