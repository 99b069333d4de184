"""The stage `emulate`: the integers of the reference for all jets, named as the network was trained, no TensorFlow."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
import uproot
import yaml

from benchmarks.mock import Branches, mock_jets, write_mock_file
from data_prep.store.jet_images import open_dataset
from hls_projects.network import integer_model
from hls_projects.network.network import Network
from models.architectures.registry import HARDWARE
from models.files.meaning import MEANING
from pipeline.app import main
from pipeline.artefacts.manifest import manifest_path
from tests.data_prep.readers import samples
from tests.pipeline.stages.emulate.setting import (
    CLASSES,
    CONFIGURATION,
    JETS,
    ROOT,
    config,
    demo,
    emulate,
    error_output,
    meaning,
)


def test_a_dataset(run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    out = tmp_path / "scores.parquet"
    assert emulate(run / "40_lowered", run / "20_images", "--split", "test", "--out", out) == 0
    network = Network.load(run / "40_lowered")
    jets = open_dataset(run / "20_images").split("test").whole
    expected = integer_model.outputs(network, [network.graph.inputs[0].type.quantize(jets.dense())])[0]
    table = pq.read_table(out)
    np.testing.assert_array_equal(np.array(table["raw_0"].to_pylist()), expected)
    assert table["label"].to_pylist() == [CLASSES[label] for label in jets.label]
    for name in ("weight", "event"):
        np.testing.assert_array_equal(table[name].to_numpy(), getattr(jets, name))
    np.testing.assert_array_equal(table["jet_sdmass"].to_numpy(), jets.features["jet_sdmass"])
    assert jets.places is not None
    assert table["file"].to_pylist() == [sorted(f"{name}_00000.root" for name in CLASSES)[i] for i in jets.places.file]
    np.testing.assert_array_equal(table["entry"].to_numpy(), jets.places.entry)
    assert set(table["fate"].to_pylist()) == {"kept"}
    logits = np.stack([table[f"logit_{name}"].to_numpy() for name in CLASSES], axis=1)
    np.testing.assert_array_equal(logits, network.graph.outputs[0].type.to_float(expected))
    scores = np.stack([table[f"score_{name}"].to_numpy() for name in CLASSES], axis=1)
    # float32 against float64
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    np.testing.assert_allclose(scores, exponentials / exponentials.sum(axis=1, keepdims=True), rtol=1e-5, atol=1e-7)
    about = json.loads(table.schema.metadata[b"jet_scores"])
    assert about["fingerprint"] == network.fingerprint
    assert about["classes"] == list(CLASSES)
    assert about["meaning"]["stated_by"] == "training"
    assert about["outputs"][0]["type"] == network.graph.outputs[0].type.name
    assert manifest_path(out).exists()


WIDTH = {"bits": 5, "integer": 1}
REGRESSION: dict[str, Any] = {
    "task": "regression",
    "input": {"bits": 10, "integer": 10},
    "blocks": [
        {"filters": 2, "pooling": 4, "depthwise": WIDTH, "pointwise": WIDTH, "bias": WIDTH, "activation": WIDTH}
    ],
    "output": {"weights": WIDTH, "bias": WIDTH},
}
SHOWN = {"tolerance": 9, "edges": [1, 2]}
TARGETS = [
    {"name": "pt", "unit": 128, "residual": True, "output": {"bits": 12, "integer": 3}} | SHOWN,
    {"name": "mass", "unit": 37.5, "output": {"bits": 9, "integer": 4}} | SHOWN,
]


@pytest.mark.parametrize("beside_tagger", [False, True])
def test_a_regression_is_written_in_gev_as_its_training_measures_it(
    run: Path, tmp_path: Path, beside_tagger: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    phase = {"epochs": 1, "learning_rate": 0.01}
    train_settings = {
        "seed": 1,
        "batch": 64,
        "float_training": phase,
        "quantized_training": phase,
        "trees": {"iterations": 2},
    }
    network = REGRESSION | {"regression": {"targets": TARGETS, "beside_tagger": beside_tagger}}
    for name, content in (("model", network), ("train", train_settings)):
        (tmp_path / f"{name}.yaml").write_text(yaml.safe_dump(content))
    files = [f"--model-config={tmp_path}/model.yaml", f"--config={tmp_path}/train.yaml", f"{run}/20_images"]
    assert main(["train", *files, f"--out={tmp_path}/30_model"]) == 0
    assert main(["lower", f"--model={tmp_path}/30_model/model.h5", f"--out={tmp_path}/40_lowered"]) == 0
    capsys.readouterr()
    out = tmp_path / "found.parquet"
    assert emulate(tmp_path / "40_lowered", run / "20_images", "--split", "test", "--out", out) == 0
    assert ("there are no scores: it estimates pt, mass of a jet (GeV)" in error_output(capsys)) == (not beside_tagger)
    table = pq.read_table(out)
    with np.load(tmp_path / "30_model" / "values.npz") as measurements:
        np.testing.assert_array_equal(table["jet_pt"].to_numpy(), measurements["truth"][:, 0])
        for index, name in enumerate(("pt", "mass")):
            assert table[name].to_numpy().max() > 0
            np.testing.assert_array_equal(table[name].to_numpy(), measurements[HARDWARE][:, index])
    # of files: null without an image
    out = tmp_path / "found.root"
    arguments = ("--images-config", CONFIGURATION, "--out", out)
    assert emulate(tmp_path / "40_lowered", run / "10_root", *arguments) == 0
    with uproot.open(out) as file:
        tree = file["scores"].arrays(["pt", "fate"], library="np")
    np.testing.assert_array_equal(np.isnan(tree["pt"]), tree["fate"] != "kept")


def test_root_files_give_what_their_dataset_gives(run: Path, tmp_path: Path) -> None:
    """Joined by file and entry; the jets that `images` drops are rows too, with the reason and without scores."""
    direct, indirect = tmp_path / "direct.parquet", tmp_path / "indirect.parquet"
    arguments = ("--images-config", CONFIGURATION, "--out", direct)
    assert emulate(run / "40_lowered", run / "10_root", *arguments) == 0
    assert emulate(run / "40_lowered", run / "20_images", "--out", indirect) == 0
    from_files, from_dataset = pq.read_table(direct).to_pylist(), pq.read_table(indirect).to_pylist()
    assert len(from_files) == len(CLASSES) * JETS
    cutflow = json.loads((run / "20_images" / "cutflow.json").read_text())
    fates = Counter(row["fate"] for row in from_files)
    assert fates.pop("kept") == cutflow["kept"] == len(from_dataset)
    assert fates == {reason: count for reason, count in cutflow["dropped_by_reason"].items() if count}
    by_place = {(row["file"], row["entry"], row["jet"]): row for row in from_files}
    assert len(by_place) == len(from_files)
    for row in from_dataset:
        assert row == by_place[row["file"], row["entry"], row["jet"]]
    for row in from_files:
        mock = mock_jets(Path(row["file"]).name[0], JETS, seed=4)
        assert row["jet_pt"] == mock["jet_pt"][row["entry"]]
        nothing = [row["raw_0"], row["logit_t"], row["score_t"]]
        assert (nothing == [None, None, None]) == (row["fate"] != "kept")


@pytest.mark.parametrize("order", [CLASSES, CLASSES[::-1], ("t", "q", "z", "w", "g")])
def test_columns_are_named_after_the_network_whatever_the_order_of_the_file(
    run: Path, tmp_path: Path, order: tuple[str, ...]
) -> None:
    """A column of a top is that of a top: the hand-made tagger gives them 0.85 on average and quarks 0."""
    by_name = {class_settings["name"]: class_settings for class_settings in demo()["classes"]}
    pictures = config(tmp_path, classes=[by_name[name] for name in order])
    out = tmp_path / "scores.parquet"
    assert emulate(run / "40_lowered", run / "10_root", "--images-config", pictures, "--out", out) == 0
    table = pq.read_table(out)
    assert [name for name in table.column_names if name.startswith("score_")] == [f"score_{name}" for name in CLASSES]
    rows = [row for row in table.to_pylist() if row["fate"] == "kept"]
    for row in rows:
        assert row["label"] == Path(row["file"]).name[0]
    mean = {name: np.mean([row["score_t"] for row in rows if row["label"] == name]) for name in CLASSES}
    assert mean["t"] > 0.8
    assert mean["q"] < 0.01
    assert np.mean([row["score_q"] for row in rows if row["label"] == "q"]) > 0.99
    # the same for a dataset that was made with that order
    dataset = tmp_path / "20_images"
    assert main(["images", "--config", str(pictures), f"{run}/10_root", "--out", str(dataset)]) == 0
    assert open_dataset(dataset).classes == order
    assert emulate(run / "40_lowered", dataset, "--out", tmp_path / "again.parquet") == 0
    of_dataset = {row["event"]: row for row in pq.read_table(tmp_path / "again.parquet").to_pylist()}
    assert {row["event"]: (row["label"], row["score_t"]) for row in rows} == {
        event: (row["label"], row["score_t"]) for event, row in of_dataset.items()
    }


def test_classes_that_the_network_does_not_know_keep_their_names(run: Path, tmp_path: Path) -> None:
    """Jets of another kind in the tagger: their label is their own."""
    wide = [{"name": "other", "label": "label_QCD"}, {"name": "t", "label": "label_Tbqq"}]
    out = tmp_path / "scores.parquet"
    pictures = config(tmp_path, classes=wide)
    assert emulate(run / "40_lowered", run / "10_root", "--images-config", pictures, "--out", out) == 0
    rows = pq.read_table(out).to_pylist()
    assert Counter(row["label"] for row in rows) == {"other": 2 * JETS, "t": JETS, None: 2 * JETS}
    assert {row["fate"] for row in rows if row["label"] is None} <= {
        "belongs to no class",
        "jet pT outside the selection",
    }
    assert "score_w" in rows[0]
    again = tmp_path / "again.parquet"
    arguments = ["--images-config", pictures, "--no-labels", "--out", again]
    assert emulate(run / "40_lowered", run / "10_root", *arguments) == 0
    rows = pq.read_table(again).to_pylist()
    assert all(row["label"] is None for row in rows)
    assert Counter(row["fate"] for row in rows).keys() <= {"kept", "jet pT outside the selection"}


@pytest.mark.parametrize(
    "change",
    [
        {"selection": {"pt_min": 20}},
        {"split": {"train": 0.2, "validation": 0.2, "test": 0.6}},
        {"chunk_jets": 17},
        {"layout": "jetclass"},
    ],
)
def test_what_changes_no_pixel_may_differ(run: Path, tmp_path: Path, change: dict[str, Any]) -> None:
    out, expected = tmp_path / "scores.parquet", tmp_path / "expected.parquet"
    assert emulate(run / "40_lowered", run / "10_root", "--images-config", CONFIGURATION, "--out", expected) == 0
    pictures = config(tmp_path, **change)
    assert emulate(run / "40_lowered", run / "10_root", "--images-config", pictures, "--out", out) == 0
    rows = pq.read_table(out).to_pylist()
    for row, expected_row in zip(rows, pq.read_table(expected).to_pylist(), strict=True):
        if expected_row["fate"] == "kept":
            assert row == expected_row


def test_data_without_labels_and_weights(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As real data are: the same scores, no labels, and it says so."""
    jets: Branches = {
        name: values
        for name, values in mock_jets("t", JETS, seed=4).items()
        if not name.startswith(("label_", "aux_genpart"))
    }
    write_mock_file(tmp_path / "data.root", jets)
    out, labelled = tmp_path / "scores.parquet", tmp_path / "labelled.parquet"
    for change, missing in (({}, "labels"), ({"weight": "genWeight"}, "labels and weights")):
        arguments = ["--images-config", config(tmp_path, **change), "--out", out]
        assert emulate(run / "40_lowered", tmp_path / "data.root", *arguments) == 0
        heard = error_output(capsys)
        assert f"{missing} are not read" in heard
        assert "lacks the branch" in heard
        table = pq.read_table(out)
        assert table["label"].null_count == table.num_rows == JETS
        assert table["weight"].null_count == (JETS if change else 0)
    file = run / "10_root" / "t_00000.root"
    assert emulate(run / "40_lowered", file, "--images-config", CONFIGURATION, "--out", labelled) == 0
    assert table["score_t"].to_pylist() == pq.read_table(labelled)["score_t"].to_pylist()
    assert table["score_t"].null_count < JETS / 2


