"""A search of seconds: its configuration files, mock jets, and the command."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from benchmarks.mock import mock_jets, write_mock_file

WIDTH = {"bits": 5, "integer": 0}
BLOCK: dict[str, Any] = {"filters": 2, "convolution": "full", "stride": 2, "pooling": 1}
BLOCK |= {"pointwise": WIDTH, "bias": WIDTH, "activation": {"bits": 4, "integer": 6}}
PHASE = {"epochs": 1, "learning_rate": 0.02}
FILES: dict[str, Any] = {
    "images": {
        "classes": [{"name": "q", "label": "label_QCD"}, {"name": "t", "label": "label_Tbqq"}],
        "grid": {"pixels": 8, "half_width": 0.8},
        "steps": [{"step": "centre"}],
        "split": {"train": 0.5, "validation": 0.2, "test": 0.3},
    },
    "model": {
        "input": {"bits": 6, "integer": 10},
        "pixel_scale": 5,
        "blocks": [BLOCK],
        "output": {"weights": WIDTH, "bias": WIDTH},
    },
    "train": {"seed": 1, "batch": 64, "float_training": PHASE, "quantized_training": PHASE},
    "hardware": {"name": "found", "rtl": {"variants": [{"ternary": False}, {"saturation": "compare"}]}},
    "search": {
        "budget": {"trials": 2},
        "population": 2,
        "constraints": {"lut": 20000, "clocks": 20},
        "training": {"jets": 150, "validation_jets": 90, "batch": 16, "float_epochs": 1, "epochs": 1},
        "confirm": {"points": 1},
        "space": {"model.blocks.0.filters": [1, 2, 3], "model.blocks.0.pointwise.bits": {"from": 4, "to": 6}},
    },
}


def prepare(tmp_path: Path) -> list[str]:
    """Write files and jets into a folder; returns the arguments of the command."""
    configs = tmp_path / "configs" / "mine"
    configs.mkdir(parents=True)
    for name, seed in (("q", 1), ("t", 2)):
        write_mock_file(tmp_path / f"{name}.root", mock_jets(name, 200, seed=seed))
    for name, content in FILES.items():
        (configs / f"{name}.yaml").write_text(json.dumps(content, indent=1))
    (configs / "sample").write_text("theirs\n")
    files = [f"--{name}-config={configs}/{name}.yaml" for name in ("images", "model", "train", "hardware")]
    jets = [f"{tmp_path}/q.root", f"{tmp_path}/t.root"]
    return ["search", f"--config={configs}/search.yaml", *files, *jets, f"--out={tmp_path}/28_search", "--workers=1"]


def change_file(file: Path, **change: Any) -> None:
    """Other values in a configuration file."""
    file.write_text(json.dumps(json.loads(file.read_text()) | change, indent=1))
