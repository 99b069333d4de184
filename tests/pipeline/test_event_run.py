"""Event images through all stages to the report, as `make RUN=panoptic` takes them, on few small events."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from data_prep.digits import with_error
from data_prep.generate.settings import EventSettings
from data_prep.store.event_images import open_event_dataset
from models.events.maps import heads
from models.events.settings import EventModelSettings
from pipeline.app import main
from pipeline.artefacts.artefact import artefact
from pipeline.configuration import load
from tests.data_prep.event_files import event_columns, write_event_file
from tests.pipeline.report.browser import CHROMIUM, require_fitting

ROOT = Path(__file__).parents[2]
EVENTS, CSIM = 60, 3

pytestmark = [pytest.mark.slow, pytest.mark.skipif(shutil.which("g++") is None, reason="g++ not found")]

SMALL: dict[str, dict[str, Any]] = {
    "images": {"grid": {"kind": "towers", "rows": 16, "columns": 24, "wrap": 2}},
    "train": {
        "float_training": {"epochs": 1, "learning_rate": 0.01},
        "quantized_training": {"epochs": 1, "learning_rate": 0.01},
    },
    "hardware": {"csim": {"vectors": CSIM, "random_vectors": 4, "batch": 3}, "export": {"test_jets": 4}},
}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The artefacts of a run through all stages."""
    folder = tmp_path_factory.mktemp("events")
    c, b = folder / "configs", folder / "panoptic"
    shutil.copytree(ROOT / "configs" / "panoptic", c)
    shutil.copy(ROOT / "configs" / "segmentation" / "generate.yaml", c)
    for name, changes in SMALL.items():
        content = yaml.safe_load((c / f"{name}.yaml").read_text())
        (c / f"{name}.yaml").write_text(yaml.safe_dump(content | changes))
    model = yaml.safe_load((c / "model.yaml").read_text())
    model["unet"]["widths"] = [3, 4]
    model["segmentation"] |= {"cone": 0.3, "thresholds": [1.0], "pt_edges": [50, 150, 300]}
    model["detection"] |= {"window": 2, "pt_min": 50}
    (c / "model.yaml").write_text(yaml.safe_dump(model))
    b.mkdir()
    simulated = load(c / "generate.yaml", EventSettings)
    with artefact(b / "10_root", "generate", settings={"generate": simulated}) as space:
        write_event_file(space.path / "events.root", event_columns(EVENTS))
    hardware, images = f"--config={c}/hardware.yaml", f"--images={b}/20_images"
    stages: dict[str, list[str]] = {
        "images": [f"--config={c}/images.yaml", f"{b}/10_root", f"--out={b}/20_images"],
        "train": [
            f"--config={c}/train.yaml",
            f"--model-config={c}/model.yaml",
            f"{b}/20_images",
            f"--out={b}/30_model",
        ],
        "lower": [f"--model={b}/30_model/model.h5", f"--out={b}/40_lowered"],
        "convert": [hardware, images, f"{b}/40_lowered", f"--out={b}/50_hls"],
        "csim": [hardware, f"--lowered={b}/40_lowered", images, f"{b}/50_hls", f"--out={b}/60_csim.json"],
        "rtl": [hardware, f"--csim={b}/60_csim.json", images, f"{b}/40_lowered", f"--out={b}/65_rtl"],
        "export": [
            *(hardware, f"--lowered={b}/40_lowered", f"--csim={b}/60_csim.json", f"--rtl={b}/65_rtl"),
            *(images, f"{b}/50_hls", f"--out={b}/70_export"),
        ],
        "report": [str(b), f"--out={b}/80_report"],
    }
    for stage, arguments in stages.items():
        assert main([stage, *arguments]) == 0, f"{stage} failed"
    return b


def test_some_vectors_in_hls_and_the_whole_test_set_in_the_fast_emulator(run: Path) -> None:
    proof = json.loads((run / "60_csim.json").read_text())
    test = open_event_dataset(run / "20_images").split("test")
    assert (proof["status"], proof["mismatches"]) == ("proven", 0)
    assert proof["vectors"] == dict.fromkeys(("data", "extreme", "beyond", "tie", "random"), CSIM)
    assert proof["available"] == {"data": test.rows, "extreme": 263, "beyond": 256, "tie": 256, "random": 4}
    values = {layer["name"]: layer["values"] for layer in proof["layers"]}
    for number, channels in enumerate(heads("panoptic").values()):
        towers = 16 * 28 * channels
        assert values[f"output {number} of the trained model"] == 5 * CSIM * towers
        assert values[f"output {number}, fast emulator"] == CSIM * towers
        assert (
            values[f"output {number} of the trained model, fast emulator on the whole test set"] == test.rows * towers
        )
    emulated = np.load(run / "60_csim.npz")
    assert [emulated[f"raw_{i}"].shape for i in range(4)] == [
        (test.rows, 16, 28, channels) for channels in heads("panoptic").values()
    ]