def test_jets_of_events_are_told_by_their_index(run: Path, tmp_path: Path) -> None:
    """PFNano: an entry is an event; entry and index find the jet's pT in the file."""
    samples.WRITERS["pfnano_v2"][0](samples.jets(), tmp_path / "nano.root")
    classes = [{"name": name, "label": f"FatJet_nBHadrons == {i}"} for i, name in enumerate(CLASSES)]
    pictures = config(tmp_path, classes=classes, selection={}, chunk_jets=7)
    out = tmp_path / "scores.parquet"
    arguments = ["--images-config", pictures, "--no-labels", "--out", out]
    assert emulate(run / "40_lowered", tmp_path / "nano.root", *arguments) == 0
    pt = uproot.open(tmp_path / "nano.root")["Events"]["FatJet_pt"].array()
    rows = pq.read_table(out).to_pylist()
    assert len(rows) == sum(map(len, pt))
    assert [(row["entry"], row["jet"]) for row in rows] == [
        (entry, jet) for entry, jets in enumerate(pt) for jet in range(len(jets))
    ]
    for row in rows:
        assert row["jet_pt"] == pt[row["entry"]][row["jet"]]
    assert {row["jet"] for row in rows} >= {0, 1}


def test_root_is_root(run: Path, tmp_path: Path) -> None:
    arguments = ["--images-config", CONFIGURATION, "--out"]
    for name in ("scores.root", "scores.parquet"):
        assert emulate(run / "40_lowered", run / "10_root", *arguments, tmp_path / name) == 0
    table = pq.read_table(tmp_path / "scores.parquet")
    with uproot.open(tmp_path / "scores.root") as file:
        tree = file["scores"]
        assert tree.keys() == table.column_names
        columns = tree.arrays(library="np")
        assert json.loads(str(file["jet_scores"])) == json.loads(table.schema.metadata[b"jet_scores"])
    assert columns["fate"].tolist() == table["fate"].to_pylist()
    assert columns["file"].tolist() == table["file"].to_pylist()
    assert columns["label"].tolist() == [label or "" for label in table["label"].to_pylist()]
    np.testing.assert_array_equal(columns["entry"], table["entry"].to_numpy())
    is_kept = columns["fate"] == "kept"
    np.testing.assert_array_equal(np.isnan(columns["score_t"]), ~is_kept)
    np.testing.assert_array_equal(columns["score_t"][is_kept], table["score_t"].to_numpy()[is_kept])
    raw = [row or [0] * 5 for row in table["raw_0"].to_pylist()]
    np.testing.assert_array_equal(columns["raw_0"], raw)


