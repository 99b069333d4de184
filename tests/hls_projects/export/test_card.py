"""The card tells what the manifest holds, and calls no clock met that was never routed."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from data_prep.fixed_point import FixedType
from data_prep.grids.square import SquareGrid
from data_prep.steps.centre import Centre
from data_prep.steps.flip import Flip
from data_prep.store.jet_images import ImageDescription
from hls_projects.before_ports import BeforePorts
from hls_projects.export import licences
from hls_projects.export.card import write_card
from hls_projects.export.manifest import BundleManifest, BundlePort, ProofSummary, Provenance
from hls_projects.export.origin import Quality, TrainingData
from hls_projects.proof.record import LayerProof, Proof
from hls_projects.settings import HlsSettings
from hls_projects.vendor.numbers import HardwareNumbers
from models.files.meaning import Meaning

DATA = TrainingData(
    task="classification",
    origin="simulated jets",
    files={"q_0.root": "0" * 64},
    images="16 × 16 pixels",
    channels=("summed transverse momentum",),
    steps=("centre (on jet_axis)", "flip"),
    selection="",
    classes={"q": "light quark", "t": "hadronic top"},
    samples={"q": {"train": 12345, "validation": 2, "test": 3}, "t": {"train": 4, "validation": 5, "test": 6}},
)
QUALITY = (
    Quality(network="float", measure="macro-AUC", value=0.93125),
    Quality(network="quantized", measure="macro-AUC", value=0.925, error=0.0023),
    Quality(network="quantized", measure="accuracy", value=None),
)
IMAGES = ImageDescription(
    classes=("q", "t"), grid=SquareGrid(pixels=16, half_width=0.8), steps=(Centre(), Flip()), candidates=None
)
MEANING = Meaning.stated(IMAGES, classes=True).model_copy(update={"stated_by": "training", "task": "classification"})
COUNTED = HardwareNumbers(
    design="RTL", tool="yosys", stage="cells counted", latency=12, interval=1, lut=17280, ff=3456, dsp=0, bram=1.5
)
ROUTED = COUNTED.model_copy(
    update={"tool": "Vivado v.2023.2", "stage": "routed", "lut": 34560, "target_period": 2.5, "achieved_period": 2.25}
)
PROOF = Proof(
    status="proven",
    reason="equal",
    vectors={"data": 300, "tie": 50},
    layers=tuple(
        LayerProof(name=name, type="", values=values, mismatches=0)
        for name, values in (("output 0, simulated Verilog", 1750), ("output 0, simulated VHDL", 25))
    ),
)


def _manifest(**changes: Any) -> BundleManifest:
    image = BundlePort(
        name="pixels", shape=(16, 16, 1), type=FixedType(10, 10, False), packing="", vectors="vectors/input_0.txt"
    )
    logits = BundlePort(
        name="logits", shape=(2,), type=FixedType(12, 6), packing="", vectors="vectors/output_0.txt", left_out="softmax"
    )
    meaning, starts = changes.pop("meaning", MEANING), changes.pop("before_ports", None)
    origin: dict[str, Any] = {"training": DATA, "quality": QUALITY, "metrics": None, "git": "abc"} | changes
    hardware = origin.pop("hardware", (COUNTED,))
    provenance = Provenance(configuration={}, sources={"50_hls": "1" * 64}, versions={"python": "3.11"}, **origin)
    return BundleManifest(
        name="tagger",
        hls=HlsSettings(),
        inputs=(image,),
        outputs=(logits,),
        meaning=meaning,
        before_ports=starts,
        proofs={"65_rtl.json": ProofSummary.of(PROOF)},
        hardware=hardware,
        vectors=(),
        provenance=provenance,
        files={},
    )


def _card(tmp_path: Path, **changes: Any) -> str:
    write_card(_manifest(**changes), tmp_path)
    text = (tmp_path / "MODEL_CARD.md").read_text()
    # Every table has the same number of columns in every row, and nothing was left unfilled.
    for table in re.findall(r"(?:^\|.*\n)+", text, flags=re.M):
        assert len({row.count("|") for row in table.splitlines()}) == 1, table
    assert not re.search(r"None|Undefined|\{\{|\}\}", text)
    return text


def test_what_it_tells(tmp_path: Path) -> None:
    text = _card(tmp_path)
    assert "for classification of jets (light quark, hadronic top), as firmware for the xcvu13p-flga2577-2-e." in text
    assert "| takes | `pixels`: 16 × 16 × 1 of `ap_ufixed<10,10,AP_TRN,AP_WRAP>` |" in text
    gives = "2 of `ap_fixed<12,6,AP_TRN,AP_WRAP>`, before the softmax; one per class, in the order q, t |"
    assert f"| gives | `logits`: {gives}" in text
    assert "| q: light quark | 12,345 | 2 | 3 |" in text
    assert "| float | 0.9313 | – |" in text
    assert "| quantized | 0.9250 ± 0.0023 | – |" in text
    assert "statistical errors" in text
    assert "|  | outputs, simulated VHDL |  | 25 |  |" in text
    assert "| proof | RTL: 1,775 integers on 350 vectors, 0 differ |" in text


def test_what_inputs_and_outputs_are(tmp_path: Path) -> None:
    text = _card(tmp_path)
    assert "As stated by its training" in text
    for row in ("| `grid.half_width` | 0.8 |", "| `steps` | centre, flip |", "| unit of each channel | GeV |"):
        assert row in text
    assert "- Output 0 is one number per class, in this order: q, t." in text
    numbers = _card(tmp_path, meaning=Meaning.stated(IMAGES, classes=False))
    assert "As stated by the user who supplied the model" in numbers
    assert "- The outputs are not classes." in numbers
    assert "one per class" not in numbers
    nothing = _card(tmp_path, meaning=None, training=None)
    assert "Not known: the model was supplied without a description of them." in nothing


STARTS = BeforePorts.of(IMAGES, builder_inside=False)


def test_where_the_firmware_starts(tmp_path: Path) -> None:
    """Wherever a latency or a size stands, it is said whether making the image is in it."""
    text = _card(tmp_path, before_ports=STARTS)
    alone = "network alone, no firmware makes its image"
    told = "| starts from | The firmware starts from the finished image and is the network alone: its 12 clocks and"
    assert told in text
    assert f"a new input every clock (RTL; {alone}) |" in text
    assert f"cells counted (yosys; {alone})" in text
    assert f"latency of 30.0 ns ({alone})" in text
    assert f"Every latency and size below: {alone}." in text
    assert "- The image has to be made upstream of the design: centre, flip, sum into pixels. **No firmware" in text
    assert f"latency 27.0 ns, {alone} |" in _card(tmp_path, before_ports=STARTS, hardware=(COUNTED, ROUTED))
    inside = BeforePorts.of(IMAGES, builder_inside=True)
    whole = _card(tmp_path, before_ports=inside)
    assert "its 12 clocks and its size include making the image" in whole
    assert "(RTL; with the image builder)" in whole
    assert "has to be made upstream" not in whole
    assert "alone" not in _card(tmp_path)


def test_where_the_firmware_starts_is_data_too(tmp_path: Path) -> None:
    manifest = _manifest(before_ports=STARTS)
    content = json.loads(manifest.model_dump_json())["before_ports"]
    assert content == {
        "builder_inside": False,
        "candidates": None,
        "steps": ["centre", "flip", "sum into pixels"],
        "not_by_firmware": ["flip"],
    }


def test_a_clock_that_was_never_routed_is_no_promise(tmp_path: Path) -> None:
    text = _card(tmp_path)
    # DS890: a VU13P has 1,728,000 LUTs and 3,456,000 flip-flops.
    assert "| size | 17,280 (1.0 %) LUT, 3,456 (0.1 %) FF, 0 DSP, 1.5 BRAM: cells counted (yosys); percentages" in text
    assert "2.5 ns requested, which would be a latency of 30.0 ns; **not known to be met" in text
    assert "- No timing closure" in text
    routed = _card(tmp_path, hardware=(COUNTED, ROUTED))
    assert "| clock | 2.25 ns achieved after routing, 2.5 ns requested: latency 27.0 ns |" in routed
    assert "34,560 (2.0 %) LUT" in routed
    assert "No timing closure" not in routed
    assert routed.count("| RTL | ") == 3
    for slack in ({"achieved_period": 2.673}, {"hold_slack": -0.01}):
        missed = _card(tmp_path, hardware=(ROUTED.model_copy(update=slack),))
        assert "2.5 ns requested: **timing is not met**" in missed


def test_a_part_that_no_tool_proved_is_said(tmp_path: Path) -> None:
    (tmp_path / "emp").mkdir()
    assert "**the EMP payload, which was not run because its tool was not installed**" in _card(tmp_path)
    (tmp_path / "emp").rmdir()
    assert "not run" not in _card(tmp_path)


def test_a_model_that_was_brought(tmp_path: Path) -> None:
    text = _card(tmp_path, training=None, quality=(), hardware=())
    assert "its training data are not known here" in text
    assert "Not measured here." in text
    assert "| size |" not in text


@pytest.mark.parametrize(("git", "said"), [("abc", False), ("abc-dirty", True), ("unknown", True)])
def test_code_that_no_commit_holds(tmp_path: Path, git: str, said: bool) -> None:
    assert ("cannot be made again from a commit" in _card(tmp_path, git=git)) == said


def test_licences_of_what_is_there(tmp_path: Path) -> None:
    for name in ("hls/firmware/ap_types/ap_int.h", "hls/build_prj.tcl", "rtl/vhdl/mux.vhd", "vectors/input_0.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    licences.write(tmp_path)
    texts = {licence.text: licence.licence for licence in licences.notes(tmp_path)}
    assert texts["licences/hls4ml.txt"] == "Apache-2.0"
    assert texts["licences/alkaid.txt"] == "LGPL-3.0-or-later"
    assert texts["licences/Apache-2.0.txt"] == "Apache-2.0"
    assert all((tmp_path / text).is_file() for text in texts)
    assert "Apache License" in (tmp_path / "licences" / "hls4ml.txt").read_text()
    assert "GNU LESSER GENERAL PUBLIC LICENSE" in (tmp_path / "licences" / "alkaid.txt").read_text()
    (tmp_path / "rtl" / "vhdl" / "mux.vhd").unlink()
    assert "licences/alkaid.txt" not in {licence.text for licence in licences.notes(tmp_path)}