def test_the_list_of_jets_is_proven_and_its_test_bench_says_so(run: Path, tmp_path: Path) -> None:
    """From images to records of jets, in `csim` and by the line of the bundle's README; a wrong integer is named."""
    proof = json.loads((run / "60_csim.json").read_text())
    (jets,) = (layer for layer in proof["layers"] if layer["name"] == "list of jets")
    assert (jets["values"], jets["mismatches"]) == (5 * CSIM * 8 * 11, 0)
    bundle = run / "70_export" / "event_panoptic"
    lines = (bundle / "README.md").read_text().splitlines()
    command = next(line for line in lines if line.startswith("g++") and "_jets_test.cpp" in line)
    work = Path(shutil.copytree(bundle / "hls", tmp_path / "hls"))
    subprocess.run(command, shell=True, cwd=work, check=True)  # noqa: S602 - the README's own line
    process = subprocess.run(["./jets"], cwd=work, check=True, capture_output=True, text=True)
    expected = work / "tb_data" / "tb_jets.dat"
    lines = expected.read_text().splitlines()
    assert f"{len(lines)} of {len(lines)} events give" in process.stdout
    lines[2] = " ".join(["1", *lines[2].split()[1:-1], "7"])
    expected.write_text("\n".join(lines) + "\n")
    process = subprocess.run(["./jets"], cwd=work, check=False, capture_output=True, text=True)
    assert (process.returncode, process.stderr) == (1, "event 2 is the first that differs\n")


def test_no_rtl_is_said_and_no_pass(run: Path) -> None:
    proof = json.loads((run / "65_rtl.json").read_text())
    assert proof["status"] == "not run"
    assert "rtl.form: none" in proof["reason"]


@pytest.mark.skipif(CHROMIUM is None, reason="chromium not found")
def test_the_report_fits_the_screen(run: Path, tmp_path: Path) -> None:
    require_fitting((run / "80_report" / "index.html").read_text(encoding="utf-8"), tmp_path)


def test_the_report_shows_events_and_tasks(run: Path) -> None:
    page = (run / "80_report" / "index.html").read_text(encoding="utf-8")
    text = " ".join(re.sub(r"<(style|svg).*?</\1>|<[^>]+>", " ", page, flags=re.DOTALL).split())
    assert "panoptic: panoptic segmentation of events, proven bit-exact" in text
    for section in ("events", "displays", "segmentation", "training", "hardware", "arithmetic"):
        assert f'<section id="{section}"' in page
    for section in ("images", "performance"):
        assert f'<section id="{section}"' not in page
    assert "Not shown" not in text
    assert page.count('aria-label="Test event ') == 3
    assert "16 × 24 towers of 0.087 × 0.262" in text
    assert "with a mean of 140 pileup collisions each" in text
    assert "140 collisions besides the hard one on average" in (
        next((run / "70_export").glob("*/MODEL_CARD.md")).read_text(encoding="utf-8")
    )
    assert f"The {EVENTS} events have on average" in text
    assert "the numbers of the quantized network below are those of the firmware" in text
    metrics = json.loads((run / "30_model" / "metrics.json").read_text())
    segmented = metrics["segmentation"]["model"]
    assert str(with_error(segmented["mean_iou"], segmented["errors"]["mean_iou"])) in text
    assert "quantized U-Net: towers weighted by its probability" in text
    for method in ("area subtraction", "energy of the hard collision alone", "PUPPI above", "anti-kT, track kernel"):
        assert method in text
    assert "Fakes at equal efficiency" in text
    assert "fakes at 0.95" in text
    for words in (
        "quantized instead of float numbers: mean IoU",
        "quantized instead of float numbers: PQ of any jet",
        "The quantized network minus each other method. Differences are taken on the same replicas",
        "A difference below two standard deviations counts as no difference seen",
        "the best method without training on validation events",
    ):
        assert words in text
    for part in ("segmentation", "mitigation", "detection", "panoptic"):
        pairs = metrics[f"{part}_differences"]["pairs"]
        assert {"method": "float_unet", "reference": "model"}.items() <= pairs[0].items() or part == "mitigation"
    assert "0.696. For every method" in text  # where the small image ends
    settings = json.loads((run / "30_model.manifest.json").read_text())["configuration"]["model"]
    assert EventModelSettings.model_validate(settings).task == "panoptic"