def test_a_network_that_says_nothing(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Raw integers and no names: nothing is guessed; `images.yaml` states it, and the file of scores says who did."""
    out, stated = tmp_path / "scores.parquet", tmp_path / "stated.parquet"
    assert emulate(run / "own", run / "20_images", "--out", out) == 0
    assert "the meaning of the network's outputs is not known" in error_output(capsys)
    table = pq.read_table(out)
    assert not [name for name in table.column_names if name.startswith(("score_", "logit_"))]
    assert json.loads(table.schema.metadata[b"jet_scores"])["meaning"] is None
    for model, inputs in ((run / "own", run / "20_images"), (run / "own.h5", run / "20_images")):
        assert emulate(model, inputs, "--images-config", CONFIGURATION, "--out", stated) == 0
        stated_table = pq.read_table(stated)
        assert stated_table["raw_0"] == table["raw_0"]
        about = json.loads(stated_table.schema.metadata[b"jet_scores"])
        assert about["meaning"]["stated_by"] == "user"
        assert about["classes"] == list(CLASSES)
        assert [name for name in stated_table.column_names if name.startswith("score_")] == [
            f"score_{n}" for n in CLASSES
        ]


def test_a_model_file_means_what_stands_beside_it(run: Path, tmp_path: Path) -> None:
    shutil.copy(run / "own.h5", tmp_path / "model.h5")
    meaning().save(tmp_path / MEANING)
    assert emulate(tmp_path / "model.h5", run / "20_images", "--out", tmp_path / "scores.parquet") == 0
    about = json.loads(pq.read_schema(tmp_path / "scores.parquet").metadata[b"jet_scores"])
    assert about["meaning"]["stated_by"] == "training"


def test_no_tensorflow(run: Path, tmp_path: Path) -> None:
    out = tmp_path / "scores.parquet"
    code = (
        "import sys; from pipeline.app import main; code = main(sys.argv[1:]);"
        "print(sorted({'tensorflow', 'keras', 'qkeras', 'hls4ml'} & set(sys.modules))); sys.exit(code)"
    )
    command = [sys.executable, "-c", code, "emulate", run / "40_lowered", run / "20_images", "--out", out]
    process = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert process.returncode == 0, process.stderr
    assert process.stdout.splitlines()[-1] == "[]"
