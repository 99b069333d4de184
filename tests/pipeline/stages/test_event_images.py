"""The stages `images` and `inspect` on whole events, as a user runs them: good input, and each bad one as one line."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import awkward as ak
import numpy as np
import pytest
import yaml

from benchmarks.mock import mock_jets, write_mock_file
from data_prep.events.summary import EventSummary
from data_prep.store.event_images import open_event_dataset
from pipeline.app import main
from pipeline.artefacts.manifest import manifest_path
from tests.data_prep.event_files import event_columns, write_event_file
from tests.data_prep.events.test_truth_cover import events

CONFIGURATION = Path(__file__).parents[3] / "configs" / "segmentation" / "images.yaml"


def images(config: Path, out: Path, *inputs: Path | str) -> int:
    return main(["images", "--config", str(config), *map(str, inputs), "--out", str(out)])


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return write_event_file(tmp_path / "events.root", event_columns(30))


def test_events_as_configured(file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "20_images"
    assert images(CONFIGURATION, out, file) == 0
    assert "30 images of 56 × 72 towers from 30 events" in capsys.readouterr().out
    dataset = open_event_dataset(out)
    assert dataset.shape == (56, 72, 3)
    assert dataset.split("test").whole.image_shape == (56, 80, 3)
    account = json.loads((out / "cutflow.json").read_text())
    assert account["read"] == 30 == account["kept"]
    assert EventSummary.load(out / "summary.npz").events == 30
    plots = {path.name for path in (out / "plots").iterdir()}
    assert plots == {"mean_image.svg", "jets.svg", "event_0.svg", "event_1.svg", "event_2.svg"}
    assert manifest_path(out).exists()


def test_jets_that_share_their_towers(tmp_path: Path) -> None:
    """Of two jets on the same towers, each tower belongs to one; both are listed with their boxes."""
    columns = event_columns(30)
    columns["jet_eta"] = columns["jet_eta"] * 0
    columns["jet_phi"] = columns["jet_phi"] * 0
    columns["deposit_eta"] = columns["deposit_eta"] * 0.01
    columns["deposit_phi"] = columns["deposit_phi"] * 0.01
    assert images(CONFIGURATION, tmp_path / "images", write_event_file(tmp_path / "e.root", columns)) == 0
    batch = open_event_dataset(tmp_path / "images").split("train").whole
    counts = np.diff(batch.jet_offsets)
    assert set(counts.tolist()) == {0, 1, 2}
    most = batch.dense_instance().reshape(len(batch), -1).max(axis=1)
    assert (most <= counts).all()
    assert (batch.jet_box[:, 1] > batch.jet_box[:, 0]).all()


def test_what_is_lost_is_warned_of(file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    damaged = write_event_file(tmp_path / "other.root", event_columns(3), tree="something")
    assert images(CONFIGURATION, tmp_path / "images", file, damaged) == 1
    assert "holds no TTree 'events' of whole events, it has 'something'" in capsys.readouterr().err
    arguments = ["images", f"--config={CONFIGURATION}", str(file), str(damaged), f"--out={tmp_path}/images"]
    assert main([*arguments, "--allow-lost=0.6"]) == 0
    assert "other.root" in capsys.readouterr().err


def _changed(tmp_path: Path, **changes: Any) -> Path:
    content = yaml.safe_load(CONFIGURATION.read_text())
    content["grid"] |= changes.pop("grid", {})
    (tmp_path / "images.yaml").write_text(yaml.safe_dump(content | changes))
    return tmp_path / "images.yaml"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"grid": {"rows": 1}}, "grid.rows"),
        ({"grid": {"wrap": 73}}, "cannot repeat more columns than there are"),
        ({"grid": {"rows": 256, "columns": 256}}, "too many for a 16-bit index"),
        ({"kind": "event"}, "kind"),
        ({"pixels": 3}, "unknown key 'pixels'"),
        ({"split": {"train": 0.7, "validation": 0.1, "test": 0.3}}, "split"),
    ],
)
def test_a_wrong_configuration(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], changes: dict[str, Any], message: str
) -> None:
    assert images(_changed(tmp_path, **changes), tmp_path / "images", file) == 1
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert not (tmp_path / "images").exists()


def test_a_truth_that_does_not_cover_the_image_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As files are that were made when truth ended where jets are listed; `inspect` says the same."""
    file = write_event_file(tmp_path / "e.root", events(eta_max=1.7))
    for arguments in (
        ["images", f"--config={CONFIGURATION}", str(file), f"--out={tmp_path / 'images'}"],
        ["inspect", f"--config={CONFIGURATION}", str(file)],
    ):
        assert main(arguments) == 1
        error = capsys.readouterr().err
        assert "its truth jets end at |η| 1.70 and the image at 2.44" in error
        assert error.count("\n") == 1
    assert not (tmp_path / "images").exists()
    assert main(["inspect", str(file)]) == 0
    assert re.search(r"truth jets +2\.2 an event, pT from 20\.\d GeV, \|η\| up to 1\.70", capsys.readouterr().out)


def test_files_of_jets_are_no_events(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    jets = tmp_path / "t.root"
    write_mock_file(jets, mock_jets("t", 20, seed=4))
    assert images(CONFIGURATION, tmp_path / "images", jets) == 1
    assert "give files of `generate` with `kind: events`" in capsys.readouterr().err


@pytest.mark.parametrize("options", [[], [f"--config={CONFIGURATION}"]])
def test_inspect_says_what_events_hold(file: Path, capsys: pytest.CaptureFixture[str], options: list[str]) -> None:
    assert main(["inspect", str(file), *options]) == 0
    out = capsys.readouterr().out
    columns = event_columns(30)
    assert "whole events; of the first 30 of 30" in out
    assert f"{len(ak.flatten(columns['deposit_eta'])) / 30:.1f} an event" in out
    assert f"{columns['pileup'].mean():.1f} interactions besides the hard one" in out
    tops = int((np.asarray(ak.flatten(columns["jet_kind"])) == 6).sum())
    assert re.search(rf"jets of top +{tops}\n", out)
    assert "can be used with `kind: events`" in out


def test_inspect_of_a_file_without_events(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    columns = {name: values[:0] for name, values in event_columns(3).items()}
    assert main(["inspect", str(write_event_file(tmp_path / "none.root", columns))]) == 1
    assert "contains no events" in capsys.readouterr().err
