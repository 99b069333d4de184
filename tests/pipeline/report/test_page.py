"""The page: what it shows, and that it is sound HTML on its own."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from html import unescape
from pathlib import Path

import numpy as np

from data_prep.digits import with_error
from models.metrics.taggers import Rejection
from pipeline.report.page import SECTIONS, page
from pipeline.report.run_folder import RunFolder
from pipeline.report.section import rejection
from tests.pipeline.report.conftest import CLASSES
from tests.pipeline.report.reader import Reader, read
from tests.sealed import made_again, run_made_again

Prove = Callable[[Path, dict[str, object]], None]
NOT_RUN = ("Not proven: the comparison was not run", "g++ not found")


def test_it_is_sound_and_stands_alone(run: Path) -> None:
    text = page(RunFolder(run))
    reader = Reader(text)
    assert text.startswith("<!DOCTYPE html>\n<html lang=")
    assert "<title>made_up: jet tagger, proven bit-exact</title>" in text
    assert reader.tags.count("h1") == 1
    assert len(reader.ids) == len(set(reader.ids))
    assert not {"script", "link", "iframe", "object", "embed", "img"} & set(reader.tags)
    assert reader.links
    assert all(link.startswith(("#", "data:image/png;base64,")) for link in reader.links)
    assert "://" not in re.sub(r"base64,[A-Za-z0-9+/=\s]+", "", text)
    assert {link[1:] for link in reader.links if link.startswith("#")} <= set(reader.ids)
    assert {section.name for section in SECTIONS if section.shown(RunFolder(run))} <= set(reader.ids)
    assert len(reader.figures) == 9
    assert all(figure["role"] == "img" and figure["aria-label"] for figure in reader.figures)


def test_what_it_shows(run: Path, quick: None) -> None:
    text = read(run).text
    assert "Proven bit-exact" in text
    assert "all 27,300 integers of every layer are equal on 350 test vectors" in text
    assert "Not shown" not in text
    assert "Not proven" not in text
    # every layer with its types and interval
    for shown in ("pixels_port", "ap_ufixed<8,0, AP_RND_CONV, AP_SAT>", "[0, 0.996094]"):
        assert shown in text
    for shown in ("ap_fixed<17,4>", "ap_fixed<6,1>", "ap_fixed<18,5>", "[−5.97656, 2.25]", "ap_fixed<12,5>", "12,600"):
        assert shown in text
    for shown in ("ap_fixed<7,2>", "ap_fixed<19,9>", "[−14.5, 15.75]", "output 0 of the trained model"):
        assert shown in text
    # cutflow: 2,710 = 2,700 + 4 + 6
    for shown in ("read 2,710", "kept 2,700", "dropped: no constituents 4", "dropped: NaN or infinite momentum 6"):
        assert shown in text
    assert "do not add up" not in text
    # arithmetic: the published 45,630 and 9,633, whose ratio is 4.737
    for shown in ("45,630", "9,633", "4.7 times fewer multiplications", "12,345"):
        assert shown in text
    assert "light quark" in text
    assert "made_up_design" in text
    assert json.loads((run / "70_export.manifest.json").read_text())["outputs"]["made_up_design.tar.gz"] in text
    assert "tensorflow-cpu" in text


def test_the_emulated_design_stands_beside_the_others(run: Path, quick: None) -> None:
    text = read(run).text
    assert "The emulated scores equal those of the quantized network on all 300 test jets." in text
    titles = "float, standard convolution|quantized, HLS emulation|boosted trees on observables"
    rows = re.findall(rf"({titles}) ([01]\.\d{{4}})", text)
    assert ("float, standard convolution", "1.0000") in rows
    assert ("boosted trees on observables", "0.5000") in rows
    metrics = json.loads((run / "30_model" / "metrics.json").read_text())
    emulated, errors = metrics["model"]["macro_auc"], metrics["uncertainty"]
    assert f"quantized, HLS emulation {with_error(emulated, errors['taggers']['model']['macro_auc'])}" in text
    assert "The network is better than boosted trees on hand-made observables" in text
    assert "Background rejection against q alone" in text


def test_numbers_have_errors_and_what_they_do_not_hold_is_said(run: Path, quick: None) -> None:
    text = read(run).text
    metrics = json.loads((run / "30_model" / "metrics.json").read_text())
    errors = metrics["uncertainty"]["taggers"]["model"]
    assert str(with_error(metrics["model"]["accuracy"], errors["accuracy"])) in text
    for name in CLASSES:
        shown = rejection(Rejection(**metrics["model"]["rejection"]["0.5"][name]), errors["rejection"]["0.5"][name])
        assert str(shown) in text
    assert "one standard deviation over 20 bootstrap replicas of the test jets" in text
    assert "the spread between trainings of the same network" in text
    # both are the same scores in this run
    assert "quantized instead of float numbers: macro-AUC 0.0000, no difference seen" in text


def test_a_difference_within_two_errors_is_none(run: Path, quick: None) -> None:
    metrics = json.loads((run / "30_model" / "metrics.json").read_text())
    for difference in metrics["uncertainty"]["differences"]:
        if {difference["tagger"], difference["reference"]} == {"model", "trees"}:
            difference["macro_auc"] = {"value": 0.0030, "error": 0.0017}
        if (difference["tagger"], difference["reference"]) == ("float_standard", "float_separable"):
            difference["macro_auc"] = {"value": 0.0040, "error": 0.0017}
    (run / "30_model" / "metrics.json").write_text(json.dumps(metrics))
    run_made_again(run)
    text = read(run).text
    assert "No difference seen between the network and boosted trees on hand-made observables" in text
    assert "difference 0.0030 ± 0.0017 on the same jets" in text
    assert "separable instead of standard convolutions: macro-AUC −0.0040 ± 0.0017 " in text
    assert "standard convolutions: macro-AUC −0.0040 ± 0.0017, no" not in text


def test_a_training_without_errors_is_shown_without(run: Path, quick: None) -> None:
    metrics = json.loads((run / "30_model" / "metrics.json").read_text())
    del metrics["uncertainty"]
    (run / "30_model" / "metrics.json").write_text(json.dumps(metrics))
    run_made_again(run)
    text = read(run).text
    assert "float, standard convolution 1.0000" in text
    assert "bootstrap" not in text
    assert "no difference seen" not in text


def test_trees_that_are_not_beaten_are_said_so(run: Path, quick: None) -> None:
    metrics = json.loads((run / "30_model" / "metrics.json").read_text())
    metrics["trees"]["macro_auc"] = 0.9999
    of_trees = [
        difference
        for difference in metrics["uncertainty"]["differences"]
        if "trees" in (difference["tagger"], difference["reference"])
    ]
    for difference in of_trees:
        difference["macro_auc"] = {"value": -0.2 if difference["reference"] == "trees" else 0.2, "error": 0.01}
    (run / "30_model" / "metrics.json").write_text(json.dumps(metrics))
    run_made_again(run)
    text = read(run).text
    assert "The network is not better than boosted trees on hand-made observables" in text
    assert "difference −0.200 ± 0.010 on the same jets" in text


def test_emulated_scores_that_differ_are_said_so(run: Path, quick: None) -> None:
    with np.load(run / "60_csim.npz") as arrays:
        changed = dict(arrays)
    changed["raw_0"][:2] += [[99, 0, 0]]
    np.savez(run / "60_csim.npz", **changed)
    made_again(run / "60_csim.json")
    assert "The emulated scores differ from those written by the training on 2 of 300 test jets" in read(run).text


def test_emulated_scores_of_other_jets_are_not_shown(run: Path, quick: None) -> None:
    with np.load(run / "60_csim.npz") as arrays:
        changed = dict(arrays)
    changed["label"] = changed["label"][::-1]
    np.savez(run / "60_csim.npz", **changed)
    made_again(run / "60_csim.json")
    text = read(run).text
    assert "it was emulated on other test jets" in text
    assert "quantized, HLS emulation" not in text


def test_the_same_artefacts_give_the_same_bytes(run: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(run, tmp_path / "elsewhere" / "made_up")
    assert page(RunFolder(run)) == page(RunFolder(copy))


def test_a_figure_that_runs_code_is_not_taken_in(run: Path, quick: None) -> None:
    plot = run / "20_images" / "plots" / "mass.svg"
    plot.write_text(plot.read_text().replace("</svg>", "<script>alert(1)</script></svg>"))
    run_made_again(run)
    text = page(RunFolder(run))
    assert "alert(1)" not in text
    assert "contains <script>, which no plot needs" in unescape(text)


def test_names_are_text_not_markup(run: Path, quick: None) -> None:
    evil = "<script>alert(1)</script>"
    for file in ("30_model/metrics.json", "20_images/cutflow.json"):
        path = run / file
        path.write_text(path.read_text().replace('"w"', json.dumps(evil)))
    run_made_again(run)
    reader = read(run)
    assert "script" not in reader.tags
    assert evil in reader.text


def test_a_cutflow_that_loses_jets_is_seen(run: Path, quick: None) -> None:
    path = run / "20_images" / "cutflow.json"
    path.write_text(path.read_text().replace("2710", "2711"))
    run_made_again(run)
    assert "The numbers do not add up" in read(run).text
