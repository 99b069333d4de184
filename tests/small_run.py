"""A run that goes through all stages in a minute: the demonstration with fewer jets, epochs, filters and vectors."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml


def shrink(configuration: Path) -> None:
    """Fewer jets, epochs and vectors than the demonstration."""

    def change(name: str, edit: Any) -> None:
        path = configuration / f"{name}.yaml"
        content = yaml.safe_load(path.read_text())
        edit(content)
        path.write_text(yaml.safe_dump(content))

    change("generate", lambda c: c.update(jets_per_class=120, shard_size=60, incomplete=True))
    change("train", lambda c: (c["float_training"].update(epochs=2), c["quantized_training"].update(epochs=1)))
    change("model", lambda c: [block.update(filters=2) for block in c["blocks"]] + [c["dense"][0].update(units=4)])
    change("hardware", lambda c: c["csim"].update(random_vectors=100))
    # The demonstration synthesises; its own test is tests/hls_projects/rtl/synthesis/test_synthesis.py.
    change("hardware", lambda c: c.update(rtl={"variants": [{}], "synthesis_seconds": 0, "vhdl_vectors": 10}))


def commands(run: Path) -> dict[str, list[str]]:
    """The stages' command lines, as in the Makefile."""
    c, b = run / "configs", run / "build"
    return {
        "generate": ["--config", f"{c}/generate.yaml", "--out", f"{b}/10_root"],
        "images": ["--config", f"{c}/images.yaml", f"{b}/10_root", "--out", f"{b}/20_images"],
        "train": [
            *("--config", f"{c}/train.yaml", "--model-config", f"{c}/model.yaml"),
            *(f"{b}/20_images", "--out", f"{b}/30_model"),
        ],
        "lower": ["--model", f"{b}/30_model/model.h5", "--out", f"{b}/40_lowered"],
        "convert": ["--config", f"{c}/hardware.yaml", f"{b}/40_lowered", "--out", f"{b}/50_hls"],
        "csim": [
            *("--config", f"{c}/hardware.yaml", "--lowered", f"{b}/40_lowered", "--images", f"{b}/20_images"),
            *(f"{b}/50_hls", "--out", f"{b}/60_csim.json"),
        ],
        "rtl": [
            *("--config", f"{c}/hardware.yaml", "--csim", f"{b}/60_csim.json", "--images", f"{b}/20_images"),
            *(f"{b}/40_lowered", "--out", f"{b}/65_rtl"),
        ],
        "export": [
            *("--config", f"{c}/hardware.yaml", "--lowered", f"{b}/40_lowered", "--csim", f"{b}/60_csim.json"),
            *("--rtl", f"{b}/65_rtl", "--images", f"{b}/20_images", f"{b}/50_hls", "--out", f"{b}/70_export"),
        ],
        "report": [str(b), "--out", f"{b}/80_report"],
    }
